import Domain
import StrictJSON

#if canImport(Glibc)
  import Glibc
#endif

/// JSON lines: a JSON object a line (jsonlines.org). A line that is none is a bad row, and the rest goes on.
///
/// Decided here: blank lines are passed over and are no rows; a string is the row `{"text": …}`; repeated keys stay, and
/// the last one counts.
enum JSONLinesFormat: RowFormat {
  static func read(_ window: ByteWindow, _ settings: FormatSettings, into sink: RowSink) throws {
    sink.readMended = { [unowned sink] in try sink.addMended(json: $0) }
    var lines = JSONLinesReader(window, sink)
    try lines.run()
  }
}

private struct JSONLinesReader {
  private let window: ByteWindow
  private let sink: RowSink
  private var scanner: RowScanner
  private var line = 0

  init(_ window: ByteWindow, _ sink: RowSink) {
    self.window = window
    self.sink = sink
    scanner = RowScanner(sink.columns, window.base)
  }

  mutating func run() throws {
    repeat {
      scanner = RowScanner(sink.columns, window.base)
      var searched = window.start
      while let feed = memchr(window.base + searched, 0x0A, window.end - searched) {
        let end = UnsafePointer(feed.assumingMemoryBound(to: UInt8.self)) - UnsafePointer(window.base)
        try take(window.start, end)
        window.start = end + 1
        searched = end + 1
        if sink.isFull { return }
      }
      if window.isAtEnd, window.count > 0 {
        try take(window.start, window.end)
        window.start = window.end
      }
    } while try window.more()
  }

  /// One line, from its first byte to its line feed.
  @inline(__always) private mutating func take(_ first: Int, _ end: Int) throws {
    line += 1
    let bytes = window.base
    var start = first
    var stop = end
    while start < stop, Self.isSpace(bytes[start]) { start += 1 }
    while start < stop, Self.isSpace(bytes[stop - 1]) { stop -= 1 }
    guard start < stop else { return }
    sink.sourceRow += 1
    let row = UnsafePointer(bytes + start)
    let count = stop - start
    if bytes[start] == UInt8(ascii: "{"), scanner.object(at: start) == stop,
      scanner.traits.isASCII || UTF8Check.firstInvalidByte(in: UnsafeBufferPointer(start: row, count: count)) == nil
    {
      try sink.add(row, count, spansLines: scanner.spansLines, at: window.origin + start)
    } else {
      try takeOther(UnsafeBufferPointer(start: row, count: count), at: start, lineStart: first)
    }
  }

  @inline(__always) private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0D || byte == 0x09 }

  @inline(never) private func takeOther(_ row: UnsafeBufferPointer<UInt8>, at start: Int, lineStart: Int) throws {
    let character = start - lineStart  // only white space stands before it
    do throws(JSONSyntaxError) {
      var strict = JSONScanner(row)
      _ = try strict.skipValue()
      strict.skipWhitespace()
      guard strict.isAtEnd else { throw strict.error(.trailingContent, "something follows the end of the row on its line") }
    } catch {
      return try sink.addBad(
        BadRow(
          file: sink.file, row: sink.sourceRow, line: line, character: character + error.column, byte: window.origin + start + error.byte,
          reason: error.reason, isNotUTF8: error.code == .invalidUTF8), raw: row)
    }
    if row[0] == UInt8(ascii: "\""), let base = row.baseAddress { return try sink.add(string: base, row.count) }
    try sink.addBad(
      BadRow(
        file: sink.file, row: sink.sourceRow, line: line, byte: window.origin + start, reason: RowShape.complaint(about: row[0])), raw: row)
  }
}
