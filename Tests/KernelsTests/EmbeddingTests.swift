import Kernels
import Testing

struct EmbeddingTests {
  @Test func gather_takes_rows_and_scatter_adds_them_back() {
    let width = 70, table = numbers(5 * width, "table"), indices: [Int32] = [3, 0, 3, 4, 3]
    var y = [Float](repeating: 0, count: indices.count * width)
    Embedding.gather(&y, table: table, indices: indices, rows: indices.count, width: width, on: pair)
    for (row, index) in indices.enumerated() {
      #expect(y[row * width..<(row + 1) * width] == table[Int(index) * width..<(Int(index) + 1) * width])
    }
    let dy = numbers(y.count, "dy")
    for ignored in [nil, 3] {
      var dTable = [Float](repeating: 1, count: table.count)
      Embedding.scatterAdd(dTable: &dTable, dy, indices: indices, ignoring: ignored, rows: indices.count, width: width, on: pair)
      var expected = [Double](repeating: 1, count: table.count)
      for (row, index) in indices.enumerated() where Int(index) != ignored {
        for i in 0..<width { expected[Int(index) * width + i] += Double(dy[row * width + i]) }
      }
      expectClose(dTable, expected)
    }
  }

  @Test func bias_is_added_to_each_row_and_its_gradient_is_the_sum_over_rows() {
    for (rows, width) in [(1, 1), (3, 65), (100, 130)] {
      let x = numbers(rows * width, "x"), b = numbers(width, "b")
      var y = x, db = [Float](repeating: 1, count: width)
      Bias.add(&y, b, rows: rows, width: width, on: pair)
      #expect(y == x.indices.map { x[$0] + b[$0 % width] })
      Bias.backward(&db, x, rows: rows, width: width, on: pair)
      expectClose(db, (0..<width).map { column in (0..<rows).reduce(1.0) { $0 + Double(x[$1 * width + column]) } })
    }
  }

  @Test func sums_over_rows_give_the_same_bits_with_any_number_of_threads() {
    let rows = 777, width = 190, dy = numbers(rows * width, "dy"), indices = (0..<rows).map { Int32($0 * 7 % 11) }
    expectSameBits { team in
      var db = [Float](repeating: 0, count: width), dTable = [Float](repeating: 0, count: 11 * width)
      Bias.backward(&db, dy, rows: rows, width: width, on: team)
      Embedding.scatterAdd(dTable: &dTable, dy, indices: indices, rows: rows, width: width, on: team)
      return db + dTable
    }
  }
}
