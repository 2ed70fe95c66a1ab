import Glibc
import Kernels
import Testing

/// Attention with products in bf16 against the plain versions in double, in shapes with rests of every kind: odd rows and keys, the last
/// block short, groups of heads, several registers a head. A processor without the instructions makes the products in f32.
struct RoundedAttentionTests {
  typealias Shape = CausalAttentionTests.Shape

  static let shapes = [
    Shape(1, 128, 128, 2, 1, 16), Shape(2, 150, 150, 4, 2, 32), Shape(1, 203, 203, 3, 3, 48), Shape(1, 257, 257, 2, 1, 64),
    Shape(1, 129, 129, 1, 1, 80), Shape(1, 192, 192, 4, 1, 128),
  ]

  /// Queries a quarter as great: scores stay near those of a model, a hundred of them and more do not become one.
  private func queries(_ shape: Shape) -> [Float] { shape.q.map { 0.25 * $0 } }

  private func run(
    _ shape: Shape, products: Precision, first: [Int32]? = nil, dropout: Dropout? = nil, on team: ThreadTeam = pair
  ) -> CausalAttentionTests.Result {
    CausalAttentionTests.run(
      shape, q: queries(shape), k: shape.k, v: shape.v, dout: numbers(shape.q.count, "dout"), first: first, dropout: dropout,
      products: products, on: team)
  }

  /// Off by less than `bound` of it, in norm.
  private func expectNear(
    _ near: [Float], _ exact: [Double], within bound: Double = 0.01, _ what: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let difference = zip(near, exact).map { Double($0) - $1 }
    let isNear = dot(difference, difference).squareRoot() < bound * dot(exact, exact).squareRoot()
    #expect(isNear, "\(what)", sourceLocation: sourceLocation)
    #expect(near.allSatisfy { $0.isFinite }, "\(what)", sourceLocation: sourceLocation)
  }

  private func expectNear(_ near: CausalAttentionTests.Result, _ exact: CausalAttentionTests.Result) {
    for (what, near, exact) in [
      ("out", near.out, exact.out), ("dq", near.dq, exact.dq), ("dk", near.dk, exact.dk), ("dv", near.dv, exact.dv),
    ] { expectNear(near, doubles(exact), what) }
  }

  @Test(arguments: shapes)
  func results_and_gradients_are_within_the_rounding_of_bf16(_ shape: Shape) {
    let near = run(shape, products: .bfloat16), exact = run(shape, products: .float32)
    expectNear(near.out, CausalAttention.plain(doubles(queries(shape)), doubles(shape.k), doubles(shape.v), shape.geometry), "out")
    expectNear(near, exact)
    #expect((near.out != exact.out) == CausalAttention.roundsProducts(.bfloat16, keys: shape.keys, headSize: shape.headSize))
  }

  @Test func documents_padding_and_dropout_are_as_in_f32() throws {
    let shape = Shape(3, 150, 150, 4, 2, 32)
    let documents: [Int32] = (0..<150).map { t in t < 30 ? 0 : t < 99 ? 30 : 99 }
    let padded: [Int32] = (0..<150).map { t in min(t, 40) }, sliding = (0..<150).map { Int32(max(0, $0 - 20)) }
    let first = documents + padded + sliding
    expectNear(run(shape, products: .bfloat16, first: first), run(shape, products: .float32, first: first))
    let dropout = try #require(Dropout(probability: 0.3, key: Dropout.Key(seed: 5, step: 3), site: 4))
    expectNear(
      run(shape, products: .bfloat16, first: first, dropout: dropout), run(shape, products: .float32, first: first, dropout: dropout))
  }

  @Test(arguments: [40, 1_000])
  func a_dynamic_mask_is_obeyed_and_has_its_gradient(_ window: Int) {
    let shape = Shape(2, 150, 150, 4, 2, 32), m = DynamicMaskTests.masks(shape), dout = numbers(shape.q.count, "dout")
    func run(_ products: Precision) -> DynamicMaskTests.Result {
      DynamicMaskTests.run(shape, q: queries(shape), k: shape.k, v: shape.v, m: m, window: window, dout: dout, products: products)
    }
    let near = run(.bfloat16), exact = run(.float32)
    for (what, near, exact) in [
      ("out", near.out, exact.out), ("dq", near.dq, exact.dq), ("dk", near.dk, exact.dk), ("dv", near.dv, exact.dv),
      ("dm", near.dm, exact.dm),
    ] { expectNear(near, doubles(exact), what) }
  }

  @Test func the_bits_are_the_same_with_any_number_of_threads() {
    let shape = Shape(3, 150, 150, 6, 2, 16), m = DynamicMaskTests.masks(shape), dout = numbers(shape.q.count, "dout")
    let dropout = Dropout(probability: 0.1, key: Dropout.Key(seed: 1, step: 1), site: 1)
    expectSameBits { run(shape, products: .bfloat16, on: $0).all }
    expectSameBits { run(shape, products: .bfloat16, dropout: dropout, on: $0).all }
    expectSameBits {
      DynamicMaskTests.run(shape, q: shape.q, k: shape.k, v: shape.v, m: m, window: 30, dout: dout, products: .bfloat16, on: $0).all
    }
  }
}
