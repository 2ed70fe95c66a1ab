import Kernels
import Testing

struct HeadLossTests {
  private func plain(_ x: [Double], _ weight: [Double], _ targets: [Int32], _ weights: [Float]?, width: Int) -> Double {
    targets.indices.filter { targets[$0] >= 0 }.reduce(0) { sum, row in
      sum + Double(weights?[row] ?? 1)
        * HeadLoss.plain(x: Array(x[row * width..<(row + 1) * width]), weight: weight, target: Int(targets[row]))
    }
  }

  @Test(arguments: [nil, [2, 0.5, 1, 0, 3, -1, 0.25] as [Float]])
  func loss_and_gradients_are_the_plain_versions_and_finite_differences(_ weights: [Float]?) throws {
    let rows = 7, width = 5, vocabulary = 19, scale: Float = 0.3
    let x = numbers(rows * width, "x"), weight = numbers(vocabulary * width, "w"), targets: [Int32] = [3, -100, 18, 0, -100, 3, 7]
    let head = try HeadLoss(vocabulary: vocabulary, width: width, capacity: 10)
    var dx = [Float](repeating: 9, count: x.count), dWeight = [Float](repeating: 1, count: weight.count)
    var logProbabilities = [Float](repeating: 9, count: rows)
    let sum = dx.withUnsafeMutableBufferPointer { dx in
      dWeight.withUnsafeMutableBufferPointer { dWeight in
        head.run(
          x, weight: weight, targets: targets, weights: weights, rows: rows,
          gradients: HeadLoss.Gradients(dx: dx.baseAddress!, dWeight: dWeight.baseAddress, scale: scale),  // not empty
          logProbabilities: &logProbabilities, on: pair)
      }
    }
    #expect(sum.targets == 5)
    #expect(abs(sum.loss - plain(doubles(x), doubles(weight), targets, weights, width: width)) < 1e-5)
    expectClose(
      dx, differences(at: doubles(x)) { plain($0, doubles(weight), targets, weights, width: width) }.map { $0 * Double(scale) })
    expectClose(
      dWeight,
      differences(at: doubles(weight)) { plain(doubles(x), $0, targets, weights, width: width) }.map { $0 * Double(scale) + 1 })
    for row in 0..<rows {
      let values = doubles(Array(x[row * width..<(row + 1) * width])), target = Int(targets[row])
      let expected = target < 0 ? 0 : -HeadLoss.plain(x: values, weight: doubles(weight), target: target)
      #expect(abs(Double(logProbabilities[row]) - expected) < 1e-5)
    }

    let alone = head.run(x, weight: weight, targets: targets, weights: weights, rows: rows, on: pair)
    #expect(abs(alone.loss - sum.loss) < 1e-5 && alone.targets == sum.targets && alone.hits == sum.hits)
  }

  @Test func many_chunks_give_the_sums_of_one_and_the_gradient_may_overwrite_the_input() throws {
    let rows = 1000, width = 4, vocabulary = 60_000
    let x = numbers(rows * width, "x"), weight = numbers(vocabulary * width, "w")
    let targets = (0..<rows).map { Int32($0 % 3 == 0 ? -100 : $0 * 59 % vocabulary) }
    let head = try HeadLoss(vocabulary: vocabulary, width: width, capacity: rows)
    func run(_ range: Range<Int>, inPlace: Bool) -> (LossSum, dx: [Float], dWeight: [Float]) {
      var input = Array(x[range.lowerBound * width..<range.upperBound * width]), dx = input
      var dWeight = [Float](repeating: 0, count: weight.count)
      let sum = input.withUnsafeMutableBufferPointer { input in
        dx.withUnsafeMutableBufferPointer { dx in
          dWeight.withUnsafeMutableBufferPointer { dWeight in
            head.run(
              input.baseAddress!, weight: weight, targets: Array(targets[range]), rows: range.count,  // not empty
              gradients: HeadLoss.Gradients(dx: inPlace ? input.baseAddress! : dx.baseAddress!, dWeight: dWeight.baseAddress, scale: 1),
              on: pair)
          }
        }
      }
      return (sum, inPlace ? input : dx, dWeight)
    }
    let whole = run(0..<rows, inPlace: true)
    var sum = LossSum(), dx: [Float] = [], dWeight = [Double](repeating: 0, count: weight.count)
    for start in stride(from: 0, to: rows, by: 125) {
      let part = run(start..<start + 125, inPlace: false)
      sum += part.0
      dx += part.dx
      for index in dWeight.indices { dWeight[index] += Double(part.dWeight[index]) }
    }
    #expect(whole.0.targets == sum.targets && whole.0.hits == sum.hits && abs(whole.0.loss - sum.loss) < 1e-6 * sum.loss)
    expectClose(whole.dx, doubles(dx), tolerance: 1e-5)
    expectClose(whole.dWeight, dWeight, tolerance: 1e-5)
  }

  @Test func hits_count_targets_that_are_the_first_of_the_greatest_logits() throws {
    let head = try HeadLoss(vocabulary: 4, width: 1, capacity: 4)
    // x = 1: the logits are the weights. All equal: only token 0 is a hit, or an untrained head would be always right.
    #expect(head.run([1, 1, 1], weight: [2, 2, 2, 2], targets: [0, 1, 3], rows: 3, on: pair).hits == 1)
    #expect(head.run([1, 1, 1], weight: [0, 5, 1, 5], targets: [1, 3, 2], rows: 3, on: pair).hits == 1)
    let sum = head.run([1, 1], weight: [0, 5, 1, 4], targets: [1, -100], rows: 2, on: pair)
    #expect(sum.accuracy == 1 && sum.targets == 1)
  }

  @Test func no_targets_give_no_loss_and_a_gradient_of_zeros() throws {
    let head = try HeadLoss(vocabulary: 4, width: 2, capacity: 4)
    var dx: [Float] = [1, 2, 3, 4]
    let sum = dx.withUnsafeMutableBufferPointer { dx in
      head.run(
        [1, 1, 1, 1], weight: [Float](repeating: 1, count: 8), targets: [-100, -100], rows: 2,
        gradients: HeadLoss.Gradients(dx: dx.baseAddress!, dWeight: nil, scale: 1), on: pair)  // not empty
    }
    #expect(sum == LossSum() && sum.meanLoss == nil && sum.accuracy == nil)
    #expect(dx == [0, 0, 0, 0])
  }

  @Test func extreme_logits_give_finite_losses() throws {
    let head = try HeadLoss(vocabulary: 3, width: 1, capacity: 4)
    let sum = head.run([1e4, -1e4], weight: [1, 0, -1], targets: [2, 2], rows: 2, on: pair)
    #expect(abs(sum.loss - 2e4) < 1)
  }
}
