import Kernels
import SystemPackage

/// What turns gradients into a step, with the memory that it keeps between steps.
package protocol Optimizer: AnyObject {
  /// One step; weight decay where the layout says so. The gradients are zeros afterwards.
  ///
  /// - step: counted from 1.
  /// - gradientScale: what gradients are multiplied with first; clipping's factor.
  func update(
    _ parameters: ParameterStore, gradients: ParameterStore, step: Int, learningRate: Double, gradientScale: Float, on team: ThreadTeam)

  /// The tensors that going on to the same bits needs, named as PyTorch's optimiser of the kind names them.
  var state: [SafetensorsWriter.Tensor] { get }
  /// Reads what `state` was written as.
  func read(_ file: SafetensorsFile) throws(ModelError)
}

extension Optimizer {
  package func save(to path: FilePath) throws(ModelError) { try SafetensorsWriter.write(state, to: path) }
  package func load(from path: FilePath) throws(ModelError) { try read(SafetensorsFile(path)) }
}

/// AdamW: two moments a number.
package final class AdamWOptimizer: Optimizer {
  package let settings: AdamW
  package let first: ParameterStore
  package let second: ParameterStore

  package init(_ settings: AdamW, for layout: ParameterLayout) throws(ModelError) {
    self.settings = settings
    first = try ParameterStore(layout)
    second = try ParameterStore(layout)
  }

  package func update(
    _ parameters: ParameterStore, gradients: ParameterStore, step: Int, learningRate: Double, gradientScale: Float, on team: ThreadTeam
  ) {
    parameters.update(
      settings, gradients: gradients, firstMoment: first, secondMoment: second, step: step, learningRate: learningRate,
      gradientScale: gradientScale, on: team)
  }

  package var state: [SafetensorsWriter.Tensor] { first.tensors(prefix: "exp_avg.") + second.tensors(prefix: "exp_avg_sq.") }

  package func read(_ file: SafetensorsFile) throws(ModelError) {
    try first.read(from: file, prefix: "exp_avg.")
    try second.read(from: file, prefix: "exp_avg_sq.")
  }
}

/// Lion: one moment a number, half of AdamW's memory.
package final class LionOptimizer: Optimizer {
  package let settings: Lion
  package let moment: ParameterStore

  package init(_ settings: Lion, for layout: ParameterLayout) throws(ModelError) {
    self.settings = settings
    moment = try ParameterStore(layout)
  }

  package func update(
    _ parameters: ParameterStore, gradients: ParameterStore, step: Int, learningRate: Double, gradientScale: Float, on team: ThreadTeam
  ) {
    defer { parameters.hasChanged() }
    for run in parameters.layout.decayRuns {
      let at = run.range.lowerBound
      settings.update(
        parameters.base + at, gradients: gradients.base + at, moment: moment.base + at, count: run.range.count, learningRate: learningRate,
        gradientScale: gradientScale, decays: run.decays, on: team)
    }
  }

  package var state: [SafetensorsWriter.Tensor] { moment.tensors(prefix: "exp_avg.") }
  package func read(_ file: SafetensorsFile) throws(ModelError) { try moment.read(from: file, prefix: "exp_avg.") }
}

/// Adafactor: R + C numbers for a matrix of R · C.
package final class AdafactorOptimizer: Optimizer {
  package let settings: Adafactor
  package let moments: ParameterStore

  package init(_ settings: Adafactor, for layout: ParameterLayout) throws(ModelError) {
    self.settings = settings
    moments = try ParameterStore(Self.layout(for: layout))
  }

  /// The moments of tensors that are laid out so.
  package static func layout(for layout: ParameterLayout) -> ParameterLayout {
    var own = ParameterLayout()
    for tensor in layout.tensors {
      let (rows, columns) = Self.shape(tensor)
      if rows > 1 {
        _ = own.add("exp_avg_sq_row.\(tensor.name)", [rows], .zeros)
        _ = own.add("exp_avg_sq_col.\(tensor.name)", [columns], .zeros)
      } else {
        _ = own.add("exp_avg_sq.\(tensor.name)", tensor.shape, .zeros)
      }
    }
    return own
  }

  /// A tensor of more than two dimensions, which no architecture here has, would be taken for a matrix of its last.
  private static func shape(_ tensor: ParameterLayout.Tensor) -> (rows: Int, columns: Int) {
    guard tensor.shape.count > 1, let columns = tensor.shape.last, columns > 0 else { return (1, tensor.count) }
    return (tensor.count / columns, columns)
  }

  package func update(
    _ parameters: ParameterStore, gradients: ParameterStore, step: Int, learningRate: Double, gradientScale: Float, on team: ThreadTeam
  ) {
    defer { parameters.hasChanged() }
    for tensor in parameters.layout.tensors {
      let (rows, columns) = Self.shape(tensor), name = tensor.name
      guard let column = moments[rows > 1 ? "exp_avg_sq_col.\(name)" : "exp_avg_sq.\(name)"]?.baseAddress else { continue }
      settings.update(
        Adafactor.Tensor(
          parameters: parameters.base + tensor.offset, gradients: gradients.base + tensor.offset, rows: rows, columns: columns,
          rowMoment: rows > 1 ? moments["exp_avg_sq_row.\(name)"]?.baseAddress : nil, columnMoment: column, decays: tensor.decays),
        step: step, learningRate: learningRate, gradientScale: gradientScale, on: team)
    }
  }

  package var state: [SafetensorsWriter.Tensor] { moments.tensors }
  package func read(_ file: SafetensorsFile) throws(ModelError) { try moments.read(from: file) }
}
