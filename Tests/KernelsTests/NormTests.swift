import Kernels
import Testing

struct NormTests {
  static let shapes = [(1, 1), (1, 16), (5, 17), (33, 64), (40, 100), (2, 33)]

  @Test(arguments: shapes)
  func rms_norm_equals_the_plain_version_and_adds_the_residual_first(_ rows: Int, _ width: Int) {
    let x = numbers(rows * width, "x"), residual = numbers(rows * width, "r"), weight = numbers(width, "w")
    var y = x, rstd = [Float](repeating: 0, count: rows), stream = x
    RMSNorm.forward(&y, rstd: &rstd, &stream, weight: weight, epsilon: 1e-5, rows: rows, width: width, on: pair)
    expectClose(y, RMSNorm.plain(doubles(x), weight: doubles(weight), epsilon: 1e-5))
    #expect(stream == x)
    RMSNorm.forward(&y, rstd: &rstd, &stream, adding: residual, weight: weight, epsilon: 1e-5, rows: rows, width: width, on: pair)
    let sum = zip(x, residual).map { $0 + $1 }
    #expect(stream == sum)
    expectClose(y, RMSNorm.plain(doubles(sum), weight: doubles(weight), epsilon: 1e-5))
  }

  @Test(arguments: shapes)
  func rms_norms_gradients_are_finite_differences_and_are_added(_ rows: Int, _ width: Int) {
    let x = numbers(rows * width, "x"), weight = numbers(width, "w"), dy = numbers(rows * width, "dy")
    var y = x, rstd = [Float](repeating: 0, count: rows), stream = x
    RMSNorm.forward(&y, rstd: &rstd, &stream, weight: weight, epsilon: 1e-2, rows: rows, width: width, on: pair)
    var dx = [Float](repeating: 1, count: x.count), dWeight = [Float](repeating: 2, count: width), dyThenY = dy
    var scratch = [Float](repeating: .nan, count: RMSNorm.scratchCount(width: width))
    RMSNorm.backward(
      dx: &dx, dWeight: &dWeight, dyThenY: &dyThenY, x, rstd: rstd, weight: weight, rows: rows, width: width, scratch: &scratch, on: pair)
    expectClose(
      dx, differences(at: doubles(x)) { dot(RMSNorm.plain($0, weight: doubles(weight), epsilon: 1e-2), doubles(dy)) }.map { $0 + 1 })
    expectClose(
      dWeight, differences(at: doubles(weight)) { dot(RMSNorm.plain(doubles(x), weight: $0, epsilon: 1e-2), doubles(dy)) }.map { $0 + 2 })
    expectClose(dyThenY, doubles(y))
  }

  @Test func rms_norm_in_bf16_is_rms_norm_rounded() {
    let (rows, width) = (70, 129)
    let x = numbers(rows * width, "x"), residual = numbers(rows * width, "r"), weight = numbers(width, "w"),
      dy = numbers(rows * width, "dy")
    func rounded(_ x: [Float]) -> [UInt16] {
      var y = [UInt16](repeating: 0, count: x.count)
      Conversion.floatToBFloat16(&y, x, count: x.count)
      return y
    }
    var y = x, untouched = x, rstd = [Float](repeating: 0, count: rows), stream = x, other = x
    var y16 = [UInt16](repeating: 0, count: x.count), dx16 = y16
    RMSNorm.forward(&y, rstd: &rstd, &stream, adding: residual, weight: weight, epsilon: 1e-5, rows: rows, width: width, on: pair)
    RMSNorm.forward(
      &untouched, rounded: &y16, rstd: &rstd, &other, adding: residual, weight: weight, epsilon: 1e-5, rows: rows, width: width, on: pair)
    #expect(y16 == rounded(y) && other == stream && untouched == x)
    var dx = x, dWeight = weight, dyThenY = dy, otherDx = x, otherDWeight = weight, otherDy = dy
    var scratch = [Float](repeating: 0, count: RMSNorm.scratchCount(width: width))
    RMSNorm.backward(
      dx: &dx, dWeight: &dWeight, dyThenY: &dyThenY, stream, rstd: rstd, weight: weight, rows: rows, width: width, scratch: &scratch,
      on: pair)
    y16.withUnsafeMutableBufferPointer { y16 in
      dx16.withUnsafeMutableBufferPointer { dx16 in
        RMSNorm.backward(
          dx: &otherDx, dWeight: &otherDWeight, dyThenY: &otherDy, stream, rstd: rstd, weight: weight, rows: rows, width: width,
          scratch: &scratch, rounded: RoundedResults(dx: dx16.baseAddress!, y: y16.baseAddress!), on: pair)  // not empty
      }
    }
    expectClose(otherDx, doubles(dx), tolerance: 1e-6)
    expectClose(otherDWeight, doubles(dWeight), tolerance: 1e-6)
    #expect(dx16 == rounded(otherDx) && y16 == rounded(dyThenY))
  }

