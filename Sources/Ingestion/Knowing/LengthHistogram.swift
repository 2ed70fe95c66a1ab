import Domain

/// Lengths by ten bins an octave: quantiles to within 7 %, in constant memory.
struct LengthHistogram {
  private static let binsAnOctave = 10.0
  private var bins = [Int](repeating: 0, count: 420)
  private(set) var count = 0
  private var sum = 0.0
  private var shortest = Int.max
  private(set) var longest = 0

  mutating func add(_ length: Int) {
    count += 1
    sum += Double(length)
    shortest = min(shortest, length)
    longest = max(longest, length)
    bins[Self.bin(length)] += 1
  }

  private static func bin(_ length: Int) -> Int {
    length <= 0 ? 0 : min(419, 1 + Int((binsAnOctave * logarithm(Double(length))).rounded(.down)))
  }

  /// To base 2.
  private static func logarithm(_ value: Double) -> Double {
    Double(value.exponent) + polynomial(value.significand)
  }

  /// log2 on 1 ..< 2, to 1e-4: the bins are far coarser.
  private static func polynomial(_ x: Double) -> Double {
    let y = (x - 1) / (x + 1)
    let square = y * y
    return 2 / 0.693_147_180_559_945 * y * (1 + square * (1.0 / 3 + square * (0.2 + square / 7)))
  }

  /// The length that so great a share of the rows does not exceed: the upper edge of its bin.
  private func quantile(_ share: Double) -> Int {
    let wanted = Int((share * Double(count)).rounded(.up))
    var passed = 0
    for (bin, rows) in bins.enumerated() where rows > 0 {
      passed += rows
      if passed >= wanted { return bin == 0 ? 0 : min(longest, max(shortest, Self.edge(bin))) }
    }
    return longest
  }

  private static func edge(_ bin: Int) -> Int {
    // 2^(bin / 10), by repeated doubling and a tenth root.
    var value = 1.0
    for _ in 0..<bin / 10 { value *= 2 }
    for _ in 0..<bin % 10 { value *= 1.071_773_462_536_293 }
    return Int(value.rounded(.down))
  }

  var lengths: DatasetQuality.Lengths? {
    guard count > 0 else { return nil }
    return .init(
      mean: (sum / Double(count) * 10).rounded() / 10, shortest: shortest, p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99),
      longest: longest)
  }
}
