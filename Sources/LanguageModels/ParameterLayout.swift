import Kernels

/// Which tensors a model has and where each lies in an arena of floats. Parameters, gradients and moments have one layout, so that
/// an offset is good for all of them.
package struct ParameterLayout: Sendable {
  package struct Tensor: Sendable, Equatable {
    /// As in the safetensors file of transformers.
    package let name: String
    package let shape: [Int]
    /// In floats.
    package let offset: Int
    package let initialization: Initialization
    /// Whether weight decay applies: see `decays(_:)`.
    package let decays: Bool

    package var count: Int { shape.reduce(1, *) }
  }

  /// What a new model's tensor is filled with.
  package enum Initialization: Sendable, Equatable {
    case zeros
    case ones
    /// Normal of mean 0; the row of a padding token stays 0.
    case normal(deviation: Double, zeroRow: Int? = nil)
    /// Uniform between -bound and bound.
    case uniform(bound: Double)
  }

  package private(set) var tensors: [Tensor] = []
  /// Floats of the arena, the gaps between groups included.
  package private(set) var count = 0
  private var indices: [String: Int] = [:]
  /// The model's linear layers, in the order in which they were laid out, the head not among them.
  package private(set) var projections: [Projection] = []

  package init() {}

  /// Lays tensors close behind one another, the first on a 64-byte boundary, and returns the offset of the first: matrices that
  /// have the same input make one matrix for one product.
  package mutating func add(_ group: [(name: String, shape: [Int], initialization: Initialization)]) -> Int {
    let start = (count + 15) / 16 * 16
    count = start
    for (name, shape, initialization) in group {
      indices[name] = tensors.count
      tensors.append(
        Tensor(name: name, shape: shape, offset: count, initialization: initialization, decays: Self.decays(name)))
      count += shape.reduce(1, *)
    }
    return start
  }

  package mutating func add(_ name: String, _ shape: [Int], _ initialization: Initialization) -> Int {
    add([(name, shape, initialization)])
  }

  /// Adds linear layers that read the same input, close behind one another: their weights make one matrix, their biases one vector.
  /// With `inputsByOutputs` there is one.
  package mutating func addProjection(
    _ parts: [(name: String, outputs: Int)], inputs: Int, bias: Bool, layout: Linear.WeightLayout = .outputsByInputs,
    initialization: Initialization
  ) -> Projection {
    precondition(layout == .outputsByInputs || parts.count == 1, "matrices of rows of outputs do not lie side by side")
    let weight = add(
      parts.map { ("\($0.name).weight", layout == .outputsByInputs ? [$0.outputs, inputs] : [inputs, $0.outputs], initialization) })
    let biases = bias ? add(parts.map { ("\($0.name).bias", [$0.outputs], .zeros) }) : nil
    var outputs = 0
    let modules = parts.map { part in
      defer { outputs += part.outputs }
      return Projection.Module(name: part.name, outputs: outputs..<outputs + part.outputs)
    }
    let projection = Projection(
      index: projections.count, linear: Linear(inputs: inputs, outputs: outputs, layout: layout, weight: weight, bias: biases),
      modules: modules)
    projections.append(projection)
    return projection
  }

  package subscript(name: String) -> Tensor? { indices[name].map { tensors[$0] } }

  /// Numbers that are learned, without the gaps.
  package var parameterCount: Int { tensors.reduce(0) { $0 + $1.count } }

  /// Neighbours with the same `decays`, as ranges of the arena: what an optimiser steps through. They cover the whole arena; a gap
  /// belongs to the run before it and holds zeros, which stay zeros.
  package var decayRuns: [(range: Range<Int>, decays: Bool)] {
    var runs: [(range: Range<Int>, decays: Bool)] = []
    for (index, tensor) in tensors.enumerated() {
      let end = index + 1 < tensors.count ? tensors[index + 1].offset : count
      if let last = runs.last, last.decays == tensor.decays {
        runs[runs.count - 1].range = last.range.lowerBound..<end
      } else {
        runs.append((tensor.offset..<end, tensor.decays))
      }
    }
    return runs
  }

  /// The rule of transformers' Trainer.get_decay_parameter_names: no decay for names that contain "bias", "layernorm" or "rmsnorm",
  /// for a component "norm" and components that end in "_norm", and for the tensors of a torch.nn.LayerNorm, which in GPT-2 are
  /// called ln_1, ln_2 and ln_f.
  package static func decays(_ name: String) -> Bool {
    let lower = name.lowercased()
    if ["bias", "layernorm", "rmsnorm"].contains(where: { lower.contains($0) }) { return false }
    let components = lower.split(separator: ".")
    return !components.contains { $0 == "norm" || $0.hasSuffix("_norm") || $0.hasPrefix("ln_") }
  }
}
