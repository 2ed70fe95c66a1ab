import Kernels
import Testing

struct OptimiserTests {
  @Test func adamw_equals_the_plain_version_over_several_steps() {
    let count = 1003, optimiser = AdamW(beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1)
    var p = numbers(count, "p"), m = [Float](repeating: 0, count: count), v = m
    var plain = p.map { (p: Double($0), m: 0.0, v: 0.0) }
    for step in 1...5 {
      var g = numbers(count, "g\(step)")
      let scale: Float = step == 2 ? 0.5 : 1
      for index in plain.indices {
        plain[index] = optimiser.plain(
          p: plain[index].p, g: Double(g[index] * scale), m: plain[index].m, v: plain[index].v, step: step, learningRate: 1e-2)
      }
      let before = g
      optimiser.update(
        &p, gradients: &g, firstMoment: &m, secondMoment: &v, count: count, step: step, learningRate: 1e-2, gradientScale: scale,
        clearingGradients: step == 3, on: pair)
      #expect(step == 3 ? g.allSatisfy { $0 == 0 } : g == before)
    }
    expectClose(p, plain.map(\.p), tolerance: 1e-6)
    expectClose(m, plain.map(\.m), tolerance: 1e-6)
    expectClose(v, plain.map(\.v), tolerance: 1e-6)
  }

  @Test func without_decay_the_weight_decay_is_left_out() {
    var decayed: [Float] = [1], spared: [Float] = [1], g: [Float] = [0], m: [Float] = [0], v: [Float] = [0]
    let optimiser = AdamW(weightDecay: 0.5)
    optimiser.update(&decayed, gradients: &g, firstMoment: &m, secondMoment: &v, count: 1, step: 1, learningRate: 0.1, on: pair)
    optimiser.update(
      &spared, gradients: &g, firstMoment: &m, secondMoment: &v, count: 1, step: 1, learningRate: 0.1, decays: false, on: pair)
    #expect(abs(decayed[0] - 0.95) < 1e-6 && spared == [1])
  }

  @Test func adamw_and_the_gradient_norm_give_the_same_bits_with_any_number_of_threads() {
    let count = 300_000, p = numbers(count, "p"), g = numbers(count, "g")
    expectSameBits { team in
      var (p, g) = (p, g), m = [Float](repeating: 0, count: count), v = m
      AdamW(weightDecay: 0.1).update(
        &p, gradients: &g, firstMoment: &m, secondMoment: &v, count: count, step: 1, learningRate: 1e-3, on: team)
      let norm = GradientNorm.norm(g, count: count, on: team)
      return p + m + v + [Float(bitPattern: UInt32(truncatingIfNeeded: norm.bitPattern)), Float(norm)]
    }
  }

