/// How long things are, in tokens.
package struct LengthDistribution: Codable, Sendable, Equatable {
  /// From `from` to below `to` tokens.
  package struct Bar: Codable, Sendable, Equatable {
    package var from: Int
    package var to: Int
    package var count: Int
    package var tokens: Int

    package init(from: Int, to: Int, count: Int, tokens: Int) {
      self.from = from
      self.to = to
      self.count = count
      self.tokens = tokens
    }
  }

  package var count: Int
  package var tokens: Int
  package var min: Int
  package var max: Int
  package var mean: Double
  /// "p50" and the like: the least length that so many per cent do not exceed.
  package var percentiles: [String: Int]
  package var histogram: [Bar]

  package static let percents = [1, 5, 10, 25, 50, 75, 90, 95, 99]

  /// - Parameter lengths: each length with how often it occurs, ascending, none twice.
  package init(_ lengths: [(length: Int, count: Int)]) {
    count = lengths.reduce(0) { $0 + $1.count }
    tokens = lengths.reduce(0) { $0 + $1.length * $1.count }
    min = lengths.first?.length ?? 0
    max = lengths.last?.length ?? 0
    mean = count > 0 ? Double(tokens) / Double(count) : 0
    percentiles = [:]
    var (seen, next) = (0, lengths.startIndex)
    for percent in count > 0 ? Self.percents : [] {
      // Nearest rank: the smallest rank that is at least percent of all.
      let rank = Swift.max(1, (count * percent + 99) / 100)
      while seen < rank, next < lengths.endIndex {
        seen += lengths[next].count
        next += 1
      }
      percentiles["p\(percent)"] = lengths[next - 1].length
    }
    histogram = []
    let width = Self.width(for: max)
    for (length, count) in lengths {
      let from = length / width * width
      if histogram.last?.from != from { histogram.append(Bar(from: from, to: from + width, count: 0, tokens: 0)) }
      histogram[histogram.count - 1].count += count
      histogram[histogram.count - 1].tokens += length * count
    }
  }

  /// Of 1, 2 or 5 times a power of ten the least with which about twenty bars hold everything.
  static func width(for longest: Int) -> Int {
    var width = 1
    while true {
      for step in [width, 2 * width, 5 * width] where longest / step < 25 { return step }
      width *= 10
    }
  }
}
