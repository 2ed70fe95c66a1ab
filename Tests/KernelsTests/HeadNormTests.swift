import Kernels
import Testing

struct HeadNormTests {
  /// Rows, heads, head size, floats of a row beside the heads.
  static let shapes = [(1, 1, 4, 0), (3, 2, 6, 5), (40, 3, 16, 7), (5, 4, 33, 0)]

  /// The plain version in double: each head is a row of RMSNorm, what lies beside the heads stays.
  private func plain(_ x: [Double], weight: [Double], rows: Int, heads: Int, beside: Int) -> [Double] {
    let width = heads * weight.count
    return (0..<rows).flatMap { row in
      let start = row * (width + beside)
      return RMSNorm.plain(Array(x[start..<start + width]), weight: weight, epsilon: 1e-2) + x[start + width..<start + width + beside]
    }
  }

  @Test(arguments: shapes)
  func each_head_is_normalised_by_itself(_ rows: Int, _ heads: Int, _ size: Int, _ beside: Int) {
    let stride = heads * size + beside, x = numbers(rows * stride, "x"), weight = numbers(size, "w")
    var y = x
    HeadNorm.forward(&y, x, weight: weight, epsilon: 1e-2, rows: rows, rowStride: stride, heads: heads, headSize: size, on: pair)
    expectClose(y, plain(doubles(x), weight: doubles(weight), rows: rows, heads: heads, beside: beside))
  }

  @Test(arguments: shapes)
  func the_gradients_are_finite_differences_the_weights_added(_ rows: Int, _ heads: Int, _ size: Int, _ beside: Int) {
    let stride = heads * size + beside
    let x = numbers(rows * stride, "x"), weight = numbers(size, "w"), dy = numbers(rows * stride, "dy")
    var dyThenDx = dy, dWeight = [Float](repeating: 2, count: size)
    var scratch = [Float](repeating: .nan, count: HeadNorm.scratchCount(headSize: size))
    HeadNorm.backward(
      dyThenDx: &dyThenDx, dWeight: &dWeight, x, weight: weight, epsilon: 1e-2, rows: rows, rowStride: stride, heads: heads,
      headSize: size, scratch: &scratch, on: pair)
    func loss(_ x: [Double], _ weight: [Double]) -> Double {
      dot(plain(x, weight: weight, rows: rows, heads: heads, beside: beside), doubles(dy))
    }
    expectClose(dyThenDx, differences(at: doubles(x)) { loss($0, doubles(weight)) })
    expectClose(dWeight, differences(at: doubles(weight)) { loss(doubles(x), $0) }.map { $0 + 2 })

    var frozen = dy
    HeadNorm.backward(
      dyThenDx: &frozen, dWeight: nil, x, weight: weight, epsilon: 1e-2, rows: rows, rowStride: stride, heads: heads, headSize: size,
      scratch: &scratch, on: pair)
    #expect(frozen == dyThenDx)
  }

  @Test func the_bits_are_the_same_with_any_number_of_threads() {
    let x = numbers(500 * 64, "x"), weight = numbers(16, "w")
    expectSameBits { team in
      var y = x, dx = x, dWeight = weight, scratch = [Float](repeating: 0, count: HeadNorm.scratchCount(headSize: 16))
      HeadNorm.forward(&y, x, weight: weight, epsilon: 1e-5, rows: 500, rowStride: 64, heads: 4, headSize: 16, on: team)
      HeadNorm.backward(
        dyThenDx: &dx, dWeight: &dWeight, x, weight: weight, epsilon: 1e-5, rows: 500, rowStride: 64, heads: 4, headSize: 16,
        scratch: &scratch, on: team)
      return y + dx + dWeight
    }
  }
}
