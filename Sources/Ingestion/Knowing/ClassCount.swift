import DatasetFormats
import Domain

/// How often each value of a column occurs, given up where there are too many for classes.
struct ClassCount {
  private static let mostClasses = 1_000
  private static let shown = 200
  private static let labels: Set<String> = [
    "label", "labels", "category", "categories", "class", "intent", "sentiment", "topic", "reward", "rating", "score", "stars", "target",
  ]
  private static let longest = 200

  let column: String
  let field: FieldName
  private var counts: [String: Int] = [:]
  private(set) var isGivenUp = false
  private var rows = 0

  init(_ column: String) {
    self.column = column
    field = FieldName(column)
  }

  /// Columns that may be labels: plain values beside what is trained on.
  static func candidates(_ ingest: IngestResult, trained: Set<String>) -> [ClassCount] {
    ingest.columns.filter { column in
      !trained.contains(column.name) && Set(column.kinds).isSubset(of: [.string, .number, .boolean, .null])
        && column.rows * 2 >= ingest.rows
    }.prefix(16).map { ClassCount($0.name) }
  }

  mutating func note(_ value: DatasetRow.Value) {
    guard !isGivenUp, !value.isNull else { return }
    let label: String
    if value.isString {
      var text: [UInt8] = []
      value.appendText(to: &text)
      guard text.count <= Self.longest else { return giveUp() }
      label = String(decoding: text, as: UTF8.self)
    } else {
      guard value.bytes.count <= Self.longest else { return giveUp() }
      label = String(decoding: value.bytes, as: UTF8.self)
    }
    rows += 1
    counts[label, default: 0] += 1
    if counts.count > Self.mostClasses { giveUp() }
  }

  private mutating func giveUp() {
    isGivenUp = true
    counts = [:]
  }

  /// Of the columns the one that holds labels: by its name, else few values that come often.
  static func balance(of counts: [ClassCount]) -> DatasetQuality.ClassBalance? {
    func isNamed(_ count: ClassCount) -> Bool { labels.contains(count.column.lowercased()) }
    let usable = counts.filter { !$0.isGivenUp && $0.counts.count >= 2 }
    let named = usable.filter { isNamed($0) && $0.rows >= 2 * $0.counts.count }
    let plain = usable.filter { !isNamed($0) && $0.rows >= 10 * $0.counts.count }
    guard let best = named.first ?? plain.min(by: { $0.counts.count < $1.counts.count }) else { return nil }
    let sorted = best.counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let imbalance = Double(sorted[0].value) / Double(max(1, sorted[sorted.count - 1].value))
    // The smallest stays in sight where not all are shown.
    let shown = sorted.count <= Self.shown ? sorted[...] : sorted.prefix(Self.shown - 1) + sorted.suffix(1)
    return .init(
      column: best.column, classes: shown.map { .init(label: $0.key, rows: $0.value) }, count: sorted.count,
      imbalance: (imbalance * 100).rounded() / 100)
  }
}
