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

  /// The plain version in double.
  package static func plain(_ x: [Double]) -> [Double] {
    x.map { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
  }
}
