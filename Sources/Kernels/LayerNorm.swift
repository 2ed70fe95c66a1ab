import CKernels

/// Layer norm with bias, Ba, Kiros, Hinton, arXiv 1607.06450: y = (x − mean) / √(variance + ε) · w + b.
package enum LayerNorm {
  /// Floats of scratch memory that `backward` wants.
  package static func scratchCount(width: Int) -> Int { RowSums.scratchCount(width: width, sums: 2) }

  /// y (rows, width), statistics (rows, 2): mean and 1/√(variance + ε). Where `residual` is given, x += residual first. Where
  /// `rounded` is given, y goes there, in bf16, and y itself is left alone.
  package static func forward(
    _ y: UnsafeMutablePointer<Float>, rounded: UnsafeMutablePointer<UInt16>? = nil, statistics: UnsafeMutablePointer<Float>,
    _ x: UnsafeMutablePointer<Float>,
    adding residual: UnsafePointer<Float>? = nil, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>, epsilon: Float, rows: Int,
    width: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: width)) { block in
      let first = block.lowerBound * width
      ck_layernorm_forward(
        y + first, rounded.map { $0 + first }, statistics + 2 * block.lowerBound, x + first, residual.map { $0 + first }, weight, bias,
        epsilon, block.count, width)
    }
  }

  /// dx (+=), dWeight and dBias (+=, where given: frozen ones have none). `dy` holds the gradient on entry and y on return. Where `rounded` is
  /// given, y goes there, and dx there too.
  package static func backward(
    dx: UnsafeMutablePointer<Float>, dWeight: UnsafeMutablePointer<Float>?, dBias: UnsafeMutablePointer<Float>?,
    dyThenY dy: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, statistics: UnsafePointer<Float>, weight: UnsafePointer<Float>,
    bias: UnsafePointer<Float>, rows: Int, width: Int, scratch: UnsafeMutablePointer<Float>,
    rounded: RoundedResults? = nil, on team: ThreadTeam
  ) {
    RowSums.accumulate(into: [dWeight, dBias], rows: rows, width: width, scratch: scratch, on: team) { block, partial in
      let first = block.lowerBound * width
      ck_layernorm_backward(
        dx + first, rounded.map { $0.dx + first }, partial, partial + width, dy + first, rounded.map { $0.y + first }, x + first, weight,
        bias, statistics + 2 * block.lowerBound, block.count, width)
    }
  }

  /// The plain version in double.
  package static func plain(_ x: [Double], weight: [Double], bias: [Double], epsilon: Double) -> [Double] {
    let width = weight.count
    var y = x
    for row in 0..<x.count / width {
      let values = x[row * width..<row * width + width]
      let mean = values.reduce(0, +) / Double(width)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
      for i in 0..<width { y[row * width + i] = (x[row * width + i] - mean) / (variance + epsilon).squareRoot() * weight[i] + bias[i] }
    }
    return y
  }
}
