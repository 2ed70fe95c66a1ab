import Kernels
import Testing

struct CausalAttentionTests {
  /// Batch, queries, keys, heads, heads of keys, head size.
  struct Shape: Sendable, CustomTestStringConvertible {
    let batch, queries, keys, heads, keyValueHeads, headSize: Int

    init(_ batch: Int, _ queries: Int, _ keys: Int, _ heads: Int, _ keyValueHeads: Int, _ headSize: Int) {
      (self.batch, self.queries, self.keys) = (batch, queries, keys)
      (self.heads, self.keyValueHeads, self.headSize) = (heads, keyValueHeads, headSize)
    }

    var geometry: CausalAttention.Geometry {
      CausalAttention.Geometry(
        batch: batch, queries: queries, keys: keys, heads: heads, keyValueHeads: keyValueHeads, headSize: headSize, scale: 0.4)
    }
    var q: [Float] { numbers(batch * queries * heads * headSize, "q") }
    var k: [Float] { numbers(batch * keys * keyValueHeads * headSize, "k") }
    var v: [Float] { numbers(batch * keys * keyValueHeads * headSize, "v") }
    var testDescription: String { "\(batch)×\(queries)/\(keys), \(heads)/\(keyValueHeads) heads of \(headSize)" }
  }

  struct Result {
    var out, dq, dk, dv: [Float]
    var all: [Float] { out + dq + dk + dv }
  }

  /// Forward, and where there are as many queries as keys, backward.
  static func run(
    _ shape: Shape, q: [Float], k: [Float], v: [Float], dout: [Float], first: [Int32]? = nil, dropout: Dropout? = nil,
    products: Precision = .float32, on team: ThreadTeam = pair
  ) -> Result {
    let g = shape.geometry, d = shape.headSize
    var (q, k, v, dout) = (q, k, v, dout), result = Result(out: q, dq: q, dk: k, dv: v)
    var lse = [Float](repeating: 0, count: shape.batch * shape.heads * shape.queries)
    var scratch = [Float](repeating: .nan, count: CausalAttention.scratchCount(keys: shape.keys, headSize: d, products: products, on: team))
    func heads(_ pointer: UnsafeMutablePointer<Float>, _ count: Int, _ length: Int) -> CausalAttention.Heads {
      CausalAttention.Heads(pointer, rowStride: count * d, batchStride: length * count * d)
    }
    func queries(_ pointer: UnsafeMutablePointer<Float>) -> CausalAttention.Heads { heads(pointer, shape.heads, shape.queries) }
    func keys(_ pointer: UnsafeMutablePointer<Float>) -> CausalAttention.Heads { heads(pointer, shape.keyValueHeads, shape.keys) }
    // Every array stays where it is for the length of this function: nothing is appended to any.
    q.withUnsafeMutableBufferPointer { q in
      k.withUnsafeMutableBufferPointer { k in
        v.withUnsafeMutableBufferPointer { v in
          let (q, k, v) = (queries(q.baseAddress!), keys(k.baseAddress!), keys(v.baseAddress!))  // shapes here are not empty
          CausalAttention.forward(
            queries(&result.out), lse: &lse, q, k, v, g, first: first, dropout: dropout, products: products,
            scratch: &scratch, on: team)
          guard shape.queries == shape.keys else { return }
          CausalAttention.backward(
            dq: queries(&result.dq), dk: keys(&result.dk), dv: keys(&result.dv), dout: queries(&dout), out: queries(&result.out),
            lse: lse, q, k, v, g, first: first, dropout: dropout, products: products, scratch: &scratch, on: team)
        }
      }
    }
    return result
  }

  @Test(arguments: [
    Shape(1, 1, 1, 1, 1, 4), Shape(2, 3, 3, 4, 2, 6), Shape(1, 64, 64, 2, 1, 8), Shape(2, 65, 65, 3, 3, 10), Shape(1, 130, 130, 6, 2, 16),
    Shape(1, 5, 9, 2, 2, 8), Shape(2, 70, 100, 4, 1, 8), Shape(3, 1, 17, 4, 2, 20), Shape(1, 1, 1, 2, 1, 64),
  ])
  func forward_equals_the_plain_version(_ shape: Shape) {
    let result = Self.run(shape, q: shape.q, k: shape.k, v: shape.v, dout: shape.q)
    expectClose(result.out, CausalAttention.plain(doubles(shape.q), doubles(shape.k), doubles(shape.v), shape.geometry))
  }

  @Test(arguments: [Shape(1, 1, 1, 2, 1, 4), Shape(2, 5, 5, 4, 2, 6), Shape(1, 67, 67, 2, 1, 4)])
  func gradients_are_finite_differences(_ shape: Shape) {
    let dout = numbers(shape.q.count, "dout"), result = Self.run(shape, q: shape.q, k: shape.k, v: shape.v, dout: dout)
    expectGradients(result, shape, dout: dout)
  }

  /// Along three random directions, for shapes whose every element would take too long.
  private func expectGradients(
    _ result: Result, _ shape: Shape, dout: [Float], first: [Int32]? = nil, mask: [Double]? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let inputs = [shape.q, shape.k, shape.v].map(doubles)
    // A single key has no gradient for queries but rounding: the size of all gradients together is the measure.
    let scale = dot(doubles(result.dq + result.dk + result.dv), doubles(result.dq + result.dk + result.dv)).squareRoot()
    for (index, gradient) in [result.dq, result.dk, result.dv].enumerated() {
      for direction in 0..<3 {
        let along = doubles(numbers(gradient.count, "direction \(direction)"))
        func loss(_ step: Double) -> Double {
          var moved = inputs
          moved[index] = zip(moved[index], along).map { $0 + step * $1 }
          return dot(CausalAttention.plain(moved[0], moved[1], moved[2], shape.geometry, first: first, mask: mask), doubles(dout))
        }
        let expected = (loss(1e-5) - loss(-1e-5)) / 2e-5
        let isClose = abs(dot(doubles(gradient), along) - expected) < 1e-5 * scale
        #expect(isClose, "input \(index)", sourceLocation: sourceLocation)
        #expect(gradient.allSatisfy { $0.isFinite }, sourceLocation: sourceLocation)
      }
    }
  }

