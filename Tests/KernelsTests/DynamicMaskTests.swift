import Glibc
import Kernels
import Testing

struct DynamicMaskTests {
  typealias Shape = CausalAttentionTests.Shape

  struct Result {
    var out, dq, dk, dv, dm: [Float]
    var all: [Float] { out + dq + dk + dv + dm }
  }

  /// Mask values as they come: positive, around 1.
  static func masks(_ shape: Shape) -> [Float] { numbers(shape.batch * shape.keyValueHeads * shape.keys, "m").map { expf(0.7 * $0) } }

  static func run(
    _ shape: Shape, q: [Float], k: [Float], v: [Float], m: [Float], window: Int, dout: [Float], first: [Int32]? = nil,
    dropout: Dropout? = nil, products: Precision = .float32, on team: ThreadTeam = pair
  ) -> Result {
    let g = shape.geometry, d = shape.headSize
    var (q, k, v, m, dout) = (q, k, v, m, dout), result = Result(out: q, dq: q, dk: k, dv: v, dm: m)
    var lse = [Float](repeating: 0, count: shape.batch * shape.heads * shape.queries)
    let room = DynamicMaskAttention.scratchCount(keys: shape.keys, headSize: d, window: window, products: products, on: team)
    var scratch = [Float](repeating: .nan, count: room)
    var least = [Float](repeating: .nan, count: shape.batch * shape.keyValueHeads * shape.queries)
    var leastKey = [Int32](repeating: -1, count: least.count)
    func heads(_ pointer: UnsafeMutablePointer<Float>, _ count: Int, _ length: Int) -> CausalAttention.Heads {
      CausalAttention.Heads(pointer, rowStride: count * d, batchStride: length * count * d)
    }
    func queries(_ pointer: UnsafeMutablePointer<Float>) -> CausalAttention.Heads { heads(pointer, shape.heads, shape.queries) }
    func keys(_ pointer: UnsafeMutablePointer<Float>) -> CausalAttention.Heads { heads(pointer, shape.keyValueHeads, shape.keys) }
    // Every array stays where it is for the length of this function: nothing is appended to any.
    q.withUnsafeMutableBufferPointer { q in
      k.withUnsafeMutableBufferPointer { k in
        v.withUnsafeMutableBufferPointer { v in
          m.withUnsafeMutableBufferPointer { m in
            least.withUnsafeMutableBufferPointer { least in
              leastKey.withUnsafeMutableBufferPointer { leastKey in
                let (q, k, v) = (queries(q.baseAddress!), keys(k.baseAddress!), keys(v.baseAddress!))  // shapes here are not empty
                let mask = DynamicMask(
                  m.baseAddress!, batchStride: shape.keyValueHeads * shape.keys, headStride: shape.keys, window: window,
                  least: least.baseAddress!, leastKey: leastKey.baseAddress!)  // as above
                DynamicMaskAttention.forward(
                  queries(&result.out), lse: &lse, q, k, v, mask, g, first: first, dropout: dropout, products: products, scratch: &scratch,
                  on: team)
                guard shape.queries == shape.keys else { return }
                DynamicMaskAttention.backward(
                  dq: queries(&result.dq), dk: keys(&result.dk), dv: keys(&result.dv), dm: &result.dm, dout: queries(&dout),
                  out: queries(&result.out), lse: lse, q, k, v, mask, g, first: first, dropout: dropout, products: products,
                  scratch: &scratch,
                  on: team)
              }
            }
          }
        }
      }
    }
    return result
  }

  static let shapes: [(Shape, window: Int)] = [
    (Shape(1, 1, 1, 1, 1, 4), 1), (Shape(2, 5, 5, 4, 2, 6), 9), (Shape(2, 12, 12, 4, 2, 6), 3), (Shape(1, 130, 130, 6, 2, 16), 40),
    (Shape(2, 70, 100, 4, 1, 8), 33), (Shape(3, 1, 17, 4, 2, 20), 5), (Shape(3, 1, 17, 4, 2, 20), 17), (Shape(1, 65, 65, 2, 2, 8), 1),
  ]

  @Test(arguments: shapes)
  func forward_equals_the_plain_version(_ shape: Shape, _ window: Int) {
    let m = Self.masks(shape), result = Self.run(shape, q: shape.q, k: shape.k, v: shape.v, m: m, window: window, dout: shape.q)
    expectClose(
      result.out,
      DynamicMaskAttention.plain(doubles(shape.q), doubles(shape.k), doubles(shape.v), mask: doubles(m), window: window, shape.geometry))
  }

  @Test(arguments: [(Shape(2, 5, 5, 4, 2, 6), 9), (Shape(2, 12, 12, 4, 2, 6), 3), (Shape(1, 67, 67, 2, 1, 4), 20)])
  func gradients_are_finite_differences(_ shape: Shape, _ window: Int) {
    let m = Self.masks(shape), dout = numbers(shape.q.count, "dout")
    let result = Self.run(shape, q: shape.q, k: shape.k, v: shape.v, m: m, window: window, dout: dout)
    expectSlopes(result, shape, m, window, dout, first: nil)
  }

