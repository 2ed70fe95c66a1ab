import CKernels

/// Attention whose operands are rounded to bf16, with sums, scores, probabilities and gradients in f32.
///
/// A block's five kinds of operands are rounded in the order that their product wants while they are in a core's own caches; keys and
/// values are put into theirs once for all blocks of a task.
extension CausalAttention {
  /// From so many keys on products in bf16 are quicker: below, putting operands in order costs what they save.
  package static let leastRoundedKeys = 128

  /// Whether blocks are multiplied in bf16: where that was asked for, the processor multiplies bf16 quicker than f32, and heads fill its
  /// registers, or AMX's tiles of 32 numbers along a sum.
  package static func roundsProducts(_ products: Precision, keys: Int, headSize: Int, on features: CPUFeatures = .known) -> Bool {
    let run = features.contains([.amxTile, .amxBF16]) ? 32 : 16
    return products == .bfloat16 && keys >= leastRoundedKeys && headSize % run == 0 && features.contains(.avx512bf16)
  }

  /// The same of one call: attention behind a past has few queries.
  static func roundsProducts(_ products: Precision, _ g: Geometry) -> Bool {
    g.past == 0 && roundsProducts(products, keys: g.keys, headSize: g.headSize)
  }

  /// A worker's scratch memory: what exact products want, and behind it the rounded operands, pairs of numbers along a product's sum.
  struct RoundedOperands {
    /// Rows of keys, whole registers.
    let width: Int
    /// From row to row of what is turned or lies across: rows a power of two apart would all fall into a few sets of the cache.
    let apart: Int
    /// (blockRows, width)
    let scores, gradients: UnsafeMutablePointer<Float>
    /// (blockRows)
    let rowSums: UnsafeMutablePointer<Float>
    /// (headSize / 2, apart): pairs along the head.
    let keysTurned, valuesTurned: UnsafeMutablePointer<UInt32>
    /// (width / 2, headSize): pairs along the sequence.
    let keysAcross: UnsafeMutablePointer<UInt32>
    /// (blockRows, headSize / 2) and (blockRows / 2, headSize)
    let queries, queriesAcross, outputs, outputsAcross: UnsafeMutablePointer<UInt32>
    /// (blockRows, width / 2) and (blockRows / 2, apart)
    let weights, weightsAcross: UnsafeMutablePointer<UInt32>

    static func width(_ keys: Int) -> Int { (keys + 15) / 16 * 16 }

    static func count(keys: Int, headSize: Int) -> Int {
      let width = width(keys), apart = width + 16, half = headSize / 2
      return half * (width + 2 * apart) + 4 * blockRows * half + blockRows * width / 2 + blockRows / 2 * apart
    }

    init(_ scratch: UnsafeMutablePointer<Float>, _ g: Geometry) {
      width = Self.width(g.keys)
      apart = width + 16
      let half = g.headSize / 2, exact = workerScratch(keys: g.keys, headSize: g.headSize, .float32)
      scores = scratch
      gradients = scores + blockRows * (g.keys + Dropout.run)
      rowSums = gradients + blockRows * (g.keys + Dropout.run)
      var next = UnsafeMutableRawPointer(scratch + exact).assumingMemoryBound(to: UInt32.self)
      func take(_ count: Int) -> UnsafeMutablePointer<UInt32> {
        defer { next += count }
        return next
      }
      keysTurned = take(half * apart)
      valuesTurned = take(half * apart)
      keysAcross = take(half * width)
      queries = take(blockRows * half)
      queriesAcross = take(blockRows * half)
      outputs = take(blockRows * half)
      outputsAcross = take(blockRows * half)
      weights = take(blockRows * width / 2)
      weightsAcross = take(blockRows / 2 * apart)
    }

    /// The first `count` rows of x, zeros behind them up to whole registers: a weight of 0 times what lay there could be no number.
    func turn(_ y: UnsafeMutablePointer<UInt32>, _ x: UnsafePointer<Float>, count: Int, _ headSize: Int, rowStride: Int) {
      PairProduct.turned(y, strideY: apart, x, rows: count, width: headSize, strideX: rowStride)
      let padded = Self.width(count)
      if count < padded { for pair in 0..<headSize / 2 { (y + pair * apart + count).update(repeating: 0, count: padded - count) } }
    }

    /// The same in pairs along the sequence.
    func pairAcross(_ y: UnsafeMutablePointer<UInt32>, _ x: UnsafePointer<Float>, count: Int, _ headSize: Int, rowStride: Int) {
      PairProduct.acrossRows(y, strideY: headSize, x, rows: count, width: headSize, strideX: rowStride)
      let pairs = (count + 1) / 2
      (y + pairs * headSize).update(repeating: 0, count: (Self.width(count) / 2 - pairs) * headSize)
    }
  }

