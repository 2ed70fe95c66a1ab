import CKernels

/// Rows of a table looked up by index.
package enum Embedding {
  /// y (rows, width) = table[indices[row]]
  package static func gather(
    _ y: UnsafeMutablePointer<Float>, table: UnsafePointer<Float>, indices: UnsafePointer<Int32>, rows: Int, width: Int,
    on team: ThreadTeam
  ) {
    team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: width)) { block in
      for row in block { (y + row * width).update(from: table + Int(indices[row]) * width, count: width) }
    }
  }

  /// dTable[indices[row]] += dy[row]; rows of index `ignoring` (a padding token) give nothing. A task owns a strip of columns and
  /// walks all rows in order, so that no two threads meet and the sum has one order.
  package static func scatterAdd(
    dTable: UnsafeMutablePointer<Float>, _ dy: UnsafePointer<Float>, indices: UnsafePointer<Int32>, ignoring: Int? = nil, rows: Int,
    width: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: width, size: 64) { strip in
      for row in 0..<rows where Int(indices[row]) != ignoring {
        ck_accumulate(dTable + Int(indices[row]) * width + strip.lowerBound, dy + row * width + strip.lowerBound, strip.count)
      }
    }
  }
}
