import CKernels

/// Choosing a token from the logits of a whole vocabulary.
package enum Draw {
  /// Tokens whose probabilities are summed together: a draw looks for its sum first, then for its token.
  private static let block = 256

  /// The place of the greatest logit, the first among equals.
  package static func greatest(_ logits: UnsafeBufferPointer<Float>) -> Int {
    guard let base = logits.baseAddress else { return 0 }
    return ck_first_greatest(base, logits.count)
  }

  /// The token at which exp((logit − greatest) · scale), summed from the first on, passes `part` (0 ..< 1) of the total; nil where
  /// rounding used up the last one.
  package static func draw(_ logits: UnsafeBufferPointer<Float>, greatest: Float, scale: Float, at part: Double) -> Int? {
    guard let base = logits.baseAddress else { return nil }
    let blocks = (logits.count + block - 1) / block
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: logits.count) { weights in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks) { sums in
        guard let weights = weights.baseAddress, let sumsBase = sums.baseAddress else { return nil }
        ck_draw_weights(weights, sumsBase, base, greatest, scale, logits.count, block)
        var rest = part * sums.reduce(0, +)
        for (index, sum) in sums.enumerated() {
          if rest >= sum, index + 1 < blocks {
            rest -= sum
            continue
          }
          for token in index * block..<min((index + 1) * block, logits.count) {
            rest -= Double(weights[token])
            if rest < 0 { return token }
          }
        }
        return nil
      }
    }
  }
}
