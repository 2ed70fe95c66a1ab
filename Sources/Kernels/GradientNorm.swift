import CKernels

/// The norm of all gradients together, and what clipping multiplies them with.
package enum GradientNorm {
  private static let block = 65_536

  /// √Σ g², summed in double over blocks of fixed size in fixed order: the same bits with any number of threads. Not finite where a
  /// gradient is not: such a step must not be taken.
  package static func norm(_ gradients: UnsafePointer<Float>, count: Int, on team: ThreadTeam) -> Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, (count + block - 1) / block)) { partial in
      team.forEachBlock(of: count, size: block) { range in
        partial[range.lowerBound / block] = ck_sum_of_squares(gradients + range.lowerBound, range.count)
      }
      return partial.prefix((count + block - 1) / block).reduce(0, +).squareRoot()
    }
  }

  /// min(1, maximum / (norm + 1e-6)) as torch.nn.utils.clip_grad_norm_ has it. AdamW takes it, so that clipping costs no pass.
  package static func clippingFactor(norm: Double, maximum: Double) -> Float {
    Float(min(1, maximum / (norm + 1e-6)))
  }
}
