import CKernels

/// How the scores of a block become probabilities: by causality alone, or under a dynamic mask, which adds a number a key and leaves all but
/// the keys with the greatest of them out. Rows of scores lie `columns` apart, at least the block's own.
package enum ScoreRule {
  case causal
  case masked(DynamicMask)

  /// s becomes exp(s · scale − max), lse the logarithm of each row's sum, inverse the sum's inverse.
  @inline(__always)
  func softmax(
    _ s: UnsafeMutablePointer<Float>, _ lse: UnsafeMutablePointer<Float>, _ inverse: UnsafeMutablePointer<Float>,
    _ block: CausalAttention.Block, _ g: CausalAttention.Geometry, columns: Int
  ) {
    let last = g.past + block.firstQuery
    switch self {
    case .causal: ck_attention_softmax(s, lse, inverse, block.firsts, last, g.scale, block.rows, columns, block.firstKey)
    case .masked(let mask):
      let (least, leastKey) = mask.least(block, g)
      ck_masked_softmax(
        s, lse, inverse, block.firsts, last, mask.at(block.sequence, block.group), least, leastKey, g.scale, block.rows, columns,
        block.firstKey)
    }
  }

  /// s becomes the probabilities, from the logarithms that `softmax` left.
  @inline(__always)
  func probabilities(
    _ s: UnsafeMutablePointer<Float>, _ lse: UnsafePointer<Float>, _ block: CausalAttention.Block, _ g: CausalAttention.Geometry,
    columns: Int
  ) {
    let last = g.past + block.firstQuery
    switch self {
    case .causal: ck_attention_probabilities(s, lse, block.firsts, last, g.scale, block.rows, columns, block.firstKey)
    case .masked(let mask):
      let (least, leastKey) = mask.least(block, g)
      ck_masked_probabilities(
        s, lse, block.firsts, last, mask.at(block.sequence, block.group), least, leastKey, g.scale, block.rows, columns, block.firstKey)
    }
  }
}