  @Test(arguments: shapes)
  func layer_norm_equals_the_plain_version_and_adds_the_residual_first(_ rows: Int, _ width: Int) {
    let x = numbers(rows * width, "x").map { $0 + 3 }, residual = numbers(rows * width, "r")
    let weight = numbers(width, "w"), bias = numbers(width, "b")
    var y = x, statistics = [Float](repeating: 0, count: 2 * rows), stream = x
    LayerNorm.forward(
      &y, statistics: &statistics, &stream, weight: weight, bias: bias, epsilon: 1e-5, rows: rows, width: width, on: pair)
    expectClose(y, LayerNorm.plain(doubles(x), weight: doubles(weight), bias: doubles(bias), epsilon: 1e-5))
    LayerNorm.forward(
      &y, statistics: &statistics, &stream, adding: residual, weight: weight, bias: bias, epsilon: 1e-5, rows: rows, width: width, on: pair)
    let sum = zip(x, residual).map { $0 + $1 }
    #expect(stream == sum)
    expectClose(y, LayerNorm.plain(doubles(sum), weight: doubles(weight), bias: doubles(bias), epsilon: 1e-5))
  }

  @Test(arguments: shapes)
  func layer_norms_gradients_are_finite_differences_and_are_added(_ rows: Int, _ width: Int) {
    let x = numbers(rows * width, "x"), weight = numbers(width, "w"), bias = numbers(width, "b"), dy = numbers(rows * width, "dy")
    var y = x, statistics = [Float](repeating: 0, count: 2 * rows), stream = x
    LayerNorm.forward(
      &y, statistics: &statistics, &stream, weight: weight, bias: bias, epsilon: 1e-2, rows: rows, width: width, on: pair)
    var dx = [Float](repeating: 1, count: x.count), dWeight = [Float](repeating: 2, count: width)
    var dBias = [Float](repeating: 3, count: width), dyThenY = dy
    var scratch = [Float](repeating: .nan, count: LayerNorm.scratchCount(width: width))
    LayerNorm.backward(
      dx: &dx, dWeight: &dWeight, dBias: &dBias, dyThenY: &dyThenY, x, statistics: statistics, weight: weight, bias: bias, rows: rows,
      width: width, scratch: &scratch, on: pair)
    func loss(_ x: [Double], _ weight: [Double], _ bias: [Double]) -> Double {
      dot(LayerNorm.plain(x, weight: weight, bias: bias, epsilon: 1e-2), doubles(dy))
    }
    expectClose(dx, differences(at: doubles(x)) { loss($0, doubles(weight), doubles(bias)) }.map { $0 + 1 })
    expectClose(dWeight, differences(at: doubles(weight)) { loss(doubles(x), $0, doubles(bias)) }.map { $0 + 2 })
    expectClose(dBias, differences(at: doubles(bias)) { loss(doubles(x), doubles(weight), $0) }.map { $0 + 3 })
    expectClose(dyThenY, doubles(y))
  }

