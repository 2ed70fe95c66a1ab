import Kernels
import Testing

/// The products of an adapter against the plain ones; ranks in blocks of 8, 4, 2 and 1, columns with and without a rest.
struct LowRankTests {
  static let shapes = [(1, 1, 1), (3, 5, 2), (17, 33, 3), (16, 64, 8), (70, 100, 15), (130, 1_100, 8), (33, 96, 24), (40, 31, 7)]

  private func rounded(_ x: [Float]) -> [UInt16] {
    var y = [UInt16](repeating: 0, count: x.count)
    Conversion.floatToBFloat16(&y, x, count: x.count)
    return y
  }

  private func widened(_ x: [UInt16]) -> [Float] {
    var y = [Float](repeating: 0, count: x.count)
    Conversion.bfloat16ToFloat(&y, x, count: x.count)
    return y
  }

  /// The array as rows of f32, for as long as `body` runs.
  private func exact(_ x: [Float], _ body: (LowRank.Rows) -> Void) {
    x.withUnsafeBufferPointer { body(.exact($0.baseAddress!)) }  // not empty
  }

  @Test(arguments: shapes)
  func shrinking_expanding_and_the_gradient_equal_the_plain_versions(_ rows: Int, _ width: Int, _ rank: Int) {
    let x = numbers(rows * width, "x"), a = numbers(rank * width, "a"), inner = numbers(rows * rank, "inner")
    var shrunk = [Float](repeating: 9, count: rows * rank), plain = shrunk
    exact(x) { x in
      LowRank.shrink(&shrunk, strideY: rank, x, strideX: width, a, scale: 0.5, rows: rows, inputs: width, rank: rank, on: pair)
    }
    MatrixProduct.plain(.nt, &plain, x, a, m: rows, n: rank, k: width)
    expectClose(shrunk, plain.map { 0.5 * Double($0) }, "shrunk")

    var expanded = x
    plain = x
    LowRank.expand(&expanded, strideY: width, inner, strideX: rank, a, rows: rows, outputs: width, rank: rank, on: pair)
    MatrixProduct.plain(.nn, &plain, inner, a, m: rows, n: width, k: rank, accumulate: true)
    expectClose(expanded, doubles(plain), "expanded")

    for isTransposed in [false, true] {
      var gradient = numbers(rank * width, "g")
      plain = gradient
      exact(x) { x in
        LowRank.gradient(
          &gradient, isTransposed: isTransposed, inner, strideX: rank, x, strideY: width, rows: rows, columns: width, rank: rank, on: pair)
      }
      if isTransposed {
        MatrixProduct.plain(.tn, &plain, x, inner, m: width, n: rank, k: rows, accumulate: true)
      } else {
        MatrixProduct.plain(.tn, &plain, inner, x, m: rank, n: width, k: rows, accumulate: true)
      }
      expectClose(gradient, doubles(plain), "gradient, transposed: \(isTransposed)")
    }

    var turned = a, expected = a
    LowRank.transpose(&turned, a, rows: rank, columns: width)
    for row in 0..<rank { for column in 0..<width { expected[column * rank + row] = a[row * width + column] } }
    #expect(turned == expected)
  }

  @Test(arguments: shapes)
  func rows_in_bf16_are_read_as_the_numbers_that_they_are(_ rows: Int, _ width: Int, _ rank: Int) {
    let half = rounded(numbers(rows * width, "x")), x = widened(half), a = numbers(rank * width, "a"), inner = numbers(rows * rank, "inner")
    var results: [[Float]] = []
    half.withUnsafeBufferPointer { half in
      x.withUnsafeBufferPointer { x in
        for operand in [LowRank.Rows.exact(x.baseAddress!), .rounded(half.baseAddress!)] {  // not empty
          var shrunk = [Float](repeating: 9, count: rows * rank), gradient = a
          LowRank.shrink(&shrunk, strideY: rank, operand, strideX: width, a, scale: 2, rows: rows, inputs: width, rank: rank, on: pair)
          LowRank.gradient(
            &gradient, isTransposed: false, inner, strideX: rank, operand, strideY: width, rows: rows, columns: width, rank: rank, on: pair)
          results.append(shrunk + gradient)
        }
      }
    }
    expectClose(results[1], doubles(results[0]), tolerance: 1e-6)
  }

  @Test func strides_and_columns_pick_a_part_out_of_wider_rows() {
    let (rows, width, rank) = (20, 37, 4), (strideX, strideY, start) = (50, 9, 11)
    let x = numbers(rows * strideX, "x"), a = numbers(rank * width, "a"),
      part = (0..<rows).flatMap { x[$0 * strideX + start..<$0 * strideX + start + width] }
    var wide = [Float](repeating: 3, count: rows * strideY), narrow = [Float](repeating: 0, count: rows * rank)
    exact(x) { x in
      LowRank.shrink(&wide, strideY: strideY, x + start, strideX: strideX, a, scale: 1, rows: rows, inputs: width, rank: rank, on: pair)
    }
    exact(part) { part in
      LowRank.shrink(&narrow, strideY: rank, part, strideX: width, a, scale: 1, rows: rows, inputs: width, rank: rank, on: pair)
    }
    for row in 0..<rows {
      for column in 0..<strideY {
        #expect(wide[row * strideY + column] == (column < rank ? narrow[row * rank + column] : 3))
      }
    }
    var spread = [Float](repeating: 1, count: rows * strideX), close = [Float](repeating: 1, count: rows * width)
    LowRank.expand(&spread, strideY: strideX, wide, strideX: strideY, a, rows: rows, outputs: width, rank: rank, on: pair)
    LowRank.expand(&close, strideY: width, narrow, strideX: rank, a, rows: rows, outputs: width, rank: rank, on: pair)
    for row in 0..<rows {
      #expect(spread[row * strideX..<row * strideX + width].elementsEqual(close[row * width..<(row + 1) * width]))
      #expect(spread[row * strideX + width..<(row + 1) * strideX].allSatisfy { $0 == 1 })
    }
  }

  @Test func the_bits_do_not_depend_on_the_number_of_threads() {
    let (rows, width, rank) = (301, 333, 11), x = numbers(rows * width, "x"), a = numbers(rank * width, "a")
    expectSameBits { team in
      var inner = [Float](repeating: 0, count: rows * rank), y = x, g = a
      exact(x) { x in
        LowRank.shrink(&inner, strideY: rank, x, strideX: width, a, scale: 1, rows: rows, inputs: width, rank: rank, on: team)
        LowRank.expand(&y, strideY: width, inner, strideX: rank, a, rows: rows, outputs: width, rank: rank, on: team)
        LowRank.gradient(
          &g, isTransposed: true, inner, strideX: rank, x, strideY: width, rows: rows, columns: width, rank: rank, on: team)
      }
      return inner + y + g
    }
  }
}
