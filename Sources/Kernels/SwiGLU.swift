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

  /// h in bf16, for a product that takes it, and gateUp in bf16 into `kept`, for backward.
  package static func forwardRounded(
    _ h: UnsafeMutablePointer<UInt16>, keeping kept: UnsafeMutablePointer<UInt16>, gateUp: UnsafePointer<Float>, rows: Int, width: Int,
    on team: ThreadTeam
  ) {
    team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: width)) { block in
      let first = block.lowerBound * width
      ck_swiglu_forward_bf16(h + first, kept + 2 * first, gateUp + 2 * first, block.count, width)
    }
  }

  /// dGateUp (rows, 2·width) and h (rows, width) in bf16 from gateUp in bf16: `backward` and a rounding in one pass.
  package static func backwardRounded(
    dGateUp: UnsafeMutablePointer<UInt16>, _ h: UnsafeMutablePointer<UInt16>, dh: UnsafePointer<Float>, gateUp: UnsafePointer<UInt16>,
    rows: Int, width: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: width)) { block in
      let first = block.lowerBound * width
      ck_swiglu_backward_bf16(dGateUp + 2 * first, h + first, dh + first, gateUp + 2 * first, block.count, width)
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
