import Kernels
import Testing

struct DropoutTests {
  let key = Dropout.Key(seed: 42, step: 9)

  private func dropped(_ dropout: Dropout, _ x: [Float], on team: ThreadTeam = pair) -> [Float] {
    var y = x
    dropout.apply(&y, x, count: x.count, on: team)
    return y
  }

  @Test(arguments: [0.1, 0.5, 0.9])
  func the_stated_part_is_dropped_and_the_rest_scaled_to_keep_the_mean(_ probability: Double) throws {
    let dropout = try #require(Dropout(probability: probability, key: key, site: 1))
    let ones = [Float](repeating: 1, count: 200_000), y = dropped(dropout, ones)
    let part = Double(y.count { $0 == 0 }) / Double(y.count)
    #expect(abs(part - probability) < 0.005)
    let kept = Set(y).subtracting([0]), factor = Double(try #require(kept.first))
    #expect(kept.count == 1 && abs(factor * (1 - probability) - 1) < 1e-4)
    let mean = y.reduce(0) { $0 + Double($1) } / Double(y.count)
    #expect(abs(mean - 1) < 0.02 / (1 - probability))
  }

  @Test func decisions_depend_on_seed_step_site_and_element_and_on_nothing_else() throws {
    let x = numbers(70_000, "x")
    func run(_ seed: UInt64, _ step: UInt32, _ site: UInt32) throws -> [Float] {
      dropped(try #require(Dropout(probability: 0.5, key: Dropout.Key(seed: seed, step: step), site: site)), x)
    }
    let y = try run(1, 1, 1)
    #expect(try run(1, 1, 1) == y)
    for other in try [run(2, 1, 1), run(1, 2, 1), run(1, 1, 2), run(1 << 40 | 1, 1, 1)] {
      let same = Double(zip(y, other).count { ($0 == 0) == ($1 == 0) }) / Double(y.count)
      #expect(abs(same - 0.5) < 0.01)
    }
    // Neighbours are independent too.
    let runs = Double(zip(y, y.dropFirst()).count { ($0 == 0) == ($1 == 0) }) / Double(y.count)
    #expect(abs(runs - 0.5) < 0.01)
  }

  @Test func a_gradient_gets_the_mask_of_forward_in_place() throws {
    let dropout = try #require(Dropout(probability: 0.2, key: key, site: 3))
    let x = numbers(1000, "x"), dy = numbers(1000, "dy"), y = dropped(dropout, x)
    var dx = dy
    dx.withUnsafeMutableBufferPointer { dropout.apply($0.baseAddress!, $0.baseAddress!, count: 1000, on: pair) }  // not empty
    for index in x.indices { #expect(abs(dx[index] / dy[index] - y[index] / x[index]) < 1e-5) }
  }

  @Test func probability_zero_is_no_dropout() {
    #expect(Dropout(probability: 0, key: key, site: 0) == nil)
  }

  @Test func dropout_gives_the_same_bits_with_any_number_of_threads() throws {
    let dropout = try #require(Dropout(probability: 0.3, key: key, site: 3)), x = numbers(50_001, "x")
    expectSameBits { dropped(dropout, x, on: $0) }
  }
}

struct CounterRandomTests {
  /// Known answers for seven rounds: kat_vectors of the Random123 library.
  @Test func words_are_philox() {
    let zero = CounterRandom(seed: 0, stream: 0).words(at: 0)
    #expect(zero == (0x5f6f_b709, 0x0d89_3f64, 0x4f12_1f81, 0x4f73_0a48))
    let ones = CounterRandom(seed: .max, stream: .max).words(at: .max)
    #expect(ones == (0x5207_ddc2, 0x4516_5e59, 0x4d8e_e751, 0x8c52_f662))
  }

  @Test func normals_have_mean_0_and_deviation_1() {
    let random = CounterRandom(seed: 3, name: "tensor")
    var sum = 0.0, squares = 0.0, beyond = 0
    for index in 0..<50_000 {
      let (a, b) = random.normals(at: UInt64(index))
      sum += a + b
      squares += a * a + b * b
      beyond += (abs(a) > 1.959964 ? 1 : 0) + (abs(b) > 1.959964 ? 1 : 0)
    }
    #expect(abs(sum / 1e5) < 0.01 && abs(squares / 1e5 - 1) < 0.02 && abs(Double(beyond) / 1e5 - 0.05) < 0.003)
  }

  @Test func filling_gives_the_same_numbers_with_any_number_of_threads_and_any_length() {
    let random = CounterRandom(seed: 3, name: "tensor")
    expectSameBits { team in
      var x = [Float](repeating: 0, count: 10_001)
      random.fillNormal(&x, count: x.count, deviation: 0.02, on: team)
      return x
    }
    var short = [Float](repeating: 0, count: 33), long = [Float](repeating: 0, count: 9000)
    random.fillNormal(&short, count: 33, deviation: 1, on: pair)
    random.fillNormal(&long, count: 9000, deviation: 1, on: pair)
    #expect(short[...] == long[..<33])
  }

  @Test func uniforms_lie_in_0_to_1_and_streams_differ() {
    let one = CounterRandom(seed: 3, stream: 1), two = CounterRandom(seed: 3, stream: 2)
    let values = (0..<10_000).map { one.uniform(at: UInt64($0)) }
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 } && abs(doubles(values.map(Float.init)).reduce(0, +) / 1e4 - 0.5) < 0.01)
    #expect((0..<100).allSatisfy { one.uniform(at: $0) != two.uniform(at: $0) })
  }
}
