import CKernels

/// How operations with a weight per column (the norms) sum their gradient over rows: the rows are cut into at most `blocks`
/// blocks, each block sums into a partial row of its own, and the partial rows are added in order. The cut depends on the number
/// of rows alone, so that the sum's bits do not depend on the number of threads.
enum RowSums {
  static let blocks = 32

  /// Floats of scratch memory for `sums` gradients of `width` columns each.
  static func scratchCount(width: Int, sums: Int) -> Int { blocks * sums * width }

  /// Runs `body(rows, partial)` for each block; `partial` (sums, width) starts at zero. Then adds the partial rows to `totals`; a total
  /// that is nil belongs to a frozen weight and is dropped.
  static func accumulate(
    into totals: [UnsafeMutablePointer<Float>?], rows: Int, width: Int, scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam,
    _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
  ) {
    let size = max(1, (rows + blocks - 1) / blocks)
    let used = (rows + size - 1) / size
    let partialCount = totals.count * width
    team.run(tasks: used) { block, _ in
      let partial = scratch + block * partialCount
      partial.update(repeating: 0, count: partialCount)
      body(block * size..<min(block * size + size, rows), partial)
    }
    team.forEachBlock(of: width, size: 256) { strip in
      for (index, total) in totals.enumerated() {
        guard let total else { continue }
        for block in 0..<used {
          ck_accumulate(total + strip.lowerBound, scratch + block * partialCount + index * width + strip.lowerBound, strip.count)
        }
      }
    }
  }
}
