import Domain
import StrictJSON

#if canImport(Glibc)
  import Glibc
#endif

/// The fast reader of CSV rows: each field goes straight from the window into the output, eight bytes at a time, escaped
/// for JSON on the way. A row that turns out bad is dropped from the output again.
///
/// `CSVRecord` is the plain version of the same grammar; a test holds the two against each other.
struct CSVReader {
  private let window: ByteWindow
  private let sink: RowSink
  private let keys: [[UInt8]]
  private let delimiter: UInt8
  private let quote: UInt8?
  private let hasHeader: Bool
  /// What stands in front of each field's value in the output: `{"a":"`, `","b":"`, …, one behind the other, and where
  /// each ends.
  private let frame: UnsafeMutablePointer<UInt8>
  private let frameEnds: [Int]
  /// Line of the next row.
  private var line: Int
  private var emptyRows = 0

  /// - Parameters:
  ///   - columns: their names.
  ///   - line: of the first row that is read.
  init(_ window: ByteWindow, _ sink: RowSink, _ dialect: CSVDialect, columns: [String], line: Int) {
    self.window = window
    self.sink = sink
    // No delimiter: a line feed, which is met as the end of the row before it could be taken for one.
    delimiter = dialect.delimiter ?? 0x0A
    quote = dialect.quote
    hasHeader = dialect.hasHeader
    keys = columns.map { name in
      var key: [UInt8] = []
      JSONText.append(name.utf8, to: &key)
      return Array(key.dropFirst().dropLast())
    }
    self.line = line
    var text: [UInt8] = []
    var ends: [Int] = []
    for (index, key) in keys.enumerated() {
      text += Array((index == 0 ? "{\"" : "\",\"").utf8) + key + Array("\":\"".utf8)
      ends.append(text.count)
    }
    frame = .allocate(capacity: text.count)
    frame.initialize(from: text, count: text.count)
    frameEnds = ends
  }

  /// Where a row ended, seen from the inside.
  private enum End {
    /// The index behind the row's line end, its fields, the line ends in it, and whether any field holds anything.
    case row(next: Int, fields: Int, lines: Int, isEmpty: Bool, fault: CSVRecord.Fault?)
    /// The window ends before the row does.
    case cutOff
  }

  mutating func run() throws {
    defer { frame.deallocate() }
    while !sink.isFull {
      if window.count == 0, try !window.more() { break }
      let start = window.start
      switch try readRow() {
      case .cutOff:
        sink.output.dropRow()
        try bringMore()
      case .row(let next, let fields, let lines, let isEmpty, let fault):
        try settle(start..<next, fields: fields, isEmpty: isEmpty, fault: fault)
        line += lines
        window.start = next
      }
    }
    sink.columns.commit(rows: sink.rows, ofTexts: keys)
    if emptyRows > 0 {
      sink.warn("\(sink.file): \(emptyRows) \(emptyRows == 1 ? "row" : "rows") with nothing in any column passed over.")
    }
  }

  private func bringMore() throws {
    do {
      _ = try window.more()
    } catch is RowTooLong {
      guard let quote, window.bytes.contains(quote) else { throw RowTooLong() }
      throw Problem(
        unterminatedQuoteIn: sink.file, row: sink.sourceRow + 1, line: line,
        hint: "the row is longer than \(sink.limits.rowBytes) bytes, the limit for one row")
    }
  }

  /// The row was read into the output: it is ended there, or dropped with a reason.
  @inline(__always) private mutating func settle(_ row: Range<Int>, fields: Int, isEmpty: Bool, fault: CSVRecord.Fault?) throws {
    if fault == nil, fields == keys.count, !isEmpty, fields > 1 || !isBlank(row) {
      sink.sourceRow += 1
      try sink.output.append("\"}")
      try sink.endRow()
    } else {
      sink.output.dropRow()
      try settleOther(row, fields: fields, isEmpty: isEmpty, fault: fault)
    }
  }

  private func isBlank(_ row: Range<Int>) -> Bool {
    for index in row where window.base[index] != 0x20 && window.base[index] != 0x09 {
      return window.base[index] == 0x0A || window.base[index] == 0x0D
    }
    return true
  }

