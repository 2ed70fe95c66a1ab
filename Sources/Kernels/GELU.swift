import CKernels
import Glibc

/// The tanh form of the Gaussian error linear unit, "gelu_new": ½x (1 + tanh(√(2/π) (x + 0.044715 x³))), arXiv 1606.08415.
package enum GELU {
  /// y (count) = gelu(x)
  package static func forward(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, count: Int, on team: ThreadTeam) {
    team.forEachBlock(of: count, size: ThreadTeam.elementBlock) { block in
      ck_gelu_forward(y + block.lowerBound, x + block.lowerBound, block.count)
    }
  }

  /// dx assigned. `dy` holds the gradient on entry and y on return.
  package static func backward(
    dx: UnsafeMutablePointer<Float>, dyThenY dy: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, count: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: count, size: ThreadTeam.elementBlock) { block in
      ck_gelu_backward(dx + block.lowerBound, dy + block.lowerBound, x + block.lowerBound, block.count)
    }
  }

  /// y (rows, width) = gelu(x + bias) in bf16, for a product that takes it, and x + bias in bf16 into `kept`, for backward.
  package static func forwardRounded(
    _ y: UnsafeMutablePointer<UInt16>, keeping kept: UnsafeMutablePointer<UInt16>, _ x: UnsafePointer<Float>, bias: UnsafePointer<Float>,
    rows: Int, width: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: width)) { block in
      let first = block.lowerBound * width
      ck_gelu_forward_bf16(y + first, kept + first, x + first, bias, block.count, width)
    }
  }

  /// Floats of scratch memory that `backwardRounded` wants.
  package static func scratchCount(width: Int) -> Int { RowSums.scratchCount(width: width, sums: 1) }

  /// dx and y (rows, width) in bf16, assigned, from x in bf16; dBias (width, where given) += the sums over rows of dx before it is
  /// rounded: `backward`, a rounding and the gradient of the bias in one pass.
  package static func backwardRounded(
    dx: UnsafeMutablePointer<UInt16>, _ y: UnsafeMutablePointer<UInt16>, dBias: UnsafeMutablePointer<Float>?, dy: UnsafePointer<Float>,
    _ x: UnsafePointer<UInt16>, rows: Int, width: Int, scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    RowSums.accumulate(into: [dBias], rows: rows, width: width, scratch: scratch, on: team) { block, partial in
      let first = block.lowerBound * width
      ck_gelu_backward_bf16(dx + first, y + first, partial, dy + first, x + first, block.count, width)
    }
  }

  /// The plain version in double.
  package static func plain(_ x: [Double]) -> [Double] {
    x.map { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
  }
}
