import Domain
import StrictJSON

/// Where a format puts the rows of one file: good ones into the split's canonical file, bad ones into the log.
package final class RowSink {
  /// The file's name for people.
  package let file: String
  package let output: CanonicalWriter
  package let columns: ColumnTable
  package let badRows: BadRowLog
  package let limits: IngestLimits
  @exclusivity(unchecked) package private(set) var rows = 0
  package private(set) var badRowCount = 0
  /// How a CSV is read.
  package internal(set) var dialect: String?
  /// A CSV with a header and nothing behind it.
  package internal(set) var holdsOnlyHeader = false
  /// Rows that were read, good and bad: the number of the one read last.
  @exclusivity(unchecked) package internal(set) var sourceRow = 0
  package private(set) var warnings: [String] = []

  private let mended: MendedRows?
  /// Set by a format: reads a mended row as one of its own into `output`; nil where it is good, else why not.
  var readMended: ((UnsafeBufferPointer<UInt8>) throws -> String?)?

  private let maximumRows: Int?
  private let rowsBefore: Int

  /// - Parameters:
  ///   - columns: counted over all files of the drop, as are `badRows`.
  ///   - maximumRows: rows wanted of the split that `output` writes; nil: all.
  ///   - mended: what bad rows are to be read as instead.
  ///   - rowsBefore: good rows of the drop's other files so far.
  package init(
    file: String, output: CanonicalWriter, columns: ColumnTable, badRows: BadRowLog, limits: IngestLimits, maximumRows: Int? = nil,
    rowsBefore: Int = 0, mended: MendedRows? = nil
  ) {
    self.file = file
    self.output = output
    self.columns = columns
    self.badRows = badRows
    self.limits = limits
    self.maximumRows = maximumRows
    self.rowsBefore = rowsBefore
    self.mended = mended
  }

  /// Everything that was asked for is here: the file need not be read on.
  package var isFull: Bool { maximumRows.map { output.rows >= $0 } ?? false }

  package func warn(_ warning: String) { warnings.append(warning) }

  /// The row that was appended to `output` is whole.
  @inline(__always) func endRow() throws {
    try output.endRow()
    rows += 1
  }

  /// A row that `RowScanner` accepted, byte for byte; one that spans lines is put onto one line.
  ///
  /// - Parameter offset: of its first byte in the file.
  @inline(__always) func add(_ row: UnsafePointer<UInt8>, _ count: Int, spansLines: Bool, at offset: Int) throws {
    if output.isInPlace, offset == output.byteCount, row[count] == 0x0A, !spansLines {
      try output.passRow(count + 1)
      rows += 1
    } else {
      if spansLines { try addOnOneLine(row, count) } else { try output.append(row, count) }
      try endRow()
    }
    columns.commitRow()
    if columns.isOverfull { throw tooManyColumns(inRow: sourceRow) }
  }

  /// A row that is a JSON string becomes the row `{"text": …}`.
  func add(string literal: UnsafePointer<UInt8>, _ count: Int) throws {
    try output.append("{\"text\":")
    try output.append(literal, count)
    try output.append("}")
    columns.beginRow()
    noteText()
    columns.commitRow()
    try endRow()
  }

  /// A row of JSON that stands alone: nil where it is added, else why it is no row.
  func addMended(json text: UnsafeBufferPointer<UInt8>) throws -> String? {
    do throws(JSONSyntaxError) {
      var strict = JSONScanner(text)
      _ = try strict.skipValue()
      strict.skipWhitespace()
      guard strict.isAtEnd else { throw strict.error(.trailingContent, "something follows the end of the row") }
    } catch {
      return error.reason
    }
    guard let base = text.baseAddress, let start = text.firstIndex(where: { $0 > 0x20 }), let last = text.lastIndex(where: { $0 > 0x20 })
    else {
      return "it is empty"
    }
    let count = last + 1 - start
    if text[start] == UInt8(ascii: "\"") {
      try add(string: base + start, count)
      return nil
    }
    var scanner = RowScanner(columns, base)
    guard text[start] == UInt8(ascii: "{"), scanner.object(at: start) == last + 1 else { return RowShape.complaint(about: text[start]) }
    try add(base + start, count, spansLines: scanner.spansLines, at: -1)
    return nil
  }

  func noteText() {
    let key: StaticString = "text"
    columns.note(key.utf8Start, key.utf8CodeUnitCount, first: UInt8(ascii: "\""))
  }

  /// White space between tokens goes; strings stay as they are.
  private func addOnOneLine(_ row: UnsafePointer<UInt8>, _ count: Int) throws {
    var index = 0
    var kept = 0
    while index < count {
      let byte = row[index]
      if byte == UInt8(ascii: "\"") {
        index = Self.endOfString(row, index)
      } else if byte <= 0x20 {
        try output.append(row + kept, index - kept)
        while index < count, row[index] <= 0x20 { index += 1 }
        kept = index
      } else {
        index += 1
      }
    }
    try output.append(row + kept, count - kept)
  }

  /// The index behind the string that opens at `start`, in a row that was checked.
  @inline(__always) private static func endOfString(_ row: UnsafePointer<UInt8>, _ start: Int) -> Int {
    var index = start + 1
    while true {
      let word = ByteScan.load(row + index)
      let marks = ByteScan.equal(word, ByteScan.ones &* 0x22) | ByteScan.equal(word, ByteScan.ones &* 0x5C)
      index += marks == 0 ? 8 : ByteScan.clear(marks)
      guard marks != 0 else { continue }
      if row[index] == UInt8(ascii: "\"") { return index + 1 }
      index += 2  // a backslash and what it escapes
    }
  }

  /// Leaves a row out, unless it was mended: then that goes into its place. A file of garbage does not fill the disk with its bad rows: after ten thousand of them, reading
  /// ends where they are more than half.
  func addBad(_ row: BadRow, raw: UnsafeBufferPointer<UInt8>) throws {
    var row = row
    if let mended, let readMended, let text = mended.take(file: file, row: row.row) {
      // Zeros behind it, as behind a window: scanners load whole words.
      let bytes = Array(text.utf8) + [UInt8](repeating: 0, count: ByteWindow.slack)
      let reason = try bytes.withUnsafeBufferPointer { try readMended(UnsafeBufferPointer(rebasing: $0.dropLast(ByteWindow.slack))) }
      guard let reason else { return mended.noteUse() }
      row.reason = "the mended row: \(reason)"
      (row.line, row.character, row.byte, row.isNotUTF8) = (nil, nil, nil, false)
      return try bytes.withUnsafeBufferPointer { try leaveOut(row, UnsafeBufferPointer(rebasing: $0.dropLast(ByteWindow.slack))) }
    }
    try leaveOut(row, raw)
  }

  private func leaveOut(_ row: BadRow, _ raw: UnsafeBufferPointer<UInt8>) throws {
    try badRows.add(row, raw: raw)
    badRowCount += 1
    let good = rowsBefore + rows
    guard badRows.count >= 10_000, badRows.count > good else { return }
    throw badRows.problem(goodRows: good, limits: limits, isEarly: true)
  }

  func tooManyColumns(inRow row: Int) -> Problem {
    Problem(
      "rows.too-many-columns", "the rows have more than \(ColumnTable.limit) different columns", at: .init(file: file, row: row),
      why: "the keys are probably data themselves, such as identifiers",
      mend: "Make each entry a row of its own: {\"id\": …, \"text\": …}, one a line, and drop that as .jsonl.")
  }
}
