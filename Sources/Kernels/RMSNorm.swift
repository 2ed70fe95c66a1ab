import CKernels

/// Root-mean-square norm, Zhang and Sennrich, arXiv 1910.07467, as in Llama: y = x / √(mean(x²) + ε) · w.
package enum RMSNorm {
  /// Floats of scratch memory that `backward` wants.
  package static func scratchCount(width: Int) -> Int { RowSums.scratchCount(width: width, sums: 1) }

  /// y (rows, width), rstd (rows). Where `residual` is given, x += residual first: the residual connection in the same pass. Where
  /// `rounded` is given, y goes there, in bf16, and y itself is left alone.
  package static func forward(
    _ y: UnsafeMutablePointer<Float>, rounded: UnsafeMutablePointer<UInt16>? = nil, rstd: UnsafeMutablePointer<Float>,
    _ x: UnsafeMutablePointer<Float>,
    adding residual: UnsafePointer<Float>? = nil, weight: UnsafePointer<Float>, epsilon: Float, rows: Int, width: Int,
    on team: ThreadTeam
  ) {
    team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: width)) { block in
      let first = block.lowerBound * width
      ck_rmsnorm_forward(
        y + first, rounded.map { $0 + first }, rstd + block.lowerBound, x + first, residual.map { $0 + first }, weight, epsilon,
        block.count, width)
    }
  }

  /// dx (+=), dWeight (+=, where given: a frozen weight has none). `dy` holds the gradient on entry and y on return, which backward of
  /// the next product needs: y is computed again instead of being kept from forward. Where `rounded` is given, y goes there, and dx there too.
  package static func backward(
    dx: UnsafeMutablePointer<Float>, dWeight: UnsafeMutablePointer<Float>?, dyThenY dy: UnsafeMutablePointer<Float>,
    _ x: UnsafePointer<Float>, rstd: UnsafePointer<Float>, weight: UnsafePointer<Float>, rows: Int, width: Int,
    scratch: UnsafeMutablePointer<Float>, rounded: RoundedResults? = nil, on team: ThreadTeam
  ) {
    RowSums.accumulate(into: [dWeight], rows: rows, width: width, scratch: scratch, on: team) { block, partial in
      let first = block.lowerBound * width
      ck_rmsnorm_backward(
        dx + first, rounded.map { $0.dx + first }, partial, dy + first, rounded.map { $0.y + first }, x + first, weight,
        rstd + block.lowerBound, block.count, width)
    }
  }

  /// The plain version in double.
  package static func plain(_ x: [Double], weight: [Double], epsilon: Double) -> [Double] {
    let width = weight.count
    var y = x
    for row in 0..<x.count / width {
      var squares = 0.0
      for i in 0..<width { squares += x[row * width + i] * x[row * width + i] }
      let rstd = 1 / (squares / Double(width) + epsilon).squareRoot()
      for i in 0..<width { y[row * width + i] *= rstd * weight[i] }
    }
    return y
  }
}
