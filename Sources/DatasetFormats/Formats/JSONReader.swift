import Domain
import StrictJSON

/// Reads rows out of JSON as it comes by: a row at a time is in the window, whatever stands around it.
struct JSONReader {
  let window: ByteWindow
  let sink: RowSink
  private var holdsRows: Bool?

  init(_ window: ByteWindow, _ sink: RowSink) {
    self.window = window
    self.sink = sink
  }

  mutating func run() throws {
    var isFirst = true
    while !sink.isFull, let (first, isOnNewLine) = try nextValue() {
      if !isFirst, !isOnNewLine, Self.opensRows(first) { throw goesOnOnTheLine() }
      isFirst = false
      switch first {
      case UInt8(ascii: "["): try readList()
      case UInt8(ascii: "{"):
        if holdsRows != false { holdsRows = try probe() }
        if holdsRows == true { try readWrapper() } else { try readRow() }
      case UInt8(ascii: "\""): try readRow()
      default:
        let range = try wholeValue()
        throw Problem(
          "json.no-rows", "it holds no rows", at: window.place(of: range.lowerBound, file: sink.file),
          why: RowShape.complaint(about: first), mend: "Write the rows as a list of objects: [{\"text\": \"…\"}, …].")
      }
    }
  }

  private static func opensRows(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") || byte == UInt8(ascii: "\"")
  }

  private func goesOnOnTheLine() -> Problem {
    Problem(
      "json.after-value", "it is not valid JSON", at: window.place(of: window.start, file: sink.file),
      why: "the value before it ends on the same line, and JSON has one value in a file",
      mend: "Write the rows as a list, [{…}, {…}], or each on a line of its own, and drop the file again.")
  }

  /// The window stands at the opening bracket.
  mutating func readList() throws {
    window.start += 1
    guard try nextByte() != UInt8(ascii: "]") else {
      window.start += 1
      return
    }
    while true {
      try readRow()
      if sink.isFull { return }
      if try closes(UInt8(ascii: "]")) { return }
    }
  }

  /// One element of a list, or one value of a sequence.
  private mutating func readRow() throws {
    guard let first = try nextByte() else { throw syntaxProblem(as: .row) }
    if first == UInt8(ascii: "{") {
      while true {
        var scanner = RowScanner(sink.columns, window.base)
        let start = window.start
        if let end = scanner.object(at: start), end <= window.end {
          let row = UnsafeBufferPointer(start: UnsafePointer(window.base + start), count: end - start)
          guard scanner.traits.isASCII || UTF8Check.firstInvalidByte(in: row) == nil else { throw syntaxProblem(as: .row) }
          sink.sourceRow += 1
          try sink.add(window.base + start, end - start, spansLines: scanner.spansLines, at: window.origin + start)
          window.start = end
          return
        }
        guard isCutOff(), try window.more() else { throw syntaxProblem(as: .row) }
      }
    }
    let range = try wholeValue()
    sink.sourceRow += 1
    let row = UnsafeBufferPointer(start: UnsafePointer(window.base + range.lowerBound), count: range.count)
    if first == UInt8(ascii: "\"") {
      try sink.add(string: window.base + range.lowerBound, range.count)
    } else {
      let place = window.place(of: range.lowerBound, file: sink.file)
      try sink.addBad(
        BadRow(
          file: sink.file, row: sink.sourceRow, line: place.line, character: place.character, byte: place.byte,
          reason: RowShape.complaint(about: first)), raw: row)
    }
    window.start = range.upperBound
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  /// Passes over white space; the byte that stands there then, or nil at the end of the file.
  func nextByte() throws -> UInt8? {
    while true {
      while window.start < window.end, Self.isSpace(window.base[window.start]) { window.start += 1 }
      if window.start < window.end { return window.base[window.start] }
      guard try window.more() else { return nil }
    }
  }

  /// The same, at the beginning of a value that stands in no other: whether it begins on another line than the last one ended.
  private func nextValue() throws -> (byte: UInt8, isOnNewLine: Bool)? {
    var isOnNewLine = false
    while true {
      while window.start < window.end, Self.isSpace(window.base[window.start]) {
        if window.base[window.start] == 0x0A { isOnNewLine = true }
        window.start += 1
      }
      if window.start < window.end { return (window.base[window.start], isOnNewLine) }
      guard try window.more() else { return nil }
    }
  }

  /// Steps over the comma or the closing bracket after an element; true where the list or object is closed.
  func closes(_ bracket: UInt8) throws -> Bool {
    guard let byte = try nextByte() else { throw syntaxProblem(as: .separator(bracket)) }
    if byte == bracket {
      window.start += 1
      return true
    }
    guard byte == UInt8(ascii: ",") else { throw syntaxProblem(as: .separator(bracket)) }
    // Looked at from the comma, so that a trailing one is named by its own place.
    var ahead = window.start + 1
    while true {
      while ahead < window.end, Self.isSpace(window.base[ahead]) { ahead += 1 }
      if ahead < window.end { break }
      let passed = ahead - window.start
      guard try window.more() else {
        window.start = ahead
        throw syntaxProblem(as: bracket == UInt8(ascii: "}") ? .key : .row)
      }
      ahead = window.start + passed
    }
    if window.base[ahead] == bracket { throw syntaxProblem(as: .separator(bracket)) }
    window.start = ahead
    return false
  }

  /// The range of the value at the window's start, brought into the window whole.
  func wholeValue() throws -> Range<Int> {
    while true {
      var scanner = JSONScanner(window.bytes)
      do throws(JSONSyntaxError) {
        let range = try scanner.skipValue()
        // A number that touches the window's end may go on behind it.
        if range.upperBound < window.count || window.isAtEnd {
          return range.lowerBound + window.start..<range.upperBound + window.start
        }
      } catch {
        guard isNearEnd(error), !window.isAtEnd else { throw problem(error) }
      }
      if try !window.more() { continue }  // at the end now: the same bytes are judged for good
    }
  }
}
