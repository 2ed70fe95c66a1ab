/// What two versions of a dataset differ in: `dropforge datasets diff`.
package struct DatasetDifference: Codable, Sendable, Equatable {
  package struct Side: Codable, Sendable, Equatable {
    package var dataset: SafeName
    package var version: Int
    package var rows: Int
    package var detected: DatasetSchema
    package var splits: [String: Int]

    enum CodingKeys: String, CodingKey {
      case dataset, version, rows, splits
      case detected = "detected_schema"
    }

    package init(dataset: SafeName, version: Int, result: IngestResult) {
      self.dataset = dataset
      self.version = version
      rows = result.rows
      detected = result.detected
      splits = Dictionary(result.splits.map { ($0.name, $0.rows) }, uniquingKeysWith: +)
    }
  }

  package struct ChangedColumn: Codable, Sendable, Equatable {
    package var name: String
    package var before: [DatasetColumn.ValueKind]
    package var after: [DatasetColumn.ValueKind]
  }

  /// A row that one of the two has and the other has not, or has fewer times.
  package struct Row: Codable, Sendable, Equatable {
    package var split: String
    package var row: Int
    /// JSON, cut where it is long.
    package var text: String

    package init(split: String, row: Int, text: String) {
      self.split = split
      self.row = row
      self.text = text
    }
  }

  package var schema = "dropforge.dataset-diff/1"
  package var from: Side
  package var to: Side
  package var addedColumns: [String]
  package var removedColumns: [String]
  package var changedColumns: [ChangedColumn]
  /// Rows are the same where their bytes are, in whichever split and order they stand; of equal ones each counts.
  package var sameRows = 0
  package var addedRows = 0
  package var removedRows = 0
  package var firstAdded: [Row] = []
  package var firstRemoved: [Row] = []

  enum CodingKeys: String, CodingKey {
    case schema, from, to
    case addedColumns = "added_columns"
    case removedColumns = "removed_columns"
    case changedColumns = "changed_columns"
    case sameRows = "same_rows"
    case addedRows = "added_rows"
    case removedRows = "removed_rows"
    case firstAdded = "first_added"
    case firstRemoved = "first_removed"
  }

  /// Everything but the rows.
  package init(from: Side, _ before: IngestResult, to: Side, _ after: IngestResult) {
    self.from = from
    self.to = to
    let old = Dictionary(before.columns.map { ($0.name, $0.kinds) }, uniquingKeysWith: { first, _ in first })
    let new = Dictionary(after.columns.map { ($0.name, $0.kinds) }, uniquingKeysWith: { first, _ in first })
    addedColumns = after.columns.map(\.name).filter { old[$0] == nil }
    removedColumns = before.columns.map(\.name).filter { new[$0] == nil }
    changedColumns = after.columns.compactMap { column in
      guard let kinds = old[column.name], kinds != column.kinds else { return nil }
      return ChangedColumn(name: column.name, before: kinds, after: column.kinds)
    }
  }

  package var isEmpty: Bool {
    addedColumns.isEmpty && removedColumns.isEmpty && changedColumns.isEmpty && addedRows == 0 && removedRows == 0
      && from.detected == to.detected && from.splits == to.splits
  }

  /// For a terminal.
  package var text: String {
    var lines = ["\(from.dataset)@\(from.version) -> \(to.dataset)@\(to.version)"]
    lines.append(
      "rows: \(Figures.grouped(sameRows)) the same, \(Figures.grouped(addedRows)) added, \(Figures.grouped(removedRows)) removed (\(Figures.grouped(from.rows)) -> \(Figures.grouped(to.rows)))"
    )
    if from.detected != to.detected { lines.append("schema: \(from.detected.rawValue) -> \(to.detected.rawValue)") }
    for split in Set(from.splits.keys).union(to.splits.keys).sorted() where from.splits[split] != to.splits[split] {
      lines.append(
        "split \(split): \(from.splits[split].map(Figures.grouped) ?? "none") -> \(to.splits[split].map(Figures.grouped) ?? "none")")
    }
    if !addedColumns.isEmpty { lines.append("columns added: \(addedColumns.joined(separator: ", "))") }
    if !removedColumns.isEmpty { lines.append("columns removed: \(removedColumns.joined(separator: ", "))") }
    for column in changedColumns {
      lines.append("column \(column.name): \(Self.kinds(column.before)) -> \(Self.kinds(column.after))")
    }
    lines += firstRemoved.map { "- \($0.split) \($0.row): \($0.text)" }
    lines += firstAdded.map { "+ \($0.split) \($0.row): \($0.text)" }
    return lines.joined(separator: "\n")
  }

  private static func kinds(_ kinds: [DatasetColumn.ValueKind]) -> String { kinds.map(\.rawValue).joined(separator: " and ") }
}