  static func forwardRounded(
    _ out: Heads, lse: UnsafeMutablePointer<Float>, _ q: Heads, _ k: Heads, _ v: Heads, _ g: Geometry, _ rule: ScoreRule,
    first: UnsafePointer<Int32>?, dropout: Dropout?, scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    let d = g.headSize, perWorker = workerScratch(keys: g.keys, headSize: d, .bfloat16), groups = g.batch * g.keyValueHeads
    // Where there are few heads of keys, several tasks share the blocks of one, each with keys and values of its own.
    let parts = min(g.blocks, (4 * team.count + groups - 1) / groups)
    team.run(tasks: groups * parts) { task, worker in
      let b = task % groups / g.keyValueHeads, group = task % groups % g.keyValueHeads, part = task / groups
      let with = RoundedOperands(scratch + worker * perWorker, g), seen = min(g.keys, (g.blocks - part) * blockRows)
      with.turn(with.keysTurned, k.at(b, 0, group * d), count: seen, d, rowStride: k.rowStride)
      with.pairAcross(with.keysAcross, v.at(b, 0, group * d), count: seen, d, rowStride: v.rowStride)
      for number in stride(from: g.blocks - 1 - part, through: 0, by: -parts) {
        for head in group * g.group..<(group + 1) * g.group {
          let block = Block(g, sequence: b, head: head, number: number, first: first, dropout: dropout)
          let key = block.firstKey, columns = RoundedOperands.width(block.columns), result = out.at(b, block.firstQuery, head * d)
          PairProduct.alongRows(with.queries, q.at(b, block.firstQuery, head * d), rows: block.rows, width: d, strideX: q.rowStride)
          PairProduct.multiply(
            with.scores, strideC: columns, .along(with.queries, pairs: d / 2), with.keysTurned + key, strideB: with.apart, m: block.rows,
            n: columns, pairs: d / 2)
          rule.softmax(with.scores, lse + block.row, with.rowSums, block, g, columns: columns)
          drop(dropout, with.scores, with.scores, g, block, columns: columns)
          PairProduct.alongRows(with.weights, with.scores, rows: block.rows, width: columns, strideX: columns)
          PairProduct.multiply(
            result, strideC: out.rowStride, .along(with.weights, pairs: columns / 2), with.keysAcross + key / 2 * d, strideB: d,
            m: block.rows, n: d, pairs: columns / 2)
          ck_scale_rows(result, with.rowSums, block.rows, d, out.rowStride)
        }
      }
    }
  }

  /// A head of keys with its group of queries, whose gradients dk, dv and dm are zeros before.
  static func backwardRounded(
    _ to: Gradients, _ q: Heads, _ k: Heads, _ v: Heads, _ g: Geometry, _ rule: ScoreRule, _ b: Int, _ group: Int,
    first: UnsafePointer<Int32>?, dropout: Dropout?, scratch: UnsafeMutablePointer<Float>
  ) {
    let d = g.headSize, with = RoundedOperands(scratch, g)
    with.turn(with.keysTurned, k.at(b, 0, group * d), count: g.keys, d, rowStride: k.rowStride)
    with.turn(with.valuesTurned, v.at(b, 0, group * d), count: g.keys, d, rowStride: v.rowStride)
    with.pairAcross(with.keysAcross, k.at(b, 0, group * d), count: g.keys, d, rowStride: k.rowStride)
    for head in group * g.group..<(group + 1) * g.group {
      for number in 0..<g.blocks {
        let block = Block(g, sequence: b, head: head, number: number, first: first, dropout: dropout), key = block.firstKey
        let (rows, columns, apart) = (block.rows, RoundedOperands.width(block.columns), with.apart)
        let queries = q.at(b, block.firstQuery, head * d), dOut = to.dout.at(b, block.firstQuery, head * d)
        PairProduct.alongRows(with.queries, queries, rows: rows, width: d, strideX: q.rowStride)
        PairProduct.acrossRows(with.queriesAcross, strideY: d, queries, rows: rows, width: d, strideX: q.rowStride)
        PairProduct.alongRows(with.outputs, dOut, rows: rows, width: d, strideX: to.dout.rowStride)
        PairProduct.acrossRows(with.outputsAcross, strideY: d, dOut, rows: rows, width: d, strideX: to.dout.rowStride)

        PairProduct.multiply(
          with.scores, strideC: columns, .along(with.queries, pairs: d / 2), with.keysTurned + key, strideB: with.apart, m: rows,
          n: columns, pairs: d / 2)
        rule.probabilities(with.scores, to.lse + block.row, block, g, columns: columns)
        drop(dropout, with.gradients, with.scores, g, block, columns: columns)
        PairProduct.acrossRows(
          with.weightsAcross, strideY: apart, dropout == nil ? with.scores : with.gradients, rows: rows, width: columns, strideX: columns)
        PairProduct.multiply(
          to.dv.at(b, key, group * d), strideC: to.dv.rowStride, .transposed(with.weightsAcross, stride: apart), with.outputsAcross,
          strideB: d, m: block.columns, n: d, pairs: (rows + 1) / 2, accumulate: true)

        PairProduct.multiply(
          with.gradients, strideC: columns, .along(with.outputs, pairs: d / 2), with.valuesTurned + key, strideB: with.apart, m: rows,
          n: columns, pairs: d / 2)
        drop(dropout, with.gradients, with.gradients, g, block, columns: columns)
        ck_row_dots(with.rowSums, dOut, to.out.at(b, block.firstQuery, head * d), rows, d, to.dout.rowStride, to.out.rowStride)
        ck_attention_softmax_backward(with.gradients, with.scores, with.rowSums, 1, rows, columns)
        if let dm = to.dm {
          ck_column_sum(dm + (b * g.keyValueHeads + group) * g.keys + key, with.gradients, rows, block.columns, columns)
        }
        PairProduct.alongRows(with.weights, with.gradients, rows: rows, width: columns, strideX: columns, scale: g.scale)
        PairProduct.multiply(
          to.dq.at(b, block.firstQuery, head * d), strideC: to.dq.rowStride, .along(with.weights, pairs: columns / 2),
          with.keysAcross + key / 2 * d, strideB: d, m: rows, n: d, pairs: columns / 2)
        PairProduct.acrossRows(
          with.weightsAcross, strideY: apart, with.gradients, rows: rows, width: columns, strideX: columns, scale: g.scale)
        PairProduct.multiply(
          to.dk.at(b, key, group * d), strideC: to.dk.rowStride, .transposed(with.weightsAcross, stride: apart), with.queriesAcross,
          strideB: d, m: block.columns, n: d, pairs: (rows + 1) / 2, accumulate: true)
      }
    }
  }
}
