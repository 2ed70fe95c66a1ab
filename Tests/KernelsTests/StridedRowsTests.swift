import Kernels
import Testing

struct StridedRowsTests {
  @Test(arguments: [(1, 1, 1), (3, 5, 9), (200, 100, 130)])
  func rows_are_packed_and_added_where_they_lie(_ rows: Int, _ width: Int, _ stride: Int) {
    let wide = numbers(rows * stride, "wide"), narrow = numbers(rows * width, "narrow")
    var packed = [Float](repeating: .nan, count: rows * width), sum = wide
    Elementwise.packRows(&packed, wide, stride: stride, rows: rows, width: width, on: pair)
    Elementwise.accumulateRows(&sum, stride: stride, narrow, rows: rows, width: width, on: pair)
    for row in 0..<rows {
      for column in 0..<stride {
        let at = row * stride + column
        if column < width {
          #expect(packed[row * width + column] == wide[at] && sum[at] == wide[at] + narrow[row * width + column])
        } else {
          #expect(sum[at] == wide[at])
        }
      }
    }
  }
}
