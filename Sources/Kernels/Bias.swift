import CKernels

/// A vector added to every row.
package enum Bias {
  /// y (rows, width) += b (width)
  package static func add(
    _ y: UnsafeMutablePointer<Float>, _ b: UnsafePointer<Float>, rows: Int, width: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: width)) { block in
      ck_bias_add(y + block.lowerBound * width, b, block.count, width)
    }
  }

  /// db (width) += the sum over rows of dy (rows, width). A task owns a strip of columns and walks all rows: one order of summing
  /// for any number of threads, and no partial sums to keep.
  package static func backward(
    _ db: UnsafeMutablePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, width: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: width, size: 64) { strip in
      ck_column_sum(db + strip.lowerBound, dy + strip.lowerBound, rows, strip.count, width)
    }
  }

  /// Floats of scratch memory that `backwardRounding` wants.
  package static func scratchCount(width: Int) -> Int { RowSums.scratchCount(width: width, sums: 1) }

  /// The same, where given, and dy in bf16 for products that take it, in one pass.
  package static func backwardRounding(
    _ rounded: UnsafeMutablePointer<UInt16>, _ db: UnsafeMutablePointer<Float>?, _ dy: UnsafePointer<Float>, rows: Int, width: Int,
    scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    RowSums.accumulate(into: [db], rows: rows, width: width, scratch: scratch, on: team) { block, partial in
      let first = block.lowerBound * width
      ck_round_and_sum(rounded + first, partial, dy + first, block.count, width)
    }
  }
}
