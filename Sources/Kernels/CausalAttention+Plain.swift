import Glibc

extension CausalAttention {
  /// The plain version in double: q (batch, queries, heads, headSize), k and v (batch, keys, keyValueHeads, headSize), all close
  /// together; the result is laid out as q. `mask` (batch, heads, queries, keys), where given, multiplies the probabilities: dropout.
  package static func plain(
    _ q: [Double], _ k: [Double], _ v: [Double], _ g: Geometry, first: [Int32]? = nil, mask: [Double]? = nil
  ) -> [Double] {
    let d = g.headSize
    var out = [Double](repeating: 0, count: q.count)
    for b in 0..<g.batch {
      for t in 0..<g.queries {
        for head in 0..<g.heads {
          let query = ((b * g.queries + t) * g.heads + head) * d
          let visible = Int(first?[b * g.queries + t] ?? 0)...(g.past + t)
          func key(_ position: Int) -> Int { ((b * g.keys + position) * g.keyValueHeads + head / g.group) * d }
          let scores = visible.map { position in
            (0..<d).reduce(0) { $0 + q[query + $1] * k[key(position) + $1] } * Double(g.scale)
          }
          let greatest = scores.max() ?? 0
          let weights = scores.map { exp($0 - greatest) }
          let sum = weights.reduce(0, +)
          for (weight, position) in zip(weights, visible) {
            let factor = mask?[((b * g.heads + head) * g.queries + t) * g.keys + position] ?? 1
            for i in 0..<d { out[query + i] += factor * weight / sum * v[key(position) + i] }
          }
        }
      }
    }
    return out
  }
}
