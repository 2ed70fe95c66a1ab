import CKernels

/// A residual connection with a learned factor for each channel, as Doge has it: y = branch + gate ⊙ x.
package enum ResidualGate {
  /// Floats of scratch memory that `backward` wants.
  package static func scratchCount(width: Int) -> Int { RowSums.scratchCount(width: width, sums: 1) }

  /// y (rows, width) += gate (width) ⊙ x (rows, width); y holds the branch.
  package static func forward(
    _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, gate: UnsafePointer<Float>, rows: Int, width: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: width)) { block in
      let first = block.lowerBound * width
      ck_gate_forward(y + first, x + first, gate, block.count, width)
    }
  }

  /// `dy` holds the gradient of y on entry, which is the branch's too, and that of x on return; dGate (+=), where given.
  package static func backward(
    dyThenDx dy: UnsafeMutablePointer<Float>, dGate: UnsafeMutablePointer<Float>?, _ x: UnsafePointer<Float>, gate: UnsafePointer<Float>,
    rows: Int, width: Int, scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    RowSums.accumulate(into: [dGate], rows: rows, width: width, scratch: scratch, on: team) { block, partial in
      let first = block.lowerBound * width
      ck_gate_backward(dy + first, partial, x + first, gate, block.count, width)
    }
  }
}
