import CKernels

/// Products with a matrix of a few rows, those of an adapter beside a large matrix: Hu et al., arXiv 2106.09685.
///
/// Each number of the wide operand is read once and multiplied `rank` times, so that these run at the speed of memory where a library's
/// product, which packs its operands first, takes three times as long. Sums have one order for any number of threads.
package enum LowRank {
  /// Rows of f32, or of bf16 as products in bf16 take them.
  package enum Rows {
    case exact(UnsafePointer<Float>)
    case rounded(UnsafePointer<UInt16>)
  }

  /// Rows a task works on.
  private static let blockRows = 32

  /// y (rows, rank) = scale · x (rows, inputs) aᵀ with a (rank, inputs). Strides are distances of rows; a's rows lie close together.
  package static func shrink(
    _ y: UnsafeMutablePointer<Float>, strideY: Int, _ x: Rows, strideX: Int, _ a: UnsafePointer<Float>, scale: Float, rows: Int,
    inputs: Int, rank: Int, on team: ThreadTeam
  ) {
    WorkClock.count(.products) {
      team.forEachBlock(of: rows, size: blockRows) { block in
        let to = y + block.lowerBound * strideY, first = block.lowerBound * strideX
        switch x {
        case .exact(let x): ck_low_rank_shrink(to, strideY, x + first, strideX, a, block.count, inputs, rank, scale)
        case .rounded(let x): ck_low_rank_shrink_bf16(to, strideY, x + first, strideX, a, block.count, inputs, rank, scale)
        }
      }
    }
  }

  /// y (rows, outputs) += x (rows, rank) b with b (rank, outputs), whose rows lie close together.
  package static func expand(
    _ y: UnsafeMutablePointer<Float>, strideY: Int, _ x: UnsafePointer<Float>, strideX: Int, _ b: UnsafePointer<Float>, rows: Int,
    outputs: Int, rank: Int, on team: ThreadTeam
  ) {
    WorkClock.count(.products) {
      team.forEachBlock(of: rows, size: blockRows) { block in
        ck_low_rank_expand(
          y + block.lowerBound * strideY, strideY, x + block.lowerBound * strideX, strideX, b, block.count, outputs, rank)
      }
    }
  }

  /// The gradient of a small matrix, (rank, columns), or (columns, rank) where it `isTransposed`: g += xᵀ y with x (rows, rank) and
  /// y (rows, columns). A task owns a strip of columns and walks all rows: one order of summing for any number of threads.
  package static func gradient(
    _ g: UnsafeMutablePointer<Float>, isTransposed: Bool, _ x: UnsafePointer<Float>, strideX: Int, _ y: Rows, strideY: Int, rows: Int,
    columns: Int, rank: Int, on team: ThreadTeam
  ) {
    let alongRank = isTransposed ? 1 : columns, alongColumns = isTransposed ? rank : 1
    WorkClock.count(.products) {
      team.forEachBlock(of: columns, size: 64) { strip in
        let to = g + strip.lowerBound * alongColumns
        switch y {
        case .exact(let y):
          ck_low_rank_gradient(to, alongRank, alongColumns, x, strideX, y + strip.lowerBound, strideY, rows, strip.count, rank)
        case .rounded(let y):
          ck_low_rank_gradient_bf16(to, alongRank, alongColumns, x, strideX, y + strip.lowerBound, strideY, rows, strip.count, rank)
        }
      }
    }
  }

  /// y (columns, rows) = xᵀ of a small x (rows, columns).
  package static func transpose(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, rows: Int, columns: Int) {
    ck_transpose(y, x, rows, columns)
  }
}

extension LowRank.Rows {
  /// The rows from a column on.
  package static func + (rows: LowRank.Rows, column: Int) -> LowRank.Rows {
    switch rows {
    case .exact(let x): .exact(x + column)
    case .rounded(let x): .rounded(x + column)
    }
  }
}
