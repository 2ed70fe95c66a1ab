import Domain
import StrictJSON

/// JSON (RFC 8259): a list of rows; an object that holds one list of rows; one row; or several of these in sequence.
/// Rows are taken one by one as they come, so that the list may be larger than memory.
///
/// Decided here:
/// - An object holds a list of rows where that list, of objects, stands under one of `wrapperKeys`, or under any other
///   key with nothing but plain values before it. Otherwise the object is a row itself.
/// - Two lists of rows in one object, or one under a key that says nothing and more objects or lists behind it, are
///   refused: what is meant must not be guessed.
/// - A string among the rows is the row `{"text": …}`; any other value is a bad row.
/// - A fault in the grammar ends the reading: what follows it cannot be told apart.
enum JSONFormat: RowFormat {
  /// Keys that the field uses for the rows.
  static let wrapperKeys: Set<String> = [
    "data", "rows", "examples", "train", "items", "records", "samples", "instances", "dataset", "entries", "documents", "results",
    "questions",
  ]
  /// Keys whose list of objects is a part of one row.
  static let rowKeys: Set<String> = [
    "messages", "conversations", "conversation", "chat", "dialog", "dialogue", "turns", "history", "chosen", "rejected", "chosen_messages",
    "rejected_messages", "prompt", "completion",
  ]

  static func read(_ window: ByteWindow, _ settings: FormatSettings, into sink: RowSink) throws {
    window.countsLines = true
    var reader = JSONReader(window, sink)
    try reader.run()
  }
}

struct JSONReader {
  private let window: ByteWindow
  private let sink: RowSink
  private var holdsRows: Bool?

  init(_ window: ByteWindow, _ sink: RowSink) {
    self.window = window
    self.sink = sink
  }

