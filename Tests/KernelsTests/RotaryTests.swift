import Kernels
import Testing

struct RotaryTests {
  @Test(arguments: [4, 6, 64])
  func rotation_equals_the_plain_version_and_backward_undoes_it(_ headSize: Int) {
    let heads = 3, rows = 5, rowStride = heads * headSize + 8, positions: [Int32] = [0, 1, 7, 2, 49]
    let table = RotaryTable(headSize: headSize, base: 10_000, scaling: .none, length: 50)
    let frequencies = RotaryTable.frequencies(headSize: headSize, base: 10_000, scaling: .none, length: 50)
    let x = numbers(rows * rowStride, "x")
    var y = x
    table.forward(&y, rowStride: rowStride, heads: heads, positions: positions, rows: rows, on: pair)
    for row in 0..<rows {
      for head in 0..<heads {
        let range = row * rowStride + head * headSize..<row * rowStride + (head + 1) * headSize
        expectClose(Array(y[range]), RotaryTable.plain(doubles(Array(x[range])), position: Int(positions[row]), frequencies: frequencies))
      }
      let behind = row * rowStride + heads * headSize..<(row + 1) * rowStride
      #expect(y[behind] == x[behind])
    }
    table.backward(&y, rowStride: rowStride, heads: heads, positions: positions, rows: rows, on: pair)
    expectClose(y, doubles(x), tolerance: 1e-6)
  }

  @Test func the_gradient_of_a_rotation_is_finite_differences() {
    let x = numbers(8, "x"), dy = numbers(8, "dy"), frequencies = RotaryTable.frequencies(headSize: 8, base: 100, scaling: .none, length: 9)
    var dx = dy
    RotaryTable(headSize: 8, base: 100, scaling: .none, length: 9).backward(&dx, rowStride: 8, heads: 1, positions: [8], rows: 1, on: pair)
    expectClose(dx, differences(at: doubles(x)) { dot(RotaryTable.plain($0, position: 8, frequencies: frequencies), doubles(dy)) })
  }

  /// `inv_freq` of LlamaRotaryEmbedding of transformers 5.23 with head size 16, printed with nine digits.
  static let published: [(RotaryScaling, base: Double, length: Int, [Double])] = [
    (.none, 10_000, 64, [1, 0.316227764, 0.100000001, 0.0316227786, 0.00999999978, 0.00316227786, 0.00100000005, 0.000316227786]),
    (
      .linear(factor: 4), 10_000, 64,
      [0.25, 0.079056941, 0.0250000004, 0.00790569466, 0.00249999994, 0.000790569466, 0.000250000012, 7.90569466e-05]
    ),
    (
      .dynamic(factor: 2, maximum: 64), 10_000, 200,
      [1, 0.249528468, 0.0622644536, 0.0155367535, 0.00387686281, 0.000967387517, 0.000241390735, 6.02338623e-05]
    ),
    (
      .llama3(factor: 8, lowFrequency: 1, highFrequency: 4, original: 32), 500_000, 64,
      [1, 0.0242403448, 0.00470075384, 0.000911583134, 0.000176776681, 3.42810235e-05, 6.64786967e-06, 1.28917316e-06]
    ),
    (
      .yarn(YarnScaling(factor: 4, original: 64)), 10_000, 256,
      [1, 0.237170815, 0.049999997, 0.00790569466, 0.00249999994, 0.000790569466, 0.000250000012, 7.90569466e-05]
    ),
  ]

  @Test func frequencies_are_those_of_transformers() {
    for (scaling, base, length, expected) in Self.published {
      let frequencies = RotaryTable.frequencies(headSize: 16, base: base, scaling: scaling, length: length)
      for (is_, should) in zip(frequencies, expected) { #expect(abs(Double(is_) / should - 1) < 3e-7, "\(scaling)") }
      #expect(frequencies.count == expected.count)
    }
  }

  /// attention_scaling of transformers for a factor of 4.
  @Test func yarn_makes_cosines_and_sines_greater() {
    let yarn = RotaryScaling.yarn(YarnScaling(factor: 4, original: 64)), x = numbers(8, "x")
    var y = x
    RotaryTable(headSize: 8, base: 100, scaling: yarn, length: 9).forward(&y, rowStride: 8, heads: 1, positions: [8], rows: 1, on: pair)
    let frequencies = RotaryTable.frequencies(headSize: 8, base: 100, scaling: yarn, length: 9)
    expectClose(y, RotaryTable.plain(doubles(x), position: 8, frequencies: frequencies).map { 1.138629436111989 * $0 })
  }

  @Test func dynamic_scaling_changes_nothing_up_to_the_length_of_training() {
    let scaled = RotaryTable.frequencies(headSize: 16, base: 10_000, scaling: .dynamic(factor: 2, maximum: 64), length: 64)
    #expect(scaled == RotaryTable.frequencies(headSize: 16, base: 10_000, scaling: .none, length: 64))
  }
}
