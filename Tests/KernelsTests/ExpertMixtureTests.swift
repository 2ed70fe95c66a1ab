import Glibc
import Kernels
import Testing

struct ExpertMixtureTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    let tokens, keys, chosen, width: Int
    let split: ExpertMixture.Split

    init(_ tokens: Int, _ keys: Int, _ chosen: Int, _ width: Int, _ split: ExpertMixture.Split = .fixed) {
      (self.tokens, self.keys, self.chosen, self.width, self.split) = (tokens, keys, chosen, width, split)
    }

    var mixture: ExpertMixture { ExpertMixture(keys: keys, chosen: chosen, width: width, split: split) }
    var x: [Float] { numbers(tokens * width, "x") }
    var logits: [Float] { numbers(tokens * 2 * keys, "logits") }
    var down: [Float] { numbers(keys * keys * width, "down") }
    var up: [Float] { numbers(keys * keys * width, "up") }
    var testDescription: String { "\(tokens) tokens, \(chosen) of \(keys)², width \(width), \(split)" }

    /// What the plain version adds for all tokens.
    func plain(_ x: [Double], _ logits: [Double], _ down: [Double], _ up: [Double]) -> [Double] {
      (0..<tokens).flatMap { token in
        let first = split == .fixed ? 2 * token * keys : token * keys
        let second = split == .fixed ? first + keys : (tokens + token) * keys
        return mixture.plain(
          x: Array(x[token * width..<(token + 1) * width]),
          scores: (Array(logits[first..<first + keys]), Array(logits[second..<second + keys])), down: down, up: up)
      }
    }
  }

  struct Result {
    var out, dx, dLogits, dDown, dUp: [Float]
    var experts: [Int32]
  }

  static func run(_ shape: Shape, dout: [Float], on team: ThreadTeam = pair) -> Result {
    let mixture = shape.mixture, x = shape.x, logits = shape.logits, down = shape.down, up = shape.up, count = shape.tokens * shape.chosen
    var result = Result(
      out: x.map { _ in 1 }, dx: x.map { _ in 2 }, dLogits: logits, dDown: down.map { _ in 3 }, dUp: up.map { _ in 4 },
      experts: [Int32](repeating: -1, count: count))
    var weights = [Float](repeating: .nan, count: count), inner = weights, dInner = weights, active = weights
    var scratch = [Float](repeating: .nan, count: mixture.scratchCount(on: team))
    mixture.choose(experts: &result.experts, weights: &weights, logits: logits, tokens: shape.tokens, scratch: &scratch, on: team)
    mixture.forward(
      &result.out, inner: &inner, x, experts: result.experts, weights: weights, down: down, up: up, tokens: shape.tokens, on: team)
    mixture.backward(
      dx: &result.dx, dLogits: &result.dLogits, dInner: &dInner, active: &active, dout: dout, inner: inner, experts: result.experts,
      weights: weights, down: down, up: up, tokens: shape.tokens, on: team)
    mixture.scatter(&result.dUp, factors: active, dout, experts: result.experts, tokens: shape.tokens, on: team)
    mixture.scatter(&result.dDown, factors: dInner, x, experts: result.experts, tokens: shape.tokens, on: team)
    return result
  }

  static let shapes = [
    Shape(1, 1, 1, 4), Shape(5, 3, 2, 6), Shape(5, 3, 9, 6), Shape(7, 4, 4, 17, .hf), Shape(6, 5, 3, 8, .hf), Shape(40, 16, 12, 33),
  ]

  @Test(arguments: shapes)
  func the_chosen_experts_and_what_they_add_are_those_of_the_plain_version(_ shape: Shape) {
    let result = Self.run(shape, dout: shape.x)
    expectClose(result.out, shape.plain(doubles(shape.x), doubles(shape.logits), doubles(shape.down), doubles(shape.up)).map { $0 + 1 })
    #expect(result.experts.allSatisfy { (0..<Int32(shape.keys * shape.keys)).contains($0) })
  }

  @Test(arguments: shapes)
  func gradients_are_finite_differences_those_of_weights_added(_ shape: Shape) {
    let dout = numbers(shape.tokens * shape.width, "dout"), result = Self.run(shape, dout: dout)
    let inputs = [shape.x, shape.logits, shape.down, shape.up].map(doubles)
    let gradients = [result.dx, result.dLogits, result.dDown, result.dUp], before = [2.0, 0, 3, 4]
    for (index, gradient) in gradients.enumerated() {
      let own = doubles(gradient).map { $0 - before[index] }
      for direction in 0..<3 {
        let along = doubles(numbers(inputs[index].count, "direction \(direction)"))
        func loss(_ step: Double) -> Double {
          var moved = inputs
          moved[index] = zip(moved[index], along).map { $0 + step * $1 }  // too little to change the choice
          return dot(shape.plain(moved[0], moved[1], moved[2], moved[3]), doubles(dout))
        }
        let slope = (loss(1e-6) - loss(-1e-6)) / 2e-6
        #expect(abs(slope - dot(own, along)) < 1e-4 * max(dot(own, own).squareRoot(), 1e-2), "input \(index)")
      }
    }
  }

  @Test func equal_sums_go_to_the_first_experts() {
    let mixture = ExpertMixture(keys: 4, chosen: 3, width: 1, split: .fixed)
    var experts = [Int32](repeating: -1, count: 3), weights = [Float](repeating: 0, count: 3)
    var scratch = [Float](repeating: 0, count: mixture.scratchCount(on: pair))
    mixture.choose(
      experts: &experts, weights: &weights, logits: [Float](repeating: 0.5, count: 8), tokens: 1, scratch: &scratch, on: pair)
    #expect(experts == [0, 1, 2] && weights.allSatisfy { abs($0 - 1 / 3) < 1e-6 })
  }

  @Test func the_bits_are_the_same_with_any_number_of_threads() {
    let shape = Shape(300, 8, 6, 100), dout = numbers(300 * 100, "dout")
    expectSameBits { team in
      let result = Self.run(shape, dout: dout, on: team)
      return result.out + result.dx + result.dLogits + result.dDown + result.dUp
    }
  }

  @Test(arguments: [Shape(6, 3, 2, 1), Shape(7, 4, 5, 1, .hf)])
  func the_balance_is_that_of_its_definition_and_has_its_gradient(_ shape: Shape) throws {
    let layers = [numbers(shape.tokens * 2 * shape.keys, "first"), numbers(shape.tokens * 2 * shape.keys, "second")]
    let mixture = shape.mixture, n = shape.keys
    var balance = try RouterBalance(mixture, experts: n * n, capacity: shape.tokens)
    var chosen: [[Int32]] = []
    balance.reset(on: pair)
    for logits in layers {
      var experts = [Int32](repeating: 0, count: shape.tokens * shape.chosen), weights = [Float](repeating: 0, count: experts.count)
      var scratch = [Float](repeating: 0, count: mixture.scratchCount(on: pair))
      mixture.choose(experts: &experts, weights: &weights, logits: logits, tokens: shape.tokens, scratch: &scratch, on: pair)
      balance.add(logits: logits, experts: experts, tokens: shape.tokens, on: pair)
      chosen.append(experts)
    }
    /// E Σ f P, with the softmax over all n² sums made for each token.
    func plain(_ layers: [[Double]]) -> Double {
      var parts = [Double](repeating: 0, count: n * n), probabilities = parts
      for experts in chosen { for expert in experts { parts[Int(expert)] += 1 } }
      for logits in layers {
        for token in 0..<shape.tokens {
          let x = shape.split == .fixed ? 2 * token * n : token * n, y = shape.split == .fixed ? x + n : (shape.tokens + token) * n
          let sums = (0..<n * n).map { exp(logits[x + $0 / n] + logits[y + $0 % n]) }, total = sums.reduce(0, +)
          for expert in 0..<n * n { probabilities[expert] += sums[expert] / total }
        }
      }
      let tokens = Double(2 * shape.tokens)
      return Double(n * n) * zip(parts, probabilities).reduce(0) { $0 + $1.0 / (tokens * Double(shape.chosen)) * $1.1 / tokens }
    }
    #expect(abs(balance.loss - plain(layers.map(doubles))) < 1e-5)
    for layer in 0..<2 {
      var dLogits = [Float](repeating: 1, count: layers[layer].count)
      balance.backward(dLogits: &dLogits, logits: layers[layer], factor: 3, tokens: shape.tokens, on: pair)
      let expected = differences(at: doubles(layers[layer])) { moved in
        plain(layer == 0 ? [moved, doubles(layers[1])] : [doubles(layers[0]), moved])
      }
      expectClose(dLogits, expected.map { 1 + 3 * $0 })
    }
    balance.reset(on: pair)
    #expect(balance.loss == 0)
  }
}