  mutating func run() throws {
    while !sink.isFull, let first = try nextByte() {
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

  // MARK: lists

  /// The window stands at the opening bracket.
  private mutating func readList() throws {
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
          try sink.add(window.base + start, end - start, spansLines: scanner.spansLines)
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

  // MARK: an object around the rows

  /// Whether the object at the window's start holds the rows. As much of it as is needed comes into the window; it stays
  /// unconsumed.
  private func probe() throws -> Bool {
    while true {
      if let verdict = try probeWindow() { return verdict }
      guard try window.more() else { return false }  // its fault is found and told by whoever reads it
    }
  }

  /// nil where the window ends before it can be told.
  private func probeWindow() throws -> Bool? {
    var scanner = JSONScanner(window.bytes)
    var hasPlainValuesOnly = true
    do throws(JSONSyntaxError) {
      scanner.advance()
      scanner.skipWhitespace()
      while scanner.current == UInt8(ascii: "\"") {
        let key = scanner.text(of: try scanner.skipKey())
        scanner.skipWhitespace()
        switch scanner.current {
        case UInt8(ascii: "["):
          var inside = scanner
          inside.advance()
          inside.skipWhitespace()
          guard let first = inside.current else { return nil }
          let isWrapper = JSONFormat.wrapperKeys.contains(key.lowercased())
          if first == UInt8(ascii: "{"), !JSONFormat.rowKeys.contains(key.lowercased()), isWrapper || hasPlainValuesOnly { return true }
          if isWrapper, hasPlainValuesOnly, first == UInt8(ascii: "\"") || first == UInt8(ascii: "]") { return true }
          hasPlainValuesOnly = false
        case UInt8(ascii: "{"): hasPlainValuesOnly = false
        default: break
        }
        _ = try scanner.skipValue()
        scanner.skipWhitespace()
        if try scanner.skipSeparator(closing: UInt8(ascii: "}")) { return false }
        scanner.skipWhitespace()
      }
      return scanner.isAtEnd ? nil : false
    } catch {
      return isNearEnd(error) ? nil : false
    }
  }

  /// The window stands at the object's brace.
  private mutating func readWrapper() throws {
    var rowsKey: String?
    var saysSo = false
    window.start += 1
    while true {
      guard try nextByte() == UInt8(ascii: "\"") else { throw syntaxProblem(as: .key) }
      let keyRange = try wholeValue()
      let key = JSONScanner(window.bytes).text(of: try string(keyRange))
      window.start = keyRange.upperBound
      guard try nextByte() == UInt8(ascii: ":") else { throw syntaxProblem(as: .colon) }
      window.start += 1
      let first = try nextByte()
      if first == UInt8(ascii: "["), try listHoldsRows(under: key, isFirst: rowsKey == nil) {
        if let rowsKey {
          throw Problem(
            "json.two-lists", "its object holds two lists of rows, '\(rowsKey)' and '\(key)'",
            at: window.place(of: window.start, file: sink.file), why: "it cannot be told which of them is meant",
            mend: "Put each list into a file of its own (train.json, test.json), or write one row a line as .jsonl.")
        }
        rowsKey = key
        saysSo = JSONFormat.wrapperKeys.contains(key.lowercased())
        try readList()
        if sink.isFull { return }
      } else {
        if let rowsKey, !saysSo, first == UInt8(ascii: "[") || first == UInt8(ascii: "{") {
          throw Problem(
            "json.unclear", "its object holds a list '\(rowsKey)' and more besides it ('\(key)')",
            at: window.place(of: window.start, file: sink.file), why: "it cannot be told what its rows are",
            mend: "Put the rows into a list of their own: [{…}, {…}], or call their list \"data\".")
        }
        window.start = try wholeValue().upperBound
      }
      if try closes(UInt8(ascii: "}")) { return }
    }
  }

  /// The window stands at the list's bracket.
  private func listHoldsRows(under key: String, isFirst: Bool) throws -> Bool {
    while true {
      var inside = window.start + 1
      while inside < window.end, Self.isSpace(window.base[inside]) { inside += 1 }
      if inside == window.end, try window.more() { continue }
      let first = window.base[inside]
      if first == UInt8(ascii: "{") { return !JSONFormat.rowKeys.contains(key.lowercased()) }
      return isFirst && JSONFormat.wrapperKeys.contains(key.lowercased()) && (first == UInt8(ascii: "\"") || first == UInt8(ascii: "]"))
    }
  }

  private func string(_ range: Range<Int>) throws -> JSONStringRange {
    var scanner = JSONScanner(window.bytes, at: range.lowerBound - window.start)
    return try scanner.skipString()
  }

  // MARK: steps

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  /// Passes over white space; the byte that stands there then, or nil at the end of the file.
  private func nextByte() throws -> UInt8? {
    while true {
      while window.start < window.end, Self.isSpace(window.base[window.start]) { window.start += 1 }
      if window.start < window.end { return window.base[window.start] }
      guard try window.more() else { return nil }
    }
  }

  /// Steps over the comma or the closing bracket after an element; true where the list or object is closed.
  private func closes(_ bracket: UInt8) throws -> Bool {
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
      guard try window.more() else { throw syntaxProblem(as: .separator(bracket)) }
      ahead = window.start + passed
    }
    if window.base[ahead] == bracket { throw syntaxProblem(as: .separator(bracket)) }
    window.start = ahead
    return false
  }

  /// The range of the value at the window's start, brought into the window whole.
  private func wholeValue() throws -> Range<Int> {
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

  // MARK: faults

  /// A fault so near the end of what is here may be no fault once the rest has come: 12 bytes is the longest escape.
  private func isNearEnd(_ error: JSONSyntaxError) -> Bool { error.code == .unexpectedEnd || error.byte + 16 > window.count }

  /// Whether the value at the window's start lacks nothing but its rest.
  private func isCutOff() -> Bool {
    guard !window.isAtEnd else { return false }
    var scanner = JSONScanner(window.bytes)
    do throws(JSONSyntaxError) {
      _ = try scanner.skipValue()
      return false
    } catch {
      return isNearEnd(error)
    }
  }

  private enum Expected { case row, key, colon, separator(UInt8) }

  /// What is wrong at the window's start, in the words of the strict scanner.
  private func syntaxProblem(as expected: Expected) -> Problem {
    var scanner = JSONScanner(window.bytes)
    var isInRow = false
    do throws(JSONSyntaxError) {
      scanner.skipWhitespace()
      switch expected {
      case .row:
        isInRow = true
        _ = try scanner.skipValue()
      case .key: _ = try scanner.skipKey()
      case .colon: throw scanner.isAtEnd ? scanner.endOfText("a colon after the key") : scanner.unexpected("a colon after the key")
      case .separator(let bracket): _ = try scanner.skipSeparator(closing: bracket)
      }
      preconditionFailure("the fast scanner refused at byte \(window.origin + window.start) what the strict one accepts")
    } catch {
      return problem(error, isInRow: isInRow)
    }
  }

  private func problem(_ error: JSONSyntaxError, isInRow: Bool = false) -> Problem {
    let place = window.place(of: window.start + error.byte, file: sink.file, row: isInRow ? sink.sourceRow + 1 : nil)
    return Problem(syntax: error, at: place)
  }
}

extension Problem {
  /// A fault in JSON's grammar, with the mend that fits it.
  init(syntax error: JSONSyntaxError, at place: Place) {
    let mend =
      switch error.code {
      case .trailingComma: "Remove that comma and drop the file again."
      case .unexpectedEnd, .emptyText:
        "The copy or download was probably cut off: fetch it again, compare the sizes, and drop the whole file."
      case .unquotedKey: "Write every key in double quotes: {\"text\": …}."
      case .unescapedControlCharacter: "Write it as an escape; Python's json.dump does so by itself."
      case .invalidUTF8: "Convert the file to UTF-8 (iconv -f ENCODING -t UTF-8) and drop the result."
      default: "Mend that place in the file and drop it again."
      }
    self.init("json.\(error.code.rawValue)", "it is not valid JSON", at: place, why: error.message, mend: mend)
  }
}
