import Domain
import StrictJSON

/// CSV and TSV by RFC 4180; what it leaves open is decided in `CSVRecord` and `CSVDialect`. Values stay strings as they
/// are written. Row numbers count the header: row 1 is what an editor or a spreadsheet shows first.
enum CSVFormat: RowFormat {
  static func read(_ window: ByteWindow, _ settings: FormatSettings, into sink: RowSink) throws {
    if window.count == 0 { _ = try window.more() }
    let dialect = try CSVDialect(of: window.bytes, isWhole: window.isAtEnd, settings: settings)
    sink.dialect = dialect.title
    var header = CSVHeader(dialect, sink, sidecarName: settings.sidecarName)
    let columns = try header.read(window)
    guard !columns.isEmpty else { return }
    sink.readMended = { [unowned sink] in try sink.addMended(csv: $0, dialect, columns: columns) }
    var reader = CSVReader(window, sink, dialect, columns: columns, line: header.line)
    try reader.run()
    sink.holdsOnlyHeader = dialect.hasHeader && sink.sourceRow == 1
  }
}

extension RowSink {
  /// A record that stands alone: nil where it is added, else why it is no row.
  func addMended(csv text: UnsafeBufferPointer<UInt8>, _ dialect: CSVDialect, columns: [String]) throws -> String? {
    guard !text.isEmpty else { return "it is empty" }
    let record = CSVRecord(text[...], dialect)
    switch record.fault {
    case .unterminated: return "a quote that is opened is never closed"
    case .afterQuote: return CSVReader.afterQuote
    case nil: break
    }
    guard record.length == text.count else { return "it is more than one row" }
    guard record.fields.count == columns.count else {
      return CSVReader.raggedness(record.fields.count, of: columns.count, hasHeader: dialect.hasHeader)
    }
    var row: [UInt8] = []
    for (index, field) in record.fields.enumerated() {
      row.append(index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
      JSONText.append(columns[index].utf8, to: &row)
      row.append(UInt8(ascii: ":"))
      JSONText.append(field.utf8, to: &row)
    }
    row.append(UInt8(ascii: "}"))
    try row.withUnsafeBufferPointer { bytes in if let base = bytes.baseAddress { try output.append(base, bytes.count) } }
    try endRow()
    return nil
  }
}

extension Problem {
  init(unterminatedQuoteIn file: String, row: Int, line: Int, hint: String?) {
    self.init(
      "csv.unterminated-quote", "a quote that is opened in this row is never closed", at: .init(file: file, row: row, line: line),
      why: hint ?? "everything behind it, to the end of the file, would be one field",
      mend: "Close the quote (a quote inside a quoted field is written twice: \"\"); if the end of the file is missing, copy it again.")
  }
}
