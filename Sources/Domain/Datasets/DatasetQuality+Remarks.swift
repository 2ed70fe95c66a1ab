extension DatasetQuality {
  /// What a user should know, a sentence each, the gravest first; empty where nothing is odd.
  package var remarks: [String] {
    var remarks: [String] = leaks.map {
      "\(Self.rows($0.rows)) of the split '\($0.split)' (\(Self.percent($0.share))) \($0.rows == 1 ? "stands" : "stand") in train too: its figures will flatter the model."
    }
    /// - Parameters:
    ///   - one: what is said of a single row.
    ///   - many: of several.
    func add(_ tally: Tally, _ one: String, _ many: String) {
      guard tally.rows > 0 else { return }
      remarks.append("\(Self.rows(tally.rows)) \(tally.rows == 1 ? one : many)\(Self.places(tally.first)).")
    }
    add(
      brokenForm, "has not the form of the schema, and nothing can be trained on there",
      "have not the form of the schema, and nothing can be trained on there")
    add(empty, "is empty", "are empty")
    add(duplicates, "is equal to one before it", "are equal to one before them")
    add(
      duplicateTexts, "says the same as one before it, though other columns differ",
      "say the same as one before them, though other columns differ")
    let length = "very long, \(Figures.bytes(veryLongFrom)) or more"
    add(veryLong, "is \(length)", "are \(length)")
    for column in wrongTypes {
      let kinds = column.kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) in \(Figures.grouped($0.value))" }
      remarks.append("The column '\(column.column)' holds \(kinds.joined(separator: ", "))\(Self.places(column.first)).")
    }
    let lost = "U+FFFD: bytes that could not be read were lost before they came here"
    add(replacementCharacters, "holds \(lost)", "hold \(lost)")
    add(doubleEncoded, "looks encoded twice (Ã© for é)", "look encoded twice (Ã© for é)")
    add(controlCharacters, "holds control characters", "hold control characters")
    if let classes, classes.imbalance >= 10, let largest = classes.classes.first, let smallest = classes.classes.last {
      remarks.append(
        "The classes of '\(classes.column)' are uneven: '\(largest.label)' has \(Figures.grouped(largest.rows)) rows, '\(smallest.label)' \(Figures.grouped(smallest.rows))."
      )
    }
    return remarks
  }

  private static func rows(_ count: Int) -> String { count == 1 ? "1 row" : "\(Figures.grouped(count)) rows" }

  private static func percent(_ share: Double) -> String { "\(Figures.fixed(100 * share, share < 0.1 ? 1 : 0)) %" }

  /// " (the first: train 3, column 'text': U+0008)".
  private static func places(_ places: [Place]) -> String {
    guard !places.isEmpty else { return "" }
    return " (the first: \(places.prefix(3).map { "\($0.split) \($0.row)\($0.note.map { ", \($0)" } ?? "")" }.joined(separator: "; ")))"
  }
}
