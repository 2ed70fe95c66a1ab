import Kernels
import Testing

/// Small products in bf16: rounding into pairs to the bit, sums against the plain version in double.
struct PairProductTests {
  private func rounded(_ x: [Float]) -> [UInt16] {
    var y = [UInt16](repeating: 0, count: x.count)
    Conversion.floatToBFloat16(&y, x, count: x.count)
    return y
  }

  private func widened(_ x: UInt32) -> Double { Double(Float(bitPattern: x << 16)) }

  @Test(arguments: [1, 2, 15, 16, 17, 34], [16, 32, 48, 112])
  func numbers_are_rounded_into_pairs(_ rows: Int, _ width: Int) {
    let stride = width + 3, x = numbers(rows * stride, "x"), scaled = rounded(x.map { 0.3 * $0 }), exact = rounded(x)
    func pair(_ low: UInt16, _ high: UInt16) -> UInt32 { UInt32(low) | UInt32(high) << 16 }

    var along = [UInt32](repeating: 7, count: rows * width / 2)
    PairProduct.alongRows(&along, x, rows: rows, width: width, strideX: stride, scale: 0.3)
    for row in 0..<rows {
      for p in 0..<width / 2 {
        #expect(along[row * width / 2 + p] == pair(scaled[row * stride + 2 * p], scaled[row * stride + 2 * p + 1]), "\(row), \(p)")
      }
    }

    let apart = width + 5
    var across = [UInt32](repeating: 7, count: (rows + 1) / 2 * apart)
    PairProduct.acrossRows(&across, strideY: apart, x, rows: rows, width: width, strideX: stride, scale: 0.3)
    for p in 0..<(rows + 1) / 2 {
      for column in 0..<width {
        let high = 2 * p + 1 < rows ? scaled[(2 * p + 1) * stride + column] : 0
        #expect(across[p * apart + column] == pair(scaled[2 * p * stride + column], high), "\(p), \(column)")
      }
      #expect(across[p * apart + width..<(p + 1) * apart].allSatisfy { $0 == 7 })
    }

    let wide = rows + 2
    var turned = [UInt32](repeating: 7, count: width / 2 * wide)
    PairProduct.turned(&turned, strideY: wide, x, rows: rows, width: width, strideX: stride)
    for p in 0..<width / 2 {
      for row in 0..<rows {
        #expect(turned[p * wide + row] == pair(exact[row * stride + 2 * p], exact[row * stride + 2 * p + 1]), "\(p), \(row)")
      }
      #expect(turned[p * wide + rows..<(p + 1) * wide].allSatisfy { $0 == 7 })
    }
  }

  @Test(arguments: [
    (1, 16, 1), (2, 32, 16), (7, 48, 63), (13, 64, 64), (6, 80, 65), (64, 144, 130), (9, 112, 200), (16, 16, 16), (49, 80, 40),
  ])
  func products_equal_the_plain_version(_ m: Int, _ n: Int, _ pairs: Int) {
    let a = numbers(m * 2 * pairs, "a"), b = numbers(2 * pairs * n, "b"), start = numbers(m * n, "c")
    var right = [UInt32](repeating: 0, count: pairs * n), left = [UInt32](repeating: 0, count: m * pairs)
    PairProduct.acrossRows(&right, strideY: n, b, rows: 2 * pairs, width: n, strideX: n)
    let bits = rounded(a)
    for i in 0..<m {
      for p in 0..<pairs { left[i * pairs + p] = UInt32(bits[(i * pairs + p) * 2]) | UInt32(bits[(i * pairs + p) * 2 + 1]) << 16 }
    }
    let turned = (0..<pairs * m).map { left[$0 % m * pairs + $0 / m] }
    func plain(_ index: Int) -> Double {
      let (i, j) = (index / n, index % n)
      return (0..<pairs).reduce(0) { sum, p in
        let (x, y) = (left[i * pairs + p], right[p * n + j])
        return sum + widened(x & 0xffff) * widened(y & 0xffff) + widened(x >> 16) * widened(y >> 16)
      }
    }
    let expected = (0..<m * n).map(plain)
    var c = start
    left.withUnsafeBufferPointer {
      PairProduct.multiply(&c, strideC: n, .along($0.baseAddress!, pairs: pairs), right, strideB: n, m: m, n: n, pairs: pairs)  // not empty
    }
    expectClose(c, expected, "assigned")
    c = start
    turned.withUnsafeBufferPointer {
      PairProduct.multiply(
        &c, strideC: n, .transposed($0.baseAddress!, stride: m), right, strideB: n, m: m, n: n, pairs: pairs, accumulate: true)  // as above
    }
    expectClose(c, zip(expected, start).map { $0 + Double($1) }, "added, transposed")
  }
}
