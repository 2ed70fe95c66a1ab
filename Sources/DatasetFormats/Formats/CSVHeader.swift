import Domain
import StrictJSON

/// Reads the first row, and makes the columns' names of it.
struct CSVHeader {
  private let dialect: CSVDialect
  private let sink: RowSink
  private let sidecarName: String
  /// Line of the row behind it.
  private(set) var line = 1

  init(_ dialect: CSVDialect, _ sink: RowSink, sidecarName: String) {
    self.dialect = dialect
    self.sink = sink
    self.sidecarName = sidecarName
  }

  /// The columns' names. The window stands behind the header then, where there is one; else at the first row.
  mutating func read(_ window: ByteWindow) throws -> [String] {
    guard let first = try firstRecord(window) else { return [] }
    guard dialect.hasHeader else {
      if first.fields.count == 1 { return ["text"] }
      let names = first.fields.indices.map { "col_\($0 + 1)" }
      sink.warn(
        "\(sink.file): its first row looks like data, not like names, so the columns are called \(names[0]) to \(names[names.count - 1]). "
          + "If it is the header, say \"header\": true in \(sidecarName).")
      return names
    }
    sink.sourceRow = 1
    if first.fault == .unterminated {
      throw Problem(unterminatedQuoteIn: sink.file, row: 1, line: line, hint: nil)
    }
    let bytes = UnsafeBufferPointer(rebasing: window.bytes[..<first.length])
    try checkEncoding(bytes, window)
    line += CSVReader.lineEnds(in: bytes)
    window.start += first.length
    return try names(first.fields)
  }

  private mutating func firstRecord(_ window: ByteWindow) throws -> CSVRecord? {
    while true {
      guard window.count > 0 else {
        guard try window.more() else { return nil }
        continue
      }
      let record = CSVRecord(window.bytes[...], dialect)
      if record.length >= window.count, !window.isAtEnd {
        _ = try window.more()
        continue
      }
      if !record.isBlank { return record }
      line += CSVReader.lineEnds(in: UnsafeBufferPointer(rebasing: window.bytes[..<record.length]))
      window.start += record.length
    }
  }

  private func checkEncoding(_ bytes: UnsafeBufferPointer<UInt8>, _ window: ByteWindow) throws {
    guard let invalid = UTF8Check.firstInvalidByte(in: bytes) else { return }
    throw Problem(
      encoding: TextEncoding(ofEightBit: window.bytes.prefix(1_024)), name: sink.file, offending: bytes[invalid],
      at: .init(file: sink.file, row: 1, line: line, byte: window.origin + window.start + invalid))
  }

  private func names(_ fields: [String]) throws -> [String] {
    guard fields.count <= ColumnTable.limit else { throw sink.tooManyColumns(inRow: 1) }
    var names: [String] = []
    for (index, field) in fields.enumerated() {
      let name = String(field.trimmedOfSpace)
      if name.isEmpty {
        names.append("col_\(index + 1)")
        sink.warn("\(sink.file): column \(index + 1) has no name in the header; it is called col_\(index + 1).")
      } else {
        names.append(name)
      }
    }
    for (index, name) in names.enumerated() {
      guard let first = names.firstIndex(of: name), first != index else { continue }
      throw Problem(
        "csv.repeated-column", "the header names two columns '\(name)': number \(first + 1) and number \(index + 1)",
        at: .init(file: sink.file, row: 1, column: name), why: "a row can hold one value of a name",
        mend: "Rename one of them; if row 1 is data and there is no header, say \"header\": false in \(sidecarName).")
    }
    return names
  }
}
