import DatasetFormats
import Domain

/// Columns whose values are of several kinds, as ingest has found: how many of each, and the first rows of those that are fewer.
struct MixedKinds {
  private struct Column {
    let name: String
    let field: FieldName
    var rows: [DatasetColumn.ValueKind: Int] = [:]
    var first: [DatasetColumn.ValueKind: [DatasetQuality.Place]] = [:]
  }

  private var columns: [Column]
  private let fields: [FieldName]

  init(_ ingest: IngestResult) {
    columns = ingest.columns.filter { $0.kinds.count { $0 != .null } > 1 }.prefix(64).map {
      Column(name: $0.name, field: FieldName($0.name))
    }
    fields = columns.map(\.field)
  }

  mutating func note(_ row: DatasetRow, _ split: String, _ number: Int) {
    if fields.isEmpty { return }
    for (index, value) in row.values(fields).enumerated() {
      guard let value, let kind = Self.kind(value), kind != .null else { continue }
      columns[index].rows[kind, default: 0] += 1
      if columns[index].first[kind, default: []].count < 3 {
        columns[index].first[kind, default: []].append(.init(split: split, row: number, note: kind.rawValue))
      }
    }
  }

  private static func kind(_ value: DatasetRow.Value) -> DatasetColumn.ValueKind? {
    switch value.bytes.first {
    case UInt8(ascii: "\""): .string
    case UInt8(ascii: "{"): .object
    case UInt8(ascii: "["): .list
    case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
    case UInt8(ascii: "n"): .null
    case nil: nil
    default: .number
    }
  }

  var result: [DatasetQuality.MixedColumn] {
    columns.compactMap { column in
      guard column.rows.count > 1, let usual = column.rows.max(by: { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) })?.key
      else { return nil }
      let odd = DatasetColumn.ValueKind.allCases.filter { $0 != usual }.flatMap { column.first[$0] ?? [] }
      return .init(
        column: column.name, kinds: Dictionary(uniqueKeysWithValues: column.rows.map { ($0.key.rawValue, $0.value) }),
        first: Array(odd.prefix(DatasetQuality.Tally.mostPlaces)))
    }
  }
}
