import CKernels
import Glibc

/// Causal attention under a dynamic mask: o = softmax(q kᵀ · scale + m) v over the keys that the mask keeps. `CausalAttention`'s blocks,
/// geometry and order of memory, with a rule of its own for the scores.
package enum DynamicMaskAttention {
  /// Floats of scratch memory that forward and backward want for up to `keys` keys a sequence.
  package static func scratchCount(keys: Int, headSize: Int, window: Int, products: Precision = .float32, on team: ThreadTeam) -> Int {
    max(
      CausalAttention.scratchCount(keys: keys, headSize: headSize, products: products, on: team),
      DynamicMask.scratchCount(window: min(window, keys), on: team))
  }

  /// As `CausalAttention.forward`. Fills the mask's least kept values where there are more keys than its window.
  package static func forward(
    _ out: CausalAttention.Heads, lse: UnsafeMutablePointer<Float>, _ q: CausalAttention.Heads, _ k: CausalAttention.Heads,
    _ v: CausalAttention.Heads, _ mask: DynamicMask, _ g: CausalAttention.Geometry, first: UnsafePointer<Int32>? = nil,
    dropout: Dropout? = nil, products: Precision = .float32, scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    if mask.chooses(g) { mask.choose(g, first: first, scratch: scratch, on: team) }
    CausalAttention.forward(
      out, lse: lse, q, k, v, g, rule: .masked(mask), first: first, dropout: dropout, products: products, scratch: scratch, on: team)
  }

  /// As `CausalAttention.backward`; dm (batch, heads of keys, keys) assigned. Which keys are kept has no gradient.
  package static func backward(
    dq: CausalAttention.Heads, dk: CausalAttention.Heads, dv: CausalAttention.Heads, dm: UnsafeMutablePointer<Float>,
    dout: CausalAttention.Heads, out: CausalAttention.Heads, lse: UnsafePointer<Float>, _ q: CausalAttention.Heads,
    _ k: CausalAttention.Heads, _ v: CausalAttention.Heads, _ mask: DynamicMask, _ g: CausalAttention.Geometry,
    first: UnsafePointer<Int32>? = nil, dropout: Dropout? = nil, products: Precision = .float32, scratch: UnsafeMutablePointer<Float>,
    on team: ThreadTeam
  ) {
    CausalAttention.backward(
      dq: dq, dk: dk, dv: dv, dm: dm, dout: dout, out: out, lse: lse, q, k, v, g, rule: .masked(mask), first: first, dropout: dropout,
      products: products, scratch: scratch, on: team)
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
