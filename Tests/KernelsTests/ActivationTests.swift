import Glibc
import Kernels
import Testing

struct ActivationTests {
  static let shapes = [(1, 1), (3, 7), (2, 16), (5, 100)]

  @Test(arguments: shapes)
  func swiglu_equals_the_plain_version_and_its_gradient_finite_differences(_ rows: Int, _ width: Int) {
    let gateUp = numbers(2 * rows * width, "gu", deviation: 3), dh = numbers(rows * width, "dh")
    var h = [Float](repeating: 0, count: rows * width)
    SwiGLU.forward(&h, gateUp: gateUp, rows: rows, width: width, on: pair)
    expectClose(h, SwiGLU.plain(gateUp: doubles(gateUp), width: width))
    var dGateUp = gateUp, dhThenH = dh
    SwiGLU.backward(dGateUp: &dGateUp, dhThenH: &dhThenH, gateUp: gateUp, rows: rows, width: width, on: pair)
    expectClose(dGateUp, differences(at: doubles(gateUp)) { dot(SwiGLU.plain(gateUp: $0, width: width), doubles(dh)) })
    expectClose(dhThenH, doubles(h))
  }

  @Test func swiglu_in_bf16_is_swiglu_rounded() {
    let (rows, width) = (37, 129), gateUp = numbers(2 * rows * width, "gu", deviation: 3), dh = numbers(rows * width, "dh")
    func rounded(_ x: [Float]) -> [UInt16] {
      var y = [UInt16](repeating: 0, count: x.count)
      Conversion.floatToBFloat16(&y, x, count: x.count)
      return y
    }
    var h = [Float](repeating: 0, count: rows * width), dGateUp = gateUp, dhThenH = dh, kept = gateUp
    var h16 = [UInt16](repeating: 0, count: h.count), kept16 = [UInt16](repeating: 0, count: gateUp.count), dGateUp16 = kept16
    SwiGLU.forward(&h, gateUp: gateUp, rows: rows, width: width, on: pair)
    SwiGLU.forwardRounded(&h16, keeping: &kept16, gateUp: gateUp, rows: rows, width: width, on: pair)
    #expect(h16 == rounded(h) && kept16 == rounded(gateUp))
    Conversion.bfloat16ToFloat(&kept, kept16, count: kept.count)
    SwiGLU.backward(dGateUp: &dGateUp, dhThenH: &dhThenH, gateUp: kept, rows: rows, width: width, on: pair)
    SwiGLU.backwardRounded(dGateUp: &dGateUp16, &h16, dh: dh, gateUp: kept16, rows: rows, width: width, on: pair)
    #expect(dGateUp16 == rounded(dGateUp) && h16 == rounded(dhThenH))
  }

  @Test(arguments: [1, 15, 16, 333])
  func gelu_equals_the_plain_version_and_its_gradient_finite_differences(_ count: Int) {
    let x = numbers(count, "x", deviation: 3), dy = numbers(count, "dy")
    var y = x, dx = x, dyThenY = dy
    GELU.forward(&y, x, count: count, on: pair)
    expectClose(y, GELU.plain(doubles(x)))
    GELU.backward(dx: &dx, dyThenY: &dyThenY, x, count: count, on: pair)
    expectClose(dx, differences(at: doubles(x)) { dot(GELU.plain($0), doubles(dy)) })
    expectClose(dyThenY, doubles(y))
  }

  @Test func gelu_in_bf16_is_gelu_rounded_with_the_bias_before_it_and_the_gradient_of_that() {
    let (rows, width) = (37, 129), x = numbers(rows * width, "x", deviation: 3), dy = numbers(rows * width, "dy"),
      bias = numbers(width, "b")
    func rounded(_ x: [Float]) -> [UInt16] {
      var y = [UInt16](repeating: 0, count: x.count)
      Conversion.floatToBFloat16(&y, x, count: x.count)
      return y
    }
    var biased = x, y = x
    Bias.add(&biased, bias, rows: rows, width: width, on: pair)
    GELU.forward(&y, biased, count: x.count, on: pair)
    var y16 = [UInt16](repeating: 0, count: x.count), kept16 = y16, dx16 = y16
    GELU.forwardRounded(&y16, keeping: &kept16, x, bias: bias, rows: rows, width: width, on: pair)
    #expect(y16 == rounded(y) && kept16 == rounded(biased))

    var kept = x, dx = x, dyThenY = dy, dBias = bias, expected = bias
    var scratch = [Float](repeating: .nan, count: GELU.scratchCount(width: width))
    Conversion.bfloat16ToFloat(&kept, kept16, count: kept.count)
    GELU.backward(dx: &dx, dyThenY: &dyThenY, kept, count: kept.count, on: pair)
    Bias.backward(&expected, dx, rows: rows, width: width, on: pair)
    GELU.backwardRounded(dx: &dx16, &y16, dBias: &dBias, dy: dy, kept16, rows: rows, width: width, scratch: &scratch, on: pair)
    #expect(dx16 == rounded(dx) && y16 == rounded(dyThenY))
    expectClose(dBias, doubles(expected), tolerance: 1e-6)
    var again = dx16
    GELU.backwardRounded(dx: &again, &y16, dBias: nil, dy: dy, kept16, rows: rows, width: width, scratch: &scratch, on: pair)
    #expect(again == dx16)
  }

