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
  /// What stands in front of each field's value in the output: `{"a":"`, `","b":"`, …, one behind the other, and where
  /// each ends.
  private let frame: UnsafeMutableBufferPointer<UInt8>
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
    frame = .allocate(capacity: text.count + ByteWindow.slack)
    _ = frame.initialize(from: text)
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
      ? "a letter stands behind a closing quote; a quote inside a quoted field is written twice"
      : "\(fields) \(fields == 1 ? "field" : "fields") where the header has \(keys.count)"
    try sink.addBad(
      BadRow(file: sink.file, row: sink.sourceRow, line: line, byte: window.origin + row.lowerBound, reason: reason), raw: raw)
  }

  /// Reads the row at the window's start into the output, values framed, up to where the last value ends.
  private func readRow() throws -> End {
    let bytes = UnsafePointer(window.base)
    let end = window.end
    let sinkOutput = sink.output
    let delimiters = ByteScan.ones &* UInt64(delimiter)
    let quotes = ByteScan.ones &* UInt64(quote ?? 0)
    var index = window.start
    var fields = 0
    var lines = 0
    var isEmpty = true
    var fault: CSVRecord.Fault?
    var anyBytes: UInt64 = 0
    var output = sinkOutput.base + sinkOutput.used
    // A step below stores eight bytes, or the six of an escape, and moves on by as many at most.
    var room = sinkOutput.base + sinkOutput.capacity - 32

    func makeRoom() throws {
      sinkOutput.used = output - sinkOutput.base
      try sinkOutput.reserve(1 << 16)
      output = sinkOutput.base + sinkOutput.used
      room = sinkOutput.base + sinkOutput.capacity - 32
    }

    while true {
      if fields < keys.count {
        let from = fields == 0 ? 0 : frameEnds[fields - 1]
        let count = frameEnds[fields] - from
        if output + count > room {
          sinkOutput.used = output - sinkOutput.base
          try sinkOutput.reserve(count + 1 << 16)
          output = sinkOutput.base + sinkOutput.used
          room = sinkOutput.base + sinkOutput.capacity - 32
        }
        memcpy(output, frame.baseAddress! + from, count)  // allocated in init, never empty
        output += count
      }
      fields += 1
      let fieldStart = index

      if let quote, bytes[index] == quote, index < end {
        index += 1
        quoted: while true {
          let word = ByteScan.load(bytes + index)
          UnsafeMutableRawPointer(output).storeBytes(of: word, as: UInt64.self)
          let marks = ByteScan.escaped(word) | ByteScan.equal(word, quotes)
          let clear = min(ByteScan.clear(marks), 8)
          anyBytes |= clear == 8 ? word : word & ((1 << (clear * 8)) &- 1)
          index += clear
          output += clear
          if output > room { try makeRoom() }
          guard clear < 8 else { continue }
          let byte = bytes[index]
          if byte == quote {
            if index + 1 >= end, !window.isAtEnd { return .cutOff }
            guard bytes[index + 1] == quote, index + 1 < end else {
              index += 1
              break quoted
            }
            index += 1
            if byte == UInt8(ascii: "\"") {
              output = CanonicalWriter.escape(byte, to: output)
            } else {
              output[0] = byte
              output += 1
            }
          } else {
            if byte == 0, index >= end {
              guard window.isAtEnd else { return .cutOff }
              fault = .unterminated
              break quoted
            }
            if byte == 0x0A { lines += 1 } else if byte == 0x0D, bytes[index + 1] != 0x0A { lines += 1 }
            output = CanonicalWriter.escape(byte, to: output)
          }
          index += 1
          if output > room { try makeRoom() }
        }
        if index - fieldStart > 2 { isEmpty = false }
        let byte = bytes[index]
        if byte != delimiter, byte != 0x0A, byte != 0x0D, index < end { fault = .afterQuote }
      }

      unquoted: while true {
        let word = ByteScan.load(bytes + index)
        UnsafeMutableRawPointer(output).storeBytes(of: word, as: UInt64.self)
        let marks = ByteScan.escaped(word) | ByteScan.equal(word, delimiters)
        let clear = min(ByteScan.clear(marks), 8)
        anyBytes |= clear == 8 ? word : word & ((1 << (clear * 8)) &- 1)
        index += clear
        output += clear
        if output > room { try makeRoom() }
        guard clear < 8 else { continue }
        let byte = bytes[index]
        if byte == 0x0A || byte == 0x0D || byte == delimiter || (byte == 0 && index >= end) { break unquoted }
        output = CanonicalWriter.escape(byte, to: output)
        index += 1
        if output > room { try makeRoom() }
      }
      if fieldStart < index { isEmpty = isEmpty && bytes[fieldStart] == quote }

      let byte = bytes[index]
      if index < end, byte == delimiter, byte != 0x0A {
        index += 1
        continue
      }
      if index >= end {
        guard window.isAtEnd else { return .cutOff }
      } else {
        lines += 1
        if byte == 0x0D {
          if index + 1 >= end, !window.isAtEnd { return .cutOff }
          if bytes[index + 1] == 0x0A, index + 1 < end { index += 1 }
        }
        index += 1
      }
      break
    }
    sinkOutput.used = output - sinkOutput.base
    if anyBytes & ByteScan.highs != 0 { try checkEncoding(window.start..<index) }
    return .row(next: index, fields: fields, lines: lines, isEmpty: isEmpty, fault: fault)
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

  /// CR LF, LF and CR each end one line.
  static func lineEnds(in bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var count = 0
    for (index, byte) in bytes.enumerated() where byte == 0x0A || (byte == 0x0D && (index + 1 == bytes.count || bytes[index + 1] != 0x0A)) {
      count += 1
    }
    return count
  }
}