  @Test func layer_norm_in_bf16_is_layer_norm_rounded() {
    let (rows, width) = (70, 129)
    let x = numbers(rows * width, "x"), residual = numbers(rows * width, "r"), weight = numbers(width, "w"), bias = numbers(width, "b"),
      dy = numbers(rows * width, "dy")
    func rounded(_ x: [Float]) -> [UInt16] {
      var y = [UInt16](repeating: 0, count: x.count)
      Conversion.floatToBFloat16(&y, x, count: x.count)
      return y
    }
    var y = x, untouched = x, statistics = [Float](repeating: 0, count: 2 * rows), stream = x, other = x
    var y16 = [UInt16](repeating: 0, count: x.count), dx16 = y16
    LayerNorm.forward(
      &y, statistics: &statistics, &stream, adding: residual, weight: weight, bias: bias, epsilon: 1e-5, rows: rows, width: width, on: pair)
    LayerNorm.forward(
      &untouched, rounded: &y16, statistics: &statistics, &other, adding: residual, weight: weight, bias: bias, epsilon: 1e-5, rows: rows,
      width: width, on: pair)
    #expect(y16 == rounded(y) && other == stream && untouched == x)
    var dx = x, dWeight = weight, dBias = bias, dyThenY = dy, otherDx = x, otherDWeight = weight, otherDBias = bias, otherDy = dy
    var scratch = [Float](repeating: 0, count: LayerNorm.scratchCount(width: width))
    LayerNorm.backward(
      dx: &dx, dWeight: &dWeight, dBias: &dBias, dyThenY: &dyThenY, stream, statistics: statistics, weight: weight, bias: bias, rows: rows,
      width: width, scratch: &scratch, on: pair)
    y16.withUnsafeMutableBufferPointer { y16 in
      dx16.withUnsafeMutableBufferPointer { dx16 in
        LayerNorm.backward(
          dx: &otherDx, dWeight: &otherDWeight, dBias: &otherDBias, dyThenY: &otherDy, stream, statistics: statistics, weight: weight,
          bias: bias, rows: rows, width: width, scratch: &scratch,
          rounded: RoundedResults(dx: dx16.baseAddress!, y: y16.baseAddress!), on: pair)  // not empty
      }
    }
    expectClose(otherDx, doubles(dx), tolerance: 1e-6)
    expectClose(otherDWeight, doubles(dWeight), tolerance: 1e-6)
    expectClose(otherDBias, doubles(dBias), tolerance: 1e-6)
    #expect(dx16 == rounded(otherDx) && y16 == rounded(dyThenY))
  }

  @Test func norms_give_the_same_bits_with_any_number_of_threads() {
    let rows = 1000, width = 100
    let x = numbers(rows * width, "x"), weight = numbers(width, "w"), bias = numbers(width, "b"), dy = numbers(rows * width, "dy")
    expectSameBits { team in
      var y = x, rstd = [Float](repeating: 0, count: rows), stream = x, dx = x, dWeight = weight, dyThenY = dy
      var scratch = [Float](repeating: 0, count: RMSNorm.scratchCount(width: width))
      RMSNorm.forward(&y, rstd: &rstd, &stream, weight: weight, epsilon: 1e-5, rows: rows, width: width, on: team)
      RMSNorm.backward(
        dx: &dx, dWeight: &dWeight, dyThenY: &dyThenY, x, rstd: rstd, weight: weight, rows: rows, width: width, scratch: &scratch, on: team)
      return y + dx + dWeight + dyThenY
    }
    expectSameBits { team in
      var y = x, statistics = [Float](repeating: 0, count: 2 * rows), stream = x, dx = x, dWeight = weight, dBias = bias, dyThenY = dy
      var scratch = [Float](repeating: 0, count: LayerNorm.scratchCount(width: width))
      LayerNorm.forward(
        &y, statistics: &statistics, &stream, weight: weight, bias: bias, epsilon: 1e-5, rows: rows, width: width, on: team)
      LayerNorm.backward(
        dx: &dx, dWeight: &dWeight, dBias: &dBias, dyThenY: &dyThenY, x, statistics: statistics, weight: weight, bias: bias, rows: rows,
        width: width, scratch: &scratch, on: team)
      return y + dx + dWeight + dBias + dyThenY
    }
  }
}