  @Test func a_gradient_is_rounded_and_summed_for_a_bias_in_one_pass() {
    let (rows, width) = (70, 129), dy = numbers(rows * width, "dy"), bias = numbers(width, "b")
    var half = [UInt16](repeating: 0, count: dy.count), expected = half, dBias = bias, sums = bias
    var scratch = [Float](repeating: .nan, count: Bias.scratchCount(width: width))
    Bias.backwardRounding(&half, &dBias, dy, rows: rows, width: width, scratch: &scratch, on: pair)
    Conversion.floatToBFloat16(&expected, dy, count: dy.count)
    Bias.backward(&sums, dy, rows: rows, width: width, on: pair)
    #expect(half == expected)
    expectClose(dBias, doubles(sums), tolerance: 1e-6)
  }

  @Test func activations_stay_finite_far_out() {
    let x: [Float] = [-1e30, -1000, -100, 0, 100, 1000, 1e30]
    var y = x, h = x
    GELU.forward(&y, x, count: x.count, on: pair)
    #expect(y[3...] == [0, 100, 1000, 1e30] && y[0..<3].allSatisfy { abs($0) < 1e-6 })
    SwiGLU.forward(&h, gateUp: x + [Float](repeating: 1, count: x.count), rows: 1, width: x.count, on: pair)
    #expect(h[3...] == [0, 100, 1000, 1e30] && h[1..<3].allSatisfy { abs($0) < 1e-6 })
  }

  @Test func exp_is_within_two_parts_in_ten_million_and_clamped_outside() {
    let x = (0...175_000).map { Float(-87 + Double($0) * 1e-3) }
    var y = x
    Elementwise.exp(&y, x, count: x.count, on: pair)
    let worst = zip(x, y).reduce(0.0) { max($0, abs(Double($1.1) / exp(Double($1.0)) - 1)) }
    #expect(worst < 2e-7)
    let far: [Float] = [-1e9, -100, 100, 1e9]
    var clamped = far
    Elementwise.exp(&clamped, far, count: 4, on: pair)
    #expect(clamped[0] == clamped[1] && clamped[0] > 0 && clamped[0] < 2e-38)
    #expect(clamped[2] == clamped[3] && clamped[2].isFinite && clamped[2] > 1e38)
  }

  @Test func elementwise_operations_are_what_they_say_with_any_number_of_threads() {
    let count = 40_001, a = numbers(count, "a"), b = numbers(count, "b")
    expectSameBits { team in
      var sum = a, scaled = a, both = a, cleared = a
      Elementwise.add(&sum, a, b, count: count, on: team)
      Elementwise.scale(&scaled, a, by: 0.5, count: count, on: team)
      Elementwise.accumulate(&both, b, count: count, on: team)
      Elementwise.clear(&cleared, count: count, on: team)
      #expect(sum == zip(a, b).map { $0 + $1 } && both == sum)
      #expect(scaled == a.map { $0 * 0.5 } && cleared.allSatisfy { $0 == 0 })
      return sum + scaled
    }
  }

  @Test func activations_give_the_same_bits_with_any_number_of_threads() {
    let rows = 300, width = 133, gateUp = numbers(2 * rows * width, "gu"), dh = numbers(rows * width, "dh")
    expectSameBits { team in
      var h = dh, dGateUp = gateUp, dhThenH = dh, gelu = gateUp, dgelu = gateUp
      SwiGLU.forward(&h, gateUp: gateUp, rows: rows, width: width, on: team)
      SwiGLU.backward(dGateUp: &dGateUp, dhThenH: &dhThenH, gateUp: gateUp, rows: rows, width: width, on: team)
      GELU.backward(dx: &dgelu, dyThenY: &gelu, gateUp, count: gateUp.count, on: team)
      return h + dGateUp + dhThenH + gelu + dgelu
    }
    let half = [UInt16](repeating: 0x3FA0, count: rows * width)
    expectSameBits { team in
      var dx = half, y = half, rounded = half, dBias = Array(dh[0..<width]), sums = dBias
      var scratch = [Float](repeating: 0, count: Bias.scratchCount(width: width))
      GELU.backwardRounded(dx: &dx, &y, dBias: &dBias, dy: dh, half, rows: rows, width: width, scratch: &scratch, on: team)
      Bias.backwardRounding(&rounded, &sums, dh, rows: rows, width: width, scratch: &scratch, on: team)
      return dBias + sums + (dx + y + rounded).map(Float.init)
    }
  }
}