  @Test func a_query_sees_no_key_before_its_first_and_its_gradient_reaches_none() {
    let shape = Shape(2, 150, 150, 4, 2, 8)
    // Row 0: three documents; row 1: forty tokens of padding.
    let documents: [Int32] = (0..<150).map { t in t < 30 ? 0 : t < 100 ? 30 : 100 }
    let padded: [Int32] = (0..<150).map { t in min(t, 40) }
    let first = documents + padded
    let dout = numbers(shape.q.count, "dout")
    let result = Self.run(shape, q: shape.q, k: shape.k, v: shape.v, dout: dout, first: first)
    expectClose(result.out, CausalAttention.plain(doubles(shape.q), doubles(shape.k), doubles(shape.v), shape.geometry, first: first))
    expectGradients(result, shape, dout: dout, first: first)

    // The middle document alone gives the same.
    let width = shape.heads * shape.headSize, keyWidth = shape.keyValueHeads * shape.headSize
    let document = Shape(1, 70, 70, 4, 2, 8)
    let alone = Self.run(
      document, q: Array(shape.q[30 * width..<100 * width]), k: Array(shape.k[30 * keyWidth..<100 * keyWidth]),
      v: Array(shape.v[30 * keyWidth..<100 * keyWidth]), dout: Array(dout[30 * width..<100 * width]))
    expectClose(Array(result.out[30 * width..<100 * width]), doubles(alone.out), tolerance: 1e-6)
    expectClose(Array(result.dk[30 * keyWidth..<100 * keyWidth]), doubles(alone.dk), tolerance: 1e-6)
  }

  @Test func one_query_against_a_cache_gives_the_last_row_of_the_whole() {
    let whole = Shape(2, 90, 90, 6, 2, 16), last = Shape(2, 1, 90, 6, 2, 16), width = 6 * 16
    let full = Self.run(whole, q: whole.q, k: whole.k, v: whole.v, dout: whole.q)
    func lastRows(_ values: [Float]) -> [Float] {
      Array(values[89 * width..<90 * width]) + Array(values[179 * width..<180 * width])
    }
    let q = lastRows(whole.q)
    let first: [Int32] = [0, 0]
    let single = Self.run(last, q: q, k: whole.k, v: whole.v, dout: q, first: first)
    expectClose(single.out, doubles(lastRows(full.out)), tolerance: 1e-6)
  }

  @Test func dropout_drops_probabilities_and_its_gradient_follows_the_same_mask() throws {
    // Values that are unit vectors make the output the dropped probabilities themselves: the mask can be read off.
    let length = 70, shape = Shape(1, length, length, 2, 1, length)
    let key = Dropout.Key(seed: 5, step: 3), dropout = try #require(Dropout(probability: 0.3, key: key, site: 4))
    let unit = (0..<length * length).map { Float($0 / length == $0 % length ? 1 : 0) }
    let kept = Self.run(shape, q: shape.q, k: shape.k, v: unit, dout: shape.q)
    let dropped = Self.run(shape, q: shape.q, k: shape.k, v: unit, dout: shape.q, dropout: dropout)
    var mask = [Double](repeating: 1, count: 2 * length * length)
    for t in 0..<length {
      for head in 0..<2 {
        for position in 0...t {
          let at = (t * 2 + head) * length + position
          mask[(head * length + t) * length + position] = Double(dropped.out[at]) / Double(kept.out[at])
        }
      }
    }
    let visible = mask.indices.filter { $0 % length <= $0 / length % length }
    let scale = 1 / 0.7
    #expect(visible.allSatisfy { mask[$0] == 0 || abs(mask[$0] - scale) < 1e-3 })
    let rate = Double(visible.count { mask[$0] == 0 }) / Double(visible.count)
    #expect(abs(rate - 0.3) < 0.03)

    let dout = numbers(shape.q.count, "dout")
    let result = Self.run(shape, q: shape.q, k: shape.k, v: shape.v, dout: dout, dropout: dropout)
    let exact = mask.map { $0 == 0 ? 0 : 65_536 / Double(65_536 - Int((0.3 * 65_536).rounded())) }
    expectClose(
      result.out, CausalAttention.plain(doubles(shape.q), doubles(shape.k), doubles(shape.v), shape.geometry, mask: exact))
    expectGradients(result, shape, dout: dout, mask: exact)
  }

  @Test func attention_gives_the_same_bits_with_any_number_of_threads() {
    let shape = Shape(3, 150, 150, 6, 2, 16), dout = numbers(shape.q.count, "dout")
    let dropout = Dropout(probability: 0.1, key: Dropout.Key(seed: 1, step: 1), site: 1)
    expectSameBits { Self.run(shape, q: shape.q, k: shape.k, v: shape.v, dout: dout, on: $0).all }
    expectSameBits { Self.run(shape, q: shape.q, k: shape.k, v: shape.v, dout: dout, dropout: dropout, on: $0).all }
  }
}
