import Kernels

/// Floats in the layout of a model's parameters: the parameters, their gradients, or an optimiser's moments. New ones are zeros.
package final class ParameterStore {
  package let layout: ParameterLayout
  /// The arena's floats, `layout.count` of them.
  package let base: UnsafeMutablePointer<Float>
  private let arena: Arena
  /// Counts what has changed the numbers as a whole: copies of them in another form are of a version.
  private(set) var version = 0

  package init(_ layout: ParameterLayout) throws(ModelError) {
    self.layout = layout
    var plan = ArenaLayout()
    let slot = plan.floats(layout.count)
    do {
      arena = try Arena(plan)
    } catch {
      throw ModelError(.outOfMemory, error.description)
    }
    base = arena.floats(slot)
  }

  package var count: Int { layout.count }

  /// To be called by whoever writes to `base` or to a tensor after a pass has read it.
  package func hasChanged() { version += 1 }

  /// The floats of a tensor, valid as long as the store lives; nil where the layout has no such name.
  package subscript(name: String) -> UnsafeMutableBufferPointer<Float>? {
    layout[name].map { UnsafeMutableBufferPointer(start: base + $0.offset, count: $0.count) }
  }

  package func clear(on team: ThreadTeam) { Elementwise.clear(base, count: count, on: team) }

  /// √Σ x² over all tensors; for gradients, what clipping looks at.
  package func norm(on team: ThreadTeam) -> Double { GradientNorm.norm(base, count: count, on: team) }

  /// Fills every tensor as its layout says. Each takes numbers from a stream named after it, so that the same seed gives a tensor
  /// the same numbers whatever stands beside it.
  package func initialize(seed: UInt64, on team: ThreadTeam) {
    defer { hasChanged() }
    for tensor in layout.tensors {
      let values = base + tensor.offset
      switch tensor.initialization {
      case .zeros: values.update(repeating: 0, count: tensor.count)
      case .ones: values.update(repeating: 1, count: tensor.count)
      case .uniform(let bound):
        CounterRandom(seed: seed, name: tensor.name).fillUniform(values, count: tensor.count, bound: bound, on: team)
      case .normal(let deviation, let zeroRow):
        CounterRandom(seed: seed, name: tensor.name).fillNormal(values, count: tensor.count, deviation: deviation, on: team)
        if let zeroRow {
          let width = tensor.count / tensor.shape[0]
          (values + zeroRow * width).update(repeating: 0, count: width)
        }
      }
    }
  }

  /// One step of AdamW on these parameters; weight decay where the layout says so. `step` counts from 1. The moments start as zeros.
  /// With `clearingGradients` the gradients are zeros afterwards.
  package func update(
    _ optimiser: AdamW, gradients: ParameterStore, firstMoment: ParameterStore, secondMoment: ParameterStore, step: Int,
    learningRate: Double, gradientScale: Float = 1, clearingGradients: Bool = true, on team: ThreadTeam
  ) {
    defer { hasChanged() }
    for run in layout.decayRuns {
      let at = run.range.lowerBound
      optimiser.update(
        base + at, gradients: gradients.base + at, firstMoment: firstMoment.base + at, secondMoment: secondMoment.base + at,
        count: run.range.count, step: step, learningRate: learningRate, gradientScale: gradientScale, decays: run.decays,
        clearingGradients: clearingGradients, on: team)
    }
  }
}
