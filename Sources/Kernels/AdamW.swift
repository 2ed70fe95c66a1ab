import CKernels
import Glibc

/// Adam with decoupled weight decay, Loshchilov and Hutter, arXiv 1711.05101, operation by operation as torch.optim.AdamW:
/// p ← p (1 − lr λ); m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; p ← p − lr/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε).
package struct AdamW: Sendable, Equatable {
  package var beta1: Double
  package var beta2: Double
  package var epsilon: Double
  package var weightDecay: Double

  package init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// One step on `count` parameters in one pass over memory.
  ///
  /// - step: counted from 1.
  /// - gradientScale: what the gradient is multiplied with first; clipping's factor.
  /// - decays: whether weight decay applies to these parameters.
  /// - clearingGradients: sets the gradient to 0 behind itself, ready for the next accumulation.
  package func update(
    _ parameters: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>, firstMoment: UnsafeMutablePointer<Float>,
    secondMoment: UnsafeMutablePointer<Float>, count: Int, step: Int, learningRate: Double, gradientScale: Float = 1,
    decays: Bool = true, clearingGradients: Bool = false, on team: ThreadTeam
  ) {
    let constants = ck_adamw_step(
      learning_rate: Float(learningRate), beta1: Float(beta1), beta2: Float(beta2), epsilon: Float(epsilon),
      weight_decay: decays ? Float(weightDecay) : 0, correction1: Float(1 - pow(beta1, Double(step))),
      correction2: Float(1 - pow(beta2, Double(step))), gradient_scale: gradientScale)
    WorkClock.count(.optimizer) {
      withUnsafePointer(to: constants) { constants in
        team.forEachBlock(of: count, size: 4 * ThreadTeam.elementBlock) { block in
          let at = block.lowerBound
          ck_adamw(
            parameters + at, gradients + at, firstMoment + at, secondMoment + at, block.count, constants, clearingGradients ? 1 : 0)
        }
      }
    }
  }

  /// The plain version in double, one parameter: returns the new parameter and moments.
  package func plain(p: Double, g: Double, m: Double, v: Double, step: Int, learningRate: Double) -> (p: Double, m: Double, v: Double) {
    let m = beta1 * m + (1 - beta1) * g, v = beta2 * v + (1 - beta2) * g * g
    let size = learningRate / (1 - pow(beta1, Double(step)))
    let denominator = v.squareRoot() / (1 - pow(beta2, Double(step))).squareRoot() + epsilon
    return (p * (1 - learningRate * weightDecay) - size * m / denominator, m, v)
  }
}
