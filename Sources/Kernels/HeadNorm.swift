import CKernels

/// RMSNorm of each head by itself, with one weight (headSize) for all heads, as Qwen3 and Doge have it for queries and keys. Heads lie
/// close together in rows that lie `rowStride` apart.
package enum HeadNorm {
  /// Floats of scratch memory that `backward` wants.
  package static func scratchCount(headSize: Int) -> Int { RowSums.scratchCount(width: headSize, sums: 1) }

  /// y = x / √(mean(x²) + ε) · w, for `heads` heads of each row.
  package static func forward(
    _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, epsilon: Float, rows: Int, rowStride: Int,
    heads: Int, headSize: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: heads * headSize)) { block in
      let first = block.lowerBound * rowStride
      ck_head_norm_forward(y + first, x + first, weight, epsilon, block.count, rowStride, heads, headSize)
    }
  }

  /// In place: `dy` holds the gradient on entry and dx on return; dWeight (+=), where given. The scale is computed again from x.
  package static func backward(
    dyThenDx dy: UnsafeMutablePointer<Float>, dWeight: UnsafeMutablePointer<Float>?, _ x: UnsafePointer<Float>,
    weight: UnsafePointer<Float>, epsilon: Float, rows: Int, rowStride: Int, heads: Int, headSize: Int,
    scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    RowSums.accumulate(into: [dWeight], rows: rows, width: headSize, scratch: scratch, on: team) { block, partial in
      let first = block.lowerBound * rowStride
      ck_head_norm_backward(dy + first, partial, x + first, weight, epsilon, block.count, rowStride, heads, headSize)
    }
  }
}