  @inline(never) private mutating func settleOther(_ row: Range<Int>, fields: Int, isEmpty: Bool, fault: CSVRecord.Fault?) throws {
    var raw = UnsafeBufferPointer(start: UnsafePointer(window.base + row.lowerBound), count: row.count)
    while let last = raw.last, last == 0x0A || last == 0x0D { raw = UnsafeBufferPointer(rebasing: raw.dropLast()) }
    if fields == 1, fault == nil, isBlank(row) { return }
    sink.sourceRow += 1
    if fault == .unterminated { throw Problem(unterminatedQuoteIn: sink.file, row: sink.sourceRow, line: line, hint: nil) }
    if isEmpty, fault == nil {
      emptyRows += 1
      return
    }
    let reason =
      fault == .afterQuote
      ? Self.afterQuote : Self.raggedness(fields, of: keys.count, hasHeader: hasHeader)
    try sink.addBad(
      BadRow(file: sink.file, row: sink.sourceRow, line: line, byte: window.origin + row.lowerBound, reason: reason), raw: raw)
  }

  /// Where the reading of a row stands, in registers while it goes on.
  private struct Cursor {
    var index: Int
    var output: UnsafeMutablePointer<UInt8>
    /// Up to here a step may begin: it stores eight bytes, or the six of an escape.
    var room: UnsafeMutablePointer<UInt8>
    var lines = 0
    /// All bytes that were passed over, ORed.
    var anyBytes: UInt64 = 0
  }

  private enum QuotedEnd { case closed, unterminated, cutOff }

  /// Reads the row at the window's start into the output, values framed, up to where the last value ends.
  private func readRow() throws -> End {
    let bytes = UnsafePointer(window.base)
    let end = window.end
    var cursor = Cursor(index: window.start, output: sink.output.base, room: sink.output.base)
    try makeRoom(&cursor, 0, isFirst: true)
    var fields = 0
    var isEmpty = true
    var fault: CSVRecord.Fault?
    while true {
      if fields < keys.count { try appendFrame(fields, &cursor) }
      fields += 1
      let start = cursor.index
      if let quote, bytes[start] == quote, start < end {
        switch try readQuoted(&cursor, bytes, end, quote) {
        case .closed: break
        case .unterminated: fault = .unterminated
        case .cutOff: return .cutOff
        }
        if cursor.index - start > 2 { isEmpty = false }
        let byte = bytes[cursor.index]
        if byte != delimiter, byte != 0x0A, byte != 0x0D, cursor.index < end { fault = fault ?? .afterQuote }
      } else if bytes[start] != delimiter, bytes[start] != 0x0A, bytes[start] != 0x0D, start < end {
        isEmpty = false
      }
      try readUnquoted(&cursor, bytes, end)
      guard cursor.index < end, bytes[cursor.index] == delimiter, delimiter != 0x0A else { break }
      cursor.index += 1
    }
    guard passLineEnd(&cursor, bytes, end) else { return .cutOff }
    sink.output.used = cursor.output - sink.output.base
    if cursor.anyBytes & ByteScan.highs != 0 { try checkEncoding(window.start..<cursor.index) }
    return .row(next: cursor.index, fields: fields, lines: cursor.lines, isEmpty: isEmpty, fault: fault)
  }

  /// Copies up to the next byte that may mean something, escaping what JSON wants escaped, and stops at a delimiter, a line
  /// end or the end of what is here.
  @inline(__always) private func readUnquoted(_ cursor: inout Cursor, _ bytes: UnsafePointer<UInt8>, _ end: Int) throws {
    let delimiters = ByteScan.ones &* UInt64(delimiter)
    while true {
      guard try copyPlain(&cursor, bytes, marking: delimiters) else { continue }
      let byte = bytes[cursor.index]
      if byte == 0x0A || byte == 0x0D || byte == delimiter || (byte == 0 && cursor.index >= end) { return }
      cursor.output = CanonicalWriter.escape(byte, to: cursor.output)
      cursor.index += 1
      if cursor.output > cursor.room { try makeRoom(&cursor, 0) }
    }
  }

