import CKernels

/// Causal softmax attention with grouped-query heads: o = softmax(q kᵀ · scale) v, a query seeing only keys at or before its place.
///
/// A block of queries of one head is multiplied with all keys it may see, its scores are turned into probabilities row by row, and
/// the probabilities are multiplied with the values: one block of scores per thread is all that is ever stored, and blocks of keys
/// that causality or a document's border hides are not touched. Both products are `dnnl_sgemm` on the block's thread, or ours in bf16.
package enum CausalAttention {
  /// Queries of a block. Greater blocks waste more on the diagonal, smaller ones more on packing.
  package static let blockRows = 64

  package struct Geometry: Sendable, Equatable {
    package var batch: Int
    /// Queries a sequence.
    package var queries: Int
    /// Keys a sequence, at least `queries`: the last query stands at the last key.
    package var keys: Int
    package var heads: Int
    /// Heads of keys and values; query head h takes number h / (heads / keyValueHeads).
    package var keyValueHeads: Int
    package var headSize: Int
    package var scale: Float

    package init(batch: Int, queries: Int, keys: Int, heads: Int, keyValueHeads: Int, headSize: Int, scale: Float) {
      precondition(keys >= queries && heads % keyValueHeads == 0)
      self.batch = batch
      self.queries = queries
      self.keys = keys
      self.heads = heads
      self.keyValueHeads = keyValueHeads
      self.headSize = headSize
      self.scale = scale
    }

    var past: Int { keys - queries }
    var group: Int { heads / keyValueHeads }
    var blocks: Int { (queries + blockRows - 1) / blockRows }
    /// A row's place in a dropout site: rows start at multiples of the run.
    var dropoutRow: Int { (keys + Dropout.run - 1) / Dropout.run * Dropout.run }
  }

  /// Where heads lie: element i of head h of position t of sequence b is base[b · batchStride + t · rowStride + h · headSize + i].
  package struct Heads {
    package let base: UnsafeMutablePointer<Float>
    package let rowStride: Int
    package let batchStride: Int

    package init(_ base: UnsafeMutablePointer<Float>, rowStride: Int, batchStride: Int) {
      self.base = base
      self.rowStride = rowStride
      self.batchStride = batchStride
    }

    @inline(__always) func at(_ batch: Int, _ position: Int, _ offset: Int) -> UnsafeMutablePointer<Float> {
      base + batch * batchStride + position * rowStride + offset
    }
  }

  /// Floats of scratch memory that forward and backward want for up to `keys` keys a sequence and heads of `headSize` numbers.
  package static func scratchCount(keys: Int, headSize: Int, products: Precision = .float32, on team: ThreadTeam) -> Int {
    team.count * workerScratch(keys: keys, headSize: headSize, products)
  }

  static func workerScratch(keys: Int, headSize: Int, _ products: Precision) -> Int {
    let exact = (2 * blockRows * (keys + Dropout.run) + 2 * blockRows + 15) / 16 * 16
    return roundsProducts(products, keys: keys, headSize: headSize) ? exact + RoundedOperands.count(keys: keys, headSize: headSize) : exact
  }

  /// out (batch, queries, heads, headSize) assigned, lse (batch, heads, queries): the logarithm of each softmax's sum, for backward.
  /// `first` (batch, queries), where given, is the first key that each query may see, at or before its own place: it keeps packed
  /// documents and left padding apart. `products` in bf16 are made where they pay: see `roundsProducts`.
  package static func forward(
    _ out: Heads, lse: UnsafeMutablePointer<Float>, _ q: Heads, _ k: Heads, _ v: Heads, _ g: Geometry, rule: ScoreRule = .causal,
    first: UnsafePointer<Int32>? = nil, dropout: Dropout? = nil, products: Precision = .float32, scratch: UnsafeMutablePointer<Float>,
    on team: ThreadTeam
  ) {
    if g.queries == 1, dropout == nil, case .causal = rule {
      return decode(out, lse, q, k, v, g, first: first, products: products, scratch: scratch, on: team)
    }
    WorkClock.count(.attention) {
      if roundsProducts(products, g) {
        return forwardRounded(out, lse: lse, q, k, v, g, rule, first: first, dropout: dropout, scratch: scratch, on: team)
      }
      let d = g.headSize, perWorker = workerScratch(keys: g.keys, headSize: d, products)
      team.run(tasks: g.batch * g.heads * g.blocks) { task, worker in
        // The last block of a sequence is the longest: it goes first, so that the threads end together.
        let sequence = task % (g.batch * g.heads) / g.heads
        let block = Block(
          g, sequence: sequence, head: task % g.heads, number: g.blocks - 1 - task / (g.batch * g.heads), first: first, dropout: dropout)
        let (b, q0, key, head, group) = (sequence, block.firstQuery, block.firstKey, block.head * d, block.group * d)
        let scores = scratch + worker * perWorker, inverse = scores + blockRows * (g.keys + Dropout.run)
        MatrixProduct.inRegion(
          .nt, scores, q.at(b, q0, head), k.at(b, key, group), m: block.rows, n: block.columns, k: d, strideA: q.rowStride,
          strideB: k.rowStride)
        rule.softmax(scores, lse + block.row, inverse, block, g, columns: block.columns)
        drop(dropout, scores, scores, g, block, columns: block.columns)
        MatrixProduct.inRegion(
          .nn, out.at(b, q0, head), scores, v.at(b, key, group), m: block.rows, n: d, k: block.columns, strideC: out.rowStride,
          strideB: v.rowStride)
        ck_scale_rows(out.at(b, q0, head), inverse, block.rows, d, out.rowStride)
      }
    }
  }

  /// dq, dk, dv assigned, for as many queries as keys. With p = softmax(s), s = q kᵀ · scale: dv = pᵀ do, dp = do vᵀ,
  /// ds = p (dp − Σ do·o), dq = ds k · scale, dk = dsᵀ q · scale; p is computed again from lse. A task is a head of keys with its
  /// group of queries, so that no two threads add to one gradient. dm (batch, heads of keys, keys) assigned where given: what a
  /// dynamic mask adds to the scores has their gradient, summed over the queries and heads that it is added for.
  package static func backward(
    dq: Heads, dk: Heads, dv: Heads, dm: UnsafeMutablePointer<Float>? = nil, dout: Heads, out: Heads, lse: UnsafePointer<Float>,
    _ q: Heads, _ k: Heads, _ v: Heads, _ g: Geometry, rule: ScoreRule = .causal, first: UnsafePointer<Int32>? = nil,
    dropout: Dropout? = nil, products: Precision = .float32, scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    precondition(g.queries == g.keys, "attention's gradient is for whole sequences")
    let d = g.headSize, perWorker = workerScratch(keys: g.keys, headSize: d, products), rounds = roundsProducts(products, g)
    let gradients = Gradients(dq: dq, dk: dk, dv: dv, dm: dm, dout: dout, out: out, lse: lse)
    WorkClock.count(.attention) {
      team.run(tasks: g.batch * g.keyValueHeads) { task, worker in
        let b = task / g.keyValueHeads, group = task % g.keyValueHeads
        for t in 0..<g.keys {
          dk.at(b, t, group * d).update(repeating: 0, count: d)
          dv.at(b, t, group * d).update(repeating: 0, count: d)
        }
        if let dm { (dm + task * g.keys).update(repeating: 0, count: g.keys) }
        let own = scratch + worker * perWorker
        if rounds { return backwardRounded(gradients, q, k, v, g, rule, b, group, first: first, dropout: dropout, scratch: own) }
        for head in group * g.group..<(group + 1) * g.group {
          for number in 0..<g.blocks {
            let block = Block(g, sequence: b, head: head, number: number, first: first, dropout: dropout)
            backward(gradients, q, k, v, g, rule, block, dropout: dropout, scratch: own)
          }
        }
      }
    }
  }

  /// What backward reads of forward's results, and what it adds to.
  struct Gradients {
    let dq, dk, dv: Heads
    let dm: UnsafeMutablePointer<Float>?
    let dout, out: Heads
    let lse: UnsafePointer<Float>
  }

  /// One block's share.
  private static func backward(
    _ to: Gradients, _ q: Heads, _ k: Heads, _ v: Heads, _ g: Geometry, _ rule: ScoreRule, _ block: Block, dropout: Dropout?,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let d = g.headSize, (b, q0, key) = (block.sequence, block.firstQuery, block.firstKey), rows = block.rows, columns = block.columns
    let head = block.head * d, group = block.group * d
    let p = scratch, dp = p + blockRows * (g.keys + Dropout.run), delta = dp + blockRows * (g.keys + Dropout.run)
    let queries = q.at(b, q0, head), dOut = to.dout.at(b, q0, head)
    MatrixProduct.inRegion(
      .nt, p, queries, k.at(b, key, group), m: rows, n: columns, k: d, strideA: q.rowStride, strideB: k.rowStride)
    rule.probabilities(p, to.lse + block.row, block, g, columns: columns)
    drop(dropout, dp, p, g, block, columns: columns)
    MatrixProduct.inRegion(
      .tn, to.dv.at(b, key, group), dropout == nil ? p : dp, dOut, m: columns, n: d, k: rows, strideC: to.dv.rowStride,
      strideB: to.dout.rowStride, accumulate: true)
    MatrixProduct.inRegion(
      .nt, dp, dOut, v.at(b, key, group), m: rows, n: columns, k: d, strideA: to.dout.rowStride, strideB: v.rowStride)
    drop(dropout, dp, dp, g, block, columns: columns)
    ck_row_dots(delta, dOut, to.out.at(b, q0, head), rows, d, to.dout.rowStride, to.out.rowStride)
    // A mask's gradient is unscaled.
    ck_attention_softmax_backward(dp, p, delta, to.dm == nil ? g.scale : 1, rows, columns)
    if let dm = to.dm {
      ck_column_sum(dm + (b * g.keyValueHeads + block.group) * g.keys + key, dp, rows, columns, columns)
      ck_scale(dp, dp, g.scale, rows * columns)
    }
    MatrixProduct.inRegion(
      .nn, to.dq.at(b, q0, head), dp, k.at(b, key, group), m: rows, n: d, k: columns, strideC: to.dq.rowStride, strideB: k.rowStride)
    MatrixProduct.inRegion(
      .tn, to.dk.at(b, key, group), dp, queries, m: columns, n: d, k: rows, strideC: to.dk.rowStride, strideB: q.rowStride,
      accumulate: true)
  }

  /// One query a sequence: a product with one row is all overhead, so that scores are plain dot products.
  private static func decode(
    _ out: Heads, _ lse: UnsafeMutablePointer<Float>, _ q: Heads, _ k: Heads, _ v: Heads, _ g: Geometry,
    first: UnsafePointer<Int32>?, products: Precision, scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    let d = g.headSize, perWorker = workerScratch(keys: g.keys, headSize: g.headSize, products)
    precondition(k.rowStride == v.rowStride, "keys and values of a cache lie alike")
    team.run(tasks: g.batch * g.heads) { task, worker in
      let b = task / g.heads, head = task % g.heads, keyValue = head / g.group * d
      ck_attention_decode(
        out.at(b, 0, head * d), lse + task, scratch + worker * perWorker, q.at(b, 0, head * d), k.at(b, 0, keyValue),
        v.at(b, 0, keyValue), k.rowStride, first.map { Int($0[b]) } ?? 0, g.keys - 1, d, g.scale)
    }
  }

  @inline(__always)
  static func drop(
    _ dropout: Dropout?, _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ g: Geometry, _ block: Block, columns: Int
  ) {
    guard let dropout else { return }
    for row in 0..<block.rows {
      let place = (block.row + row) * g.dropoutRow + block.firstKey
      dropout.inRegion(y + row * columns, x + row * columns, count: columns, first: place)
    }
  }
}
