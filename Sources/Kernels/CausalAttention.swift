import CKernels

/// Causal softmax attention with grouped-query heads: o = softmax(q kᵀ · scale) v, a query seeing only keys at or before its place.
///
/// A block of queries of one head is multiplied with all keys it may see, its scores are turned into probabilities row by row, and
/// the probabilities are multiplied with the values: one block of scores per thread is all that is ever stored, and blocks of keys
/// that causality or a document's border hides are not touched. Both products are `dnnl_sgemm` on the block's thread.
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

  /// Floats of scratch memory that forward and backward want for up to `keys` keys a sequence.
  package static func scratchCount(keys: Int, on team: ThreadTeam) -> Int { team.count * workerScratch(keys) }

  private static func workerScratch(_ keys: Int) -> Int { (2 * blockRows * (keys + Dropout.run) + 2 * blockRows + 15) / 16 * 16 }

  /// out (batch, queries, heads, headSize) assigned, lse (batch, heads, queries): the logarithm of each softmax's sum, for backward.
  /// `first` (batch, queries), where given, is the first key that each query may see, at or before its own place: it keeps packed
  /// documents and left padding apart.
  package static func forward(
    _ out: Heads, lse: UnsafeMutablePointer<Float>, _ q: Heads, _ k: Heads, _ v: Heads, _ g: Geometry,
    first: UnsafePointer<Int32>? = nil, dropout: Dropout? = nil, scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    if g.queries == 1 && dropout == nil { return decode(out, lse, q, k, v, g, first: first, scratch: scratch, on: team) }
    let d = g.headSize, perWorker = workerScratch(g.keys), perHead = g.blocks
    WorkClock.count(.attention) {
      team.run(tasks: g.batch * g.heads * perHead) { task, worker in
        // The last block of a sequence is the longest: it goes first, so that the threads end together.
        let block = perHead - 1 - task / (g.batch * g.heads), b = task % (g.batch * g.heads) / g.heads, head = task % g.heads
        let q0 = block * blockRows, rows = min(blockRows, g.queries - q0), keyValue = head / g.group * d
        let firsts = first.map { $0 + b * g.queries + q0 }
        let key = firstKey(firsts, rows, dropout), columns = g.past + q0 + rows - key
        let scores = scratch + worker * perWorker, inverse = scores + blockRows * (g.keys + Dropout.run)
        let lse = lse + (b * g.heads + head) * g.queries + q0
        MatrixProduct.inRegion(
          .nt, scores, q.at(b, q0, head * d), k.at(b, key, keyValue), m: rows, n: columns, k: d, strideA: q.rowStride, strideB: k.rowStride)
        ck_attention_softmax(scores, lse, inverse, firsts, g.past + q0, g.scale, rows, columns, key)
        drop(dropout, scores, scores, g, b, head, q0, rows, columns, key)
        MatrixProduct.inRegion(
          .nn, out.at(b, q0, head * d), scores, v.at(b, key, keyValue), m: rows, n: d, k: columns, strideC: out.rowStride,
          strideB: v.rowStride)
        ck_scale_rows(out.at(b, q0, head * d), inverse, rows, d, out.rowStride)
      }
    }
  }

  /// dq, dk, dv assigned, for as many queries as keys. With p = softmax(s), s = q kᵀ · scale: dv = pᵀ do, dp = do vᵀ,
  /// ds = p (dp − Σ do·o), dq = ds k · scale, dk = dsᵀ q · scale; p is computed again from lse. A task is a head of keys with its
  /// group of queries, so that no two threads add to one gradient.
  package static func backward(
    dq: Heads, dk: Heads, dv: Heads, dout: Heads, out: Heads, lse: UnsafePointer<Float>, _ q: Heads, _ k: Heads, _ v: Heads,
    _ g: Geometry, first: UnsafePointer<Int32>? = nil, dropout: Dropout? = nil, scratch: UnsafeMutablePointer<Float>,
    on team: ThreadTeam
  ) {
    precondition(g.queries == g.keys, "attention's gradient is for whole sequences")
    let d = g.headSize, perWorker = workerScratch(g.keys)
    WorkClock.count(.attention) {
      team.run(tasks: g.batch * g.keyValueHeads) { task, worker in
        let b = task / g.keyValueHeads, keyValue = task % g.keyValueHeads * d
        for t in 0..<g.keys {
          dk.at(b, t, keyValue).update(repeating: 0, count: d)
          dv.at(b, t, keyValue).update(repeating: 0, count: d)
        }
        let p = scratch + worker * perWorker, dp = p + blockRows * (g.keys + Dropout.run)
        let delta = dp + blockRows * (g.keys + Dropout.run)
        for head in task % g.keyValueHeads * g.group..<(task % g.keyValueHeads + 1) * g.group {
          for q0 in stride(from: 0, to: g.queries, by: blockRows) {
            let rows = min(blockRows, g.queries - q0)
            let firsts = first.map { $0 + b * g.queries + q0 }
            let key = firstKey(firsts, rows, dropout), columns = q0 + rows - key
            let queries = q.at(b, q0, head * d), dOut = dout.at(b, q0, head * d)
            MatrixProduct.inRegion(
              .nt, p, queries, k.at(b, key, keyValue), m: rows, n: columns, k: d, strideA: q.rowStride, strideB: k.rowStride)
            ck_attention_probabilities(
              p, lse + (b * g.heads + head) * g.queries + q0, firsts, q0, g.scale, rows, columns, key)
            drop(dropout, dp, p, g, b, head, q0, rows, columns, key)
            MatrixProduct.inRegion(
              .tn, dv.at(b, key, keyValue), dropout == nil ? p : dp, dOut, m: columns, n: d, k: rows, strideC: dv.rowStride,
              strideB: dout.rowStride, accumulate: true)
            MatrixProduct.inRegion(
              .nt, dp, dOut, v.at(b, key, keyValue), m: rows, n: columns, k: d, strideA: dout.rowStride, strideB: v.rowStride)
            drop(dropout, dp, dp, g, b, head, q0, rows, columns, key)
            ck_row_dots(delta, dOut, out.at(b, q0, head * d), rows, d, dout.rowStride, out.rowStride)
            ck_attention_softmax_backward(dp, p, delta, g.scale, rows, columns)
            MatrixProduct.inRegion(
              .nn, dq.at(b, q0, head * d), dp, k.at(b, key, keyValue), m: rows, n: d, k: columns, strideC: dq.rowStride,
              strideB: k.rowStride)
            MatrixProduct.inRegion(
              .tn, dk.at(b, key, keyValue), dp, queries, m: columns, n: d, k: rows, strideC: dk.rowStride, strideB: q.rowStride,
              accumulate: true)
          }
        }
      }
    }
  }

  /// One query a sequence: a product with one row is all overhead, so that scores are plain dot products.
  private static func decode(
    _ out: Heads, _ lse: UnsafeMutablePointer<Float>, _ q: Heads, _ k: Heads, _ v: Heads, _ g: Geometry,
    first: UnsafePointer<Int32>?, scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    let d = g.headSize, perWorker = workerScratch(g.keys)
    precondition(k.rowStride == v.rowStride, "keys and values of a cache lie alike")
    team.run(tasks: g.batch * g.heads) { task, worker in
      let b = task / g.heads, head = task % g.heads, keyValue = head / g.group * d
      ck_attention_decode(
        out.at(b, 0, head * d), lse + task, scratch + worker * perWorker, q.at(b, 0, head * d), k.at(b, 0, keyValue),
        v.at(b, 0, keyValue), k.rowStride, first.map { Int($0[b]) } ?? 0, g.keys - 1, d, g.scale)
    }
  }

  /// The first key that any row of a block sees, rounded down to keep columns aligned and dropout's runs whole.
  @inline(__always)
  static func firstKey(_ firsts: UnsafePointer<Int32>?, _ rows: Int, _ dropout: Dropout?) -> Int {
    guard let firsts else { return 0 }
    var least = firsts[0]
    for row in 1..<max(rows, 1) { least = min(least, firsts[row]) }
    let unit = dropout == nil ? 16 : Dropout.run
    return Int(least) / unit * unit
  }

  @inline(__always)
  static func drop(
    _ dropout: Dropout?, _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ g: Geometry, _ b: Int, _ head: Int, _ q0: Int,
    _ rows: Int, _ columns: Int, _ key: Int
  ) {
    guard let dropout else { return }
    for row in 0..<rows {
      let place = ((b * g.heads + head) * g.queries + q0 + row) * g.dropoutRow + key
      dropout.inRegion(y + row * columns, x + row * columns, count: columns, first: place)
    }
  }
}
