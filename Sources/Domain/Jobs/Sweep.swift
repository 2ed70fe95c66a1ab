import StrictJSON

#if canImport(Glibc)
  import Glibc
#endif

/// A job file of which some overrides hold several values: one job for each combination, or for so many drawn ones.
///
/// `"overrides": {"training.learning_rate": [1e-3, 1e-4]}` is a grid; with `"sweep": {"search": "random", "samples": 8}` that
/// many points are drawn, and a range may stand in place of a list: `{"min": 1e-5, "max": 1e-2, "scale": "log"}`.
package struct Sweep: Sendable, Equatable {
  /// One field and what it may be.
  package struct Axis: Sendable, Equatable {
    package var path: String
    package var choice: Choice

    package init(path: String, choice: Choice) {
      self.path = path
      self.choice = choice
    }
  }

  package enum Choice: Sendable, Equatable {
    case values([JSONNode])
    /// Drawn evenly, on a logarithmic scale where `isLogarithmic`; a whole number where `isWhole`.
    case range(ClosedRange<Double>, isLogarithmic: Bool, isWhole: Bool)
  }

  /// A value for every axis, in the axes' order.
  package struct Point: Sendable, Equatable {
    package var values: [(path: String, value: JSONNode)]

    package static func == (left: Point, right: Point) -> Bool {
      left.values.map(\.path) == right.values.map(\.path) && left.values.map(\.value) == right.values.map(\.value)
    }

    /// "training.learning_rate 0.001, seed 3".
    package var title: String { values.map { "\($0.path) \($0.value.text())" }.joined(separator: ", ") }
  }

  package var axes: [Axis]
  package var plan: SweepSection

  package init(axes: [Axis], plan: SweepSection = SweepSection()) {
    self.axes = axes
    self.plan = plan
  }

  /// More jobs than this are a slip.
  package static let mostJobs = 1_000

  /// Every point, the first axis changing slowest; of a random search as many as were asked for, none twice where the axes have
  /// so many.
  package var points: [Point] {
    guard plan.search == .random else { return grid }
    var lots = Lots(seed: UInt64(bitPattern: Int64(plan.seed)))
    var points: [Point] = []
    var fruitless = 0
    while points.count < (plan.samples ?? 0), fruitless < 1_000 {
      let point = Point(values: axes.map { ($0.path, $0.choice.draw(&lots)) })
      if points.contains(point) {
        fruitless += 1
      } else {
        points.append(point)
        fruitless = 0
      }
    }
    return points
  }

  private var grid: [Point] {
    axes.reduce([Point(values: [])]) { points, axis in
      guard case .values(let values) = axis.choice else { return points }
      return points.flatMap { point in values.map { Point(values: point.values + [(axis.path, $0)]) } }
    }
  }

  /// How many jobs it makes, without making them.
  package var count: Int {
    if plan.search == .random { return plan.samples ?? 0 }
    return axes.reduce(1) { count, axis in
      guard case .values(let values) = axis.choice else { return count }
      let product = count.multipliedReportingOverflow(by: values.count)
      return product.overflow ? .max : product.partialValue
    }
  }
}

/// `sweep` in a job file: how points are chosen, and by what the winner is.
package struct SweepSection: Section {
  package enum Search: String, WordField, CaseIterable { case grid, random }
  package enum Goal: String, WordField, CaseIterable {
    case least, greatest
    package static var synonyms: [String: Goal] { ["min": .least, "minimize": .least, "max": .greatest, "maximize": .greatest] }
  }

  package var search = Search.grid
  package var samples: Int?
  package var seed = 42
  package var metric = "eval_loss"
  package var goal: Goal?

  package init() {}

  /// What is best of the metric: little of a loss or a perplexity, much of anything else.
  package var isLessBetter: Bool {
    goal.map { $0 == .least } ?? (metric.contains("loss") || metric.contains("perplexity") || metric.contains("runtime"))
  }

  package static let fields: [Field<SweepSection>] = {
    [
      Field("search", \.search, aliases: ["method", "type"], "grid: every combination; random: samples of them. Default: grid."),
      Field(
        "samples", \.samples, aliases: ["count", "n_trials"], limit: .within(1...Double(Sweep.mostJobs)), "random: how many jobs."),
      Field("seed", \.seed, limit: .atLeast(0), "random: what the points are drawn with. Default: 42."),
      Field("metric", \.metric, "What the winner is best at: a field of the job's metrics.json. Default: eval_loss."),
      Field("goal", \.goal, "least or greatest. Default: least for a loss or a perplexity, else greatest."),
    ]
  }()
}

extension Sweep.Choice {
  fileprivate func draw(_ lots: inout Lots) -> JSONNode {
    switch self {
    case .values(let values): return values[Int.random(in: values.indices, using: &lots)]
    case .range(let range, let isLogarithmic, let isWhole):
      let share = Double.random(in: 0..<1, using: &lots)
      let value =
        isLogarithmic
        ? range.lowerBound * pow(range.upperBound / range.lowerBound, share)
        : range.lowerBound + share * (range.upperBound - range.lowerBound)
      return isWhole ? Int(value.rounded()).node : (Double(Figures.significant(value, 3)) ?? value).node
    }
  }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same lots on every machine and in every version.
private struct Lots: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