  /// Copies the content of a quoted field, and steps over its closing quote.
  @inline(__always) private func readQuoted(
    _ cursor: inout Cursor, _ bytes: UnsafePointer<UInt8>, _ end: Int, _ quote: UInt8
  ) throws -> QuotedEnd {
    let quotes = ByteScan.ones &* UInt64(quote)
    cursor.index += 1
    while true {
      guard try copyPlain(&cursor, bytes, marking: quotes) else { continue }
      let byte = bytes[cursor.index]
      if byte == quote {
        if cursor.index + 1 >= end, !window.isAtEnd { return .cutOff }
        cursor.index += 1
        guard bytes[cursor.index] == quote, cursor.index < end else { return .closed }
      } else if byte == 0, cursor.index >= end {
        return window.isAtEnd ? .unterminated : .cutOff
      } else if byte == 0x0A || (byte == 0x0D && bytes[cursor.index + 1] != 0x0A) {
        cursor.lines += 1
      }
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 {
        cursor.output = CanonicalWriter.escape(byte, to: cursor.output)
      } else {
        cursor.output[0] = byte
        cursor.output += 1
      }
      cursor.index += 1
      if cursor.output > cursor.room { try makeRoom(&cursor, 0) }
    }
  }

  /// Copies eight bytes, or those before the first that is marked or that JSON wants escaped; true where there is one.
  @inline(__always) private func copyPlain(_ cursor: inout Cursor, _ bytes: UnsafePointer<UInt8>, marking pattern: UInt64) throws -> Bool {
    let word = ByteScan.load(bytes + cursor.index)
    UnsafeMutableRawPointer(cursor.output).storeBytes(of: word, as: UInt64.self)
    let marks = ByteScan.escaped(word) | ByteScan.equal(word, pattern)
    let clear = marks == 0 ? 8 : ByteScan.clear(marks)
    cursor.anyBytes |= marks == 0 ? word : word & ((1 << (clear * 8)) &- 1)
    cursor.index += clear
    cursor.output += clear
    if cursor.output > cursor.room { try makeRoom(&cursor, 0) }
    return marks != 0
  }

  /// Steps over the row's line end; false where the window ends before it is known which one it is.
  @inline(__always) private func passLineEnd(_ cursor: inout Cursor, _ bytes: UnsafePointer<UInt8>, _ end: Int) -> Bool {
    guard cursor.index < end else { return window.isAtEnd }
    cursor.lines += 1
    if bytes[cursor.index] == 0x0D {
      if cursor.index + 1 >= end, !window.isAtEnd { return false }
      if bytes[cursor.index + 1] == 0x0A, cursor.index + 1 < end { cursor.index += 1 }
    }
    cursor.index += 1
    return true
  }

  @inline(__always) private func appendFrame(_ field: Int, _ cursor: inout Cursor) throws {
    let start = field == 0 ? 0 : frameEnds[field - 1]
    let count = frameEnds[field] - start
    if cursor.output + count > cursor.room { try makeRoom(&cursor, count) }
    memcpy(cursor.output, frame + start, count)
    cursor.output += count
  }

  /// Lets the output make room for `count` bytes and a good deal more.
  private func makeRoom(_ cursor: inout Cursor, _ count: Int, isFirst: Bool = false) throws {
    if !isFirst { sink.output.used = cursor.output - sink.output.base }
    try sink.output.reserve(count + (isFirst ? 0 : 1 << 16))
    cursor.output = sink.output.base + sink.output.used
    cursor.room = sink.output.base + sink.output.capacity - 32
  }

  private func checkEncoding(_ row: Range<Int>) throws {
    let bytes = UnsafeBufferPointer(start: UnsafePointer(window.base + row.lowerBound), count: row.count)
    guard let invalid = UTF8Check.firstInvalidByte(in: bytes) else { return }
    let at = row.lowerBound + invalid
    let about = UnsafeBufferPointer(start: UnsafePointer(window.base), count: window.end)[max(0, at - 512)..<min(window.end, at + 512)]
    throw Problem(
      encoding: TextEncoding(ofEightBit: about), name: sink.file, offending: bytes[invalid],
      at: .init(file: sink.file, row: sink.sourceRow + 1, line: line, byte: window.origin + at))
  }

  static let afterQuote = "a letter stands behind a closing quote; a quote inside a quoted field is written twice"

  static func raggedness(_ fields: Int, of columns: Int, hasHeader: Bool) -> String {
    "\(fields) \(fields == 1 ? "field" : "fields") where \(hasHeader ? "the header" : "row 1") has \(columns)"
  }

  /// CR LF, LF and CR each end one line.
  static func lineEnds(in bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var count = 0
    for (index, byte) in bytes.enumerated() where byte == 0x0A || (byte == 0x0D && (index + 1 == bytes.count || bytes[index + 1] != 0x0A)) {
      count += 1
    }
    return count
  }
}
