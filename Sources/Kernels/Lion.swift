import CKernels

/// Evolved sign momentum, Chen et al., arXiv 2302.06675, operation by operation as lion-pytorch:
/// p ← p (1 − lr λ); p ← p − lr · sign(β₁ m + (1 − β₁) g); m ← β₂ m + (1 − β₂) g.
package struct Lion: Sendable, Equatable {
  package var beta1: Double
  package var beta2: Double
  package var weightDecay: Double

  package init(beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
  }

  /// One step on `count` parameters in one pass over memory; the gradient is 0 afterwards.
  ///
  /// - gradientScale: what the gradient is multiplied with first; clipping's factor.
  /// - decays: whether weight decay applies to these parameters.
  package func update(
    _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>, moment: UnsafeMutablePointer<Float>, count: Int,
    learningRate: Double, gradientScale: Float = 1, decays: Bool = true, on team: ThreadTeam
  ) {
    let constants = ck_lion_step(
      learning_rate: Float(learningRate), beta1: Float(beta1), beta2: Float(beta2), weight_decay: decays ? Float(weightDecay) : 0,
      gradient_scale: gradientScale)
    WorkClock.count(.optimizer) {
      withUnsafePointer(to: constants) { constants in
        team.forEachBlock(of: count, size: 4 * ThreadTeam.elementBlock) { block in
          let at = block.lowerBound
          ck_lion(parameters + at, gradients + at, moment + at, block.count, constants)
        }
      }
    }
  }

  /// The plain version in double, one parameter: returns the new parameter and moment.
  package func plain(p: Double, g: Double, m: Double, learningRate: Double) -> (p: Double, m: Double) {
    let direction = beta1 * m + (1 - beta1) * g
    let sign: Double = direction > 0 ? 1 : direction < 0 ? -1 : 0
    return (p * (1 - learningRate * weightDecay) - learningRate * sign, beta2 * m + (1 - beta2) * g)
  }
}
