import Domain

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
    var reader = CSVReader(window, sink, dialect, columns: columns, line: header.line)
    try reader.run()
    sink.holdsOnlyHeader = dialect.hasHeader && sink.sourceRow == 1
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
