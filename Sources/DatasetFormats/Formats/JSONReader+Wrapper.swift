import Domain
import StrictJSON

/// Objects around the rows: `{"data": [{…}, {…}]}`.
extension JSONReader {
  /// Whether the object at the window's start holds the rows. As much of it as is needed comes into the window; it stays
  /// unconsumed.
  func probe() throws -> Bool {
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
  mutating func readWrapper() throws {
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
}
