import CKernels
import Glibc

/// Causal attention under a dynamic mask: o = softmax(q kᵀ · scale + m) v over the keys that the mask keeps. Cut into blocks as
/// `CausalAttention` is, whose geometry and order of memory it has.
package enum DynamicMaskAttention {
  /// Floats of scratch memory that forward and backward want for up to `keys` keys a sequence.
  package static func scratchCount(keys: Int, window: Int, on team: ThreadTeam) -> Int {
    CausalAttention.scratchCount(keys: keys, on: team) + DynamicMask.scratchCount(window: min(window, keys), on: team)
  }

  /// out, lse, first, dropout as in `CausalAttention.forward`. Fills the mask's least kept values where there are more keys than its
  /// window.
  package static func forward(
    _ out: CausalAttention.Heads, lse: UnsafeMutablePointer<Float>, _ q: CausalAttention.Heads, _ k: CausalAttention.Heads,
    _ v: CausalAttention.Heads, _ mask: DynamicMask, _ g: CausalAttention.Geometry, first: UnsafePointer<Int32>? = nil,
    dropout: Dropout? = nil, scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    let d = g.headSize, blockRows = CausalAttention.blockRows, chooses = g.keys > mask.window
    let perWorker = CausalAttention.scratchCount(keys: g.keys, on: team) / team.count
    if chooses { mask.choose(g, first: first, scratch: scratch + team.count * perWorker, on: team) }
    team.run(tasks: g.batch * g.heads * g.blocks) { task, worker in
      // The last block of a sequence is the longest: it goes first, so that the threads end together.
      let block = g.blocks - 1 - task / (g.batch * g.heads), b = task % (g.batch * g.heads) / g.heads, head = task % g.heads
      let q0 = block * blockRows, rows = min(blockRows, g.queries - q0), group = head / g.group, keyValue = group * d
      let firsts = first.map { $0 + b * g.queries + q0 }
      let key = CausalAttention.firstKey(firsts, rows, dropout), columns = g.past + q0 + rows - key
      let scores = scratch + worker * perWorker, inverse = scores + blockRows * (g.keys + Dropout.run)
      let row = (b * g.keyValueHeads + group) * g.queries + q0
      MatrixProduct.inRegion(
        .nt, scores, q.at(b, q0, head * d), k.at(b, key, keyValue), m: rows, n: columns, k: d, strideA: q.rowStride, strideB: k.rowStride)
      ck_masked_softmax(
        scores, lse + (b * g.heads + head) * g.queries + q0, inverse, firsts, g.past + q0, mask.at(b, group),
        chooses ? mask.least + row : nil, chooses ? mask.leastKey + row : nil, g.scale, rows, columns, key)
      CausalAttention.drop(dropout, scores, scores, g, b, head, q0, rows, columns, key)
      MatrixProduct.inRegion(
        .nn, out.at(b, q0, head * d), scores, v.at(b, key, keyValue), m: rows, n: d, k: columns, strideC: out.rowStride,
        strideB: v.rowStride)
      ck_scale_rows(out.at(b, q0, head * d), inverse, rows, d, out.rowStride)
    }
  }

  /// dq, dk, dv and dm (batch, heads of keys, keys) assigned, for as many queries as keys. As `CausalAttention.backward`; the gradient
  /// of m is that of the scores, summed over the queries and heads that add it. Which keys are kept has no gradient.
  package static func backward(
    dq: CausalAttention.Heads, dk: CausalAttention.Heads, dv: CausalAttention.Heads, dm: UnsafeMutablePointer<Float>,
    dout: CausalAttention.Heads, out: CausalAttention.Heads, lse: UnsafePointer<Float>, _ q: CausalAttention.Heads,
    _ k: CausalAttention.Heads, _ v: CausalAttention.Heads, _ mask: DynamicMask, _ g: CausalAttention.Geometry,
    first: UnsafePointer<Int32>? = nil, dropout: Dropout? = nil, scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    precondition(g.queries == g.keys, "attention's gradient is for whole sequences")
    let d = g.headSize, blockRows = CausalAttention.blockRows, chooses = g.keys > mask.window
    let perWorker = CausalAttention.scratchCount(keys: g.keys, on: team) / team.count
    team.run(tasks: g.batch * g.keyValueHeads) { task, worker in
      let b = task / g.keyValueHeads, group = task % g.keyValueHeads, keyValue = group * d
      for t in 0..<g.keys {
        dk.at(b, t, keyValue).update(repeating: 0, count: d)
        dv.at(b, t, keyValue).update(repeating: 0, count: d)
      }
      let dMask = dm + task * g.keys
      dMask.update(repeating: 0, count: g.keys)
      let p = scratch + worker * perWorker, dp = p + blockRows * (g.keys + Dropout.run)
      let delta = dp + blockRows * (g.keys + Dropout.run)
      for head in group * g.group..<(group + 1) * g.group {
        for q0 in stride(from: 0, to: g.queries, by: blockRows) {
          let rows = min(blockRows, g.queries - q0), row = task * g.queries + q0
          let firsts = first.map { $0 + b * g.queries + q0 }
          let key = CausalAttention.firstKey(firsts, rows, dropout), columns = q0 + rows - key
          let queries = q.at(b, q0, head * d), dOut = dout.at(b, q0, head * d)
          MatrixProduct.inRegion(
            .nt, p, queries, k.at(b, key, keyValue), m: rows, n: columns, k: d, strideA: q.rowStride, strideB: k.rowStride)
          ck_masked_probabilities(
            p, lse + (b * g.heads + head) * g.queries + q0, firsts, q0, mask.at(b, group), chooses ? mask.least + row : nil,
            chooses ? mask.leastKey + row : nil, g.scale, rows, columns, key)
          CausalAttention.drop(dropout, dp, p, g, b, head, q0, rows, columns, key)
          MatrixProduct.inRegion(
            .tn, dv.at(b, key, keyValue), dropout == nil ? p : dp, dOut, m: columns, n: d, k: rows, strideC: dv.rowStride,
            strideB: dout.rowStride, accumulate: true)
          MatrixProduct.inRegion(
            .nt, dp, dOut, v.at(b, key, keyValue), m: rows, n: columns, k: d, strideA: dout.rowStride, strideB: v.rowStride)
          CausalAttention.drop(dropout, dp, dp, g, b, head, q0, rows, columns, key)
          ck_row_dots(delta, dOut, out.at(b, q0, head * d), rows, d, dout.rowStride, out.rowStride)
          // Unscaled at first: that is the mask's gradient; the scale goes into dq and dk by way of the queries' block.
          ck_attention_softmax_backward(dp, p, delta, 1, rows, columns)
          ck_column_sum(dMask + key, dp, rows, columns, columns)
          ck_scale(dp, dp, g.scale, rows * columns)
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

  /// The plain version in double, laid out as `CausalAttention.plain`; m (batch, heads of keys, keys).
  package static func plain(
    _ q: [Double], _ k: [Double], _ v: [Double], mask m: [Double], window: Int, _ g: CausalAttention.Geometry, first: [Int32]? = nil
  ) -> [Double] {
    let d = g.headSize
    var out = [Double](repeating: 0, count: q.count)
    for b in 0..<g.batch {
      for t in 0..<g.queries {
        for head in 0..<g.heads {
          let query = ((b * g.queries + t) * g.heads + head) * d, masks = (b * g.keyValueHeads + head / g.group) * g.keys
          func key(_ position: Int) -> Int { ((b * g.keys + position) * g.keyValueHeads + head / g.group) * d }
          let visible = Array(Int(first?[b * g.queries + t] ?? 0)...(g.past + t))
          let kept = visible.sorted { (m[masks + $0], $0) > (m[masks + $1], $1) }.prefix(window)
          let scores = kept.map { position in
            (0..<d).reduce(0) { $0 + q[query + $1] * k[key(position) + $1] } * Double(g.scale) + m[masks + position]
          }
          let greatest = scores.max() ?? 0, weights = scores.map { exp($0 - greatest) }, sum = weights.reduce(0, +)
          for (weight, position) in zip(weights, kept) {
            for i in 0..<d { out[query + i] += weight / sum * v[key(position) + i] }
          }
        }
      }
    }
    return out
  }
}
