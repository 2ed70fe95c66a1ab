import CKernels
import Glibc

/// The gated activation silu(g) · u, Shazeer, arXiv 2002.05202. Gate and up lie side by side in one buffer (rows, 2·width), because
/// one product makes both.
package enum SwiGLU {
  /// h (rows, width) = silu(gateUp[:, ..<width]) · gateUp[:, width...]
  package static func forward(
    _ h: UnsafeMutablePointer<Float>, gateUp: UnsafePointer<Float>, rows: Int, width: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: width)) { block in
      ck_swiglu_forward(h + block.lowerBound * width, gateUp + block.lowerBound * 2 * width, block.count, width)
    }
  }

  /// dGateUp (rows, 2·width) assigned. `dh` holds the gradient on entry and h on return, which the gradient of the next weight needs.
  package static func backward(
    dGateUp: UnsafeMutablePointer<Float>, dhThenH dh: UnsafeMutablePointer<Float>, gateUp: UnsafePointer<Float>, rows: Int, width: Int,
    on team: ThreadTeam
  ) {
    team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: width)) { block in
      let wide = block.lowerBound * 2 * width
      ck_swiglu_backward(dGateUp + wide, dh + block.lowerBound * width, gateUp + wide, block.count, width)
    }
  }

  /// The plain version in double.
  package static func plain(gateUp: [Double], width: Int) -> [Double] {
    (0..<gateUp.count / 2).map { index in
      let gate = gateUp[index / width * 2 * width + index % width]
      return gate / (1 + Glibc.exp(-gate)) * gateUp[index / width * 2 * width + width + index % width]
    }
  }
}
