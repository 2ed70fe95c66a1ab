import Domain

/// What became of the rows of a pipeline. Sums: the same in whatever order they are made.
struct PipelineTally {
  var rows = 0
  var emptyRows = 0
  /// Documents that stay, their text, and their tokens before any became windows.
  var documents = 0
  var textBytes = 0
  var textTokens = 0
  var overlapTokens = 0
  /// Of documents that stay, their tokens.
  var lengths = LengthCounts()
  var removed: [Filter: (rows: Int, tokens: Int)] = [:]
  /// In the order of the rows.
  private(set) var refused: [TokenizationCard.Refused] = []
  /// Of every document that stays, where they are wanted: how many sequences it became, and what it is like.
  var fingerprints: [UInt64] = []
  var sequencesOfDocument: [UInt32] = []

  /// In the order in which they work.
  enum Filter: String, CaseIterable {
    case specialTokens = "filter_special_tokens"
    case stopWords = "stop_words"
    case minimumTokens = "min_tokens"
    case duplicates
    case truncate

    func isAskedFor(_ treatment: RowTreatment) -> Bool {
      switch self {
      case .specialTokens: treatment.filtersSpecialTokens
      case .stopWords: treatment.removesStopWords
      case .minimumTokens: treatment.minimumTokens > 0
      case .duplicates: treatment.duplicates != .keep
      case .truncate: treatment.truncate == true
      }
    }
  }

  /// More reasons than this are counted under the last.
  private static let mostReasons = 20

  mutating func remove(_ filter: Filter, rows: Int, tokens: Int) {
    let before = removed[filter] ?? (0, 0)
    removed[filter] = (before.rows + rows, before.tokens + tokens)
  }

  /// - Parameter row: from 0.
  mutating func refuse(_ reason: String, row: Int) {
    if let known = refused.firstIndex(where: { $0.reason == reason }) {
      refused[known].rows += 1
    } else if refused.count < Self.mostReasons {
      refused.append(.init(reason: reason, rows: 1, firstRow: row + 1))
    } else {
      refused[refused.count - 1].rows += 1
    }
  }

  /// Adds another split's, behind this one.
  mutating func add(_ other: PipelineTally) {
    rows += other.rows
    emptyRows += other.emptyRows
    documents += other.documents
    textBytes += other.textBytes
    textTokens += other.textTokens
    overlapTokens += other.overlapTokens
    lengths.add(other.lengths)
    for (filter, what) in other.removed { remove(filter, rows: what.rows, tokens: what.tokens) }
    for one in other.refused {
      if let known = refused.firstIndex(where: { $0.reason == one.reason }) {
        refused[known].rows += one.rows
      } else {
        refused.append(one)
      }
    }
    fingerprints += other.fingerprints
    sequencesOfDocument += other.sequencesOfDocument
  }

  func removals(_ treatment: RowTreatment) -> [TokenizationCard.Removal] {
    Filter.allCases.filter { $0.isAskedFor(treatment) }.map { filter in
      let what = removed[filter] ?? (0, 0)
      return .init(filter: filter.rawValue, rows: what.rows, tokens: what.tokens)
    }
  }
}