  @Test func the_gradient_norm_is_the_root_of_the_sum_of_squares() {
    for count in [0, 1, 15, 65_536, 150_000] {
      let g = numbers(count, "g")
      let expected = g.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(GradientNorm.norm(g, count: count, on: pair) - expected) <= 1e-12 * expected)
    }
  }

  @Test func clipping_scales_norms_above_the_maximum_only() {
    #expect(GradientNorm.clippingFactor(norm: 0.5, maximum: 1) == 1)
    #expect(abs(GradientNorm.clippingFactor(norm: 4, maximum: 1) - 0.25) < 1e-6)
    #expect(GradientNorm.clippingFactor(norm: 0, maximum: 1) == 1)
  }

  @Test func lion_equals_the_plain_version_over_several_steps() {
    let count = 1003, optimiser = Lion(beta1: 0.9, beta2: 0.99, weightDecay: 0.1)
    var p = numbers(count, "p"), m = [Float](repeating: 0, count: count)
    var plain = p.map { (p: Double($0), m: 0.0) }
    for step in 1...5 {
      var g = numbers(count, "g\(step)")
      for index in plain.indices {
        plain[index] = optimiser.plain(p: plain[index].p, g: Double(g[index]) / 2, m: plain[index].m, learningRate: 1e-2)
      }
      optimiser.update(&p, gradients: &g, moment: &m, count: count, learningRate: 1e-2, gradientScale: 0.5, on: pair)
      #expect(g.allSatisfy { $0 == 0 })
    }
    expectClose(p, plain.map(\.p), tolerance: 1e-5)
    expectClose(m, plain.map(\.m), tolerance: 1e-6)
  }

  /// A matrix, a vector, and a matrix whose update is clipped.
  @Test(arguments: [(7, 33, 1.0), (1, 50, 1.0), (40, 12, 60.0)])
  func adafactor_equals_the_plain_version_over_several_steps(rows: Int, columns: Int, size: Float) {
    let optimiser = Adafactor(weightDecay: 0.1), count = rows * columns
    var p = numbers(count, "p"), rowMoment = [Float](repeating: 0, count: rows), columnMoment = [Float](repeating: 0, count: columns)
    func matrix(_ values: [Float]) -> [[Double]] { (0..<rows).map { row in values[row * columns..<(row + 1) * columns].map(Double.init) } }
    var plain = (
      p: matrix(p), rows: rows > 1 ? [Double](repeating: 0, count: rows) : nil, columns: [Double](repeating: 0, count: columns)
    )
    for step in 1...4 {
      // Of the second step on greater: the update is clipped.
      var g = numbers(count, "g\(step)").map { step == 2 ? $0 * size : $0 }
      plain = optimiser.plain(p: plain.p, g: matrix(g), rows: plain.rows, columns: plain.columns, step: step, learningRate: 1e-2)
      p.withUnsafeMutableBufferPointer { p in
        g.withUnsafeMutableBufferPointer { g in
          rowMoment.withUnsafeMutableBufferPointer { r in
            columnMoment.withUnsafeMutableBufferPointer { c in
              guard let p = p.baseAddress, let g = g.baseAddress, let c = c.baseAddress else { return }
              optimiser.update(
                Adafactor.Tensor(
                  parameters: p, gradients: g, rows: rows, columns: columns, rowMoment: rows > 1 ? r.baseAddress : nil, columnMoment: c,
                  decays: true), step: step, learningRate: 1e-2, on: pair)
            }
          }
        }
      }
      #expect(g.allSatisfy { $0 == 0 })
    }
    expectClose(p, plain.p.flatMap(\.self), tolerance: 1e-5)
    expectClose(columnMoment, plain.columns, tolerance: 1e-5 * Double(size * size))
    if let rows = plain.rows { expectClose(rowMoment, rows, tolerance: 1e-5 * Double(size * size)) }
  }

  @Test func lion_and_adafactor_give_the_same_bits_with_any_number_of_threads() {
    let rows = 300, columns = 1_000, count = rows * columns, p = numbers(count, "p"), g = numbers(count, "g")
    expectSameBits { team in
      var (first, gradient) = (p, g), m = [Float](repeating: 0, count: count)
      Lion(weightDecay: 0.1).update(&first, gradients: &gradient, moment: &m, count: count, learningRate: 1e-3, on: team)
      var (second, again) = (p, g), r = [Float](repeating: 0, count: rows), c = [Float](repeating: 0, count: columns)
      second.withUnsafeMutableBufferPointer { p in
        again.withUnsafeMutableBufferPointer { g in
          r.withUnsafeMutableBufferPointer { r in
            c.withUnsafeMutableBufferPointer { c in
              guard let p = p.baseAddress, let g = g.baseAddress, let c = c.baseAddress else { return }
              Adafactor().update(
                Adafactor.Tensor(
                  parameters: p, gradients: g, rows: rows, columns: columns, rowMoment: r.baseAddress, columnMoment: c, decays: true),
                step: 2, learningRate: 1e-3, on: team)
            }
          }
        }
      }
      return first + m + second + r + c
    }
  }
}