  /// Documents, padding and sliding windows: the first key moves, and a key that leaves may let another back in.
  @Test(arguments: [3, 100])
  func first_keys_are_obeyed_and_what_is_kept_is_counted_among_the_rest(_ window: Int) {
    let shape = Shape(2, 70, 70, 4, 2, 6), m = Self.masks(shape), dout = numbers(shape.q.count, "dout")
    let sliding = (0..<70).map { Int32(max(0, $0 - 8)) }, documents = (0..<70).map { Int32($0 / 20 * 20) }, first = sliding + documents
    let result = Self.run(shape, q: shape.q, k: shape.k, v: shape.v, m: m, window: window, dout: dout, first: first)
    expectClose(
      result.out,
      DynamicMaskAttention.plain(
        doubles(shape.q), doubles(shape.k), doubles(shape.v), mask: doubles(m), window: window, shape.geometry, first: first))
    expectSlopes(result, shape, m, window, dout, first: first)
  }

  /// Along random directions: every element would take too long.
  private func expectSlopes(_ result: Result, _ shape: Shape, _ m: [Float], _ window: Int, _ dout: [Float], first: [Int32]?) {
    let inputs = [shape.q, shape.k, shape.v, m].map(doubles), gradients = [result.dq, result.dk, result.dv, result.dm]
    for (index, gradient) in gradients.enumerated() {
      for direction in 0..<3 {
        let along = doubles(numbers(inputs[index].count, "direction \(direction)"))
        func loss(_ step: Double) -> Double {
          var moved = inputs
          moved[index] = zip(moved[index], along).map { $0 + step * $1 }
          // The choice of keys has no gradient: steps are too small to change it.
          return dot(
            DynamicMaskAttention.plain(moved[0], moved[1], moved[2], mask: moved[3], window: window, shape.geometry, first: first),
            doubles(dout))
        }
        let slope = (loss(1e-6) - loss(-1e-6)) / 2e-6, expected = dot(doubles(gradient), along)
        let size = dot(doubles(gradient), doubles(gradient)).squareRoot()
        #expect(abs(slope - expected) < 1e-4 * max(size, 1e-3), "input \(index)")
      }
    }
  }

  @Test func a_mask_that_is_everywhere_the_same_changes_nothing_and_keeps_the_nearest_keys() {
    let shape = Shape(1, 30, 30, 2, 1, 8), ones = [Float](repeating: 1, count: 30)
    let all = Self.run(shape, q: shape.q, k: shape.k, v: shape.v, m: ones, window: 30, dout: shape.q)
    expectClose(all.out, CausalAttention.plain(doubles(shape.q), doubles(shape.k), doubles(shape.v), shape.geometry))
    let near = Self.run(shape, q: shape.q, k: shape.k, v: shape.v, m: ones, window: 4, dout: shape.q)
    let first = (0..<30).map { Int32(max(0, $0 - 3)) }
    expectClose(near.out, CausalAttention.plain(doubles(shape.q), doubles(shape.k), doubles(shape.v), shape.geometry, first: first))
  }

  @Test func the_bits_are_the_same_with_any_number_of_threads_and_dropout_has_a_gradient() throws {
    let shape = Shape(2, 90, 90, 4, 2, 8), m = Self.masks(shape), dout = numbers(shape.q.count, "dout")
    let dropout = try #require(Dropout(probability: 0.3, key: Dropout.Key(seed: 1, step: 1), site: 0))
    expectSameBits { team in
      Self.run(shape, q: shape.q, k: shape.k, v: shape.v, m: m, window: 20, dout: dout, dropout: dropout, on: team).all
    }
  }

  @Test func masks_come_from_values_as_in_the_plain_version_and_have_its_gradient() {
    let batch = 2, length = 9, heads = 3, dt = numbers(batch * length * heads, "dt", deviation: 3), a = numbers(heads, "a")
    let dm = numbers(batch * length * heads, "dm")
    var m = dm, dDt = dt, dA = [Float](repeating: 2, count: heads), least: [Float] = [0], leastKey: [Int32] = [0]
    m.withUnsafeMutableBufferPointer { m in
      least.withUnsafeMutableBufferPointer { least in
        leastKey.withUnsafeMutableBufferPointer { leastKey in
          let mask = DynamicMask(
            m.baseAddress!, batchStride: heads * length, headStride: length, window: 100, least: least.baseAddress!,
            leastKey: leastKey.baseAddress!)  // none is empty
          mask.fill(dt, a: a, batch: batch, length: length, heads: heads, on: pair)
          mask.backward(dDt: &dDt, dA: &dA, dm: dm, dt: dt, a: a, batch: batch, length: length, heads: heads, on: pair)
        }
      }
    }
    func plain(_ dt: [Double], _ a: [Double]) -> [Double] {
      (0..<batch * heads * length).map { index in
        let b = index / (heads * length), head = index / length % heads, t = index % length
        return DynamicMask.plain(dt: dt[(b * length + t) * heads + head], a: a[head])
      }
    }
    expectClose(m, plain(doubles(dt), doubles(a)))
    expectClose(dDt, differences(at: doubles(dt)) { dot(plain($0, doubles(a)), doubles(dm)) })
    expectClose(dA, differences(at: doubles(a)) { dot(plain(doubles(dt), $0), doubles(dm)) }.map { $0 + 2 })
  }
}
