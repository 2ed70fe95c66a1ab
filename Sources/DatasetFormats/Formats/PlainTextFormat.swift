import Domain
import StrictJSON

/// Plain text. The sidecar says what a row is:
/// - `document` (the default): the file is one document. It is cut into rows of at most `pieceBytes`, at line ends where
///   there is one, else behind a space, else between letters. Every piece but the last carries `"continues": true`, and
///   the pieces' texts put together again are the file, byte for byte (a byte order mark apart).
/// - `line`: each line is a row, without its line end; blank lines are passed over.
/// - `paragraph`: rows are parted by blank lines; line ends inside stay, those at the end go.
///
/// A line ends at LF, CR LF or CR.
enum PlainTextFormat: RowFormat {
  static let pieceBytes = 64 << 10

  static func read(_ window: ByteWindow, _ settings: FormatSettings, into sink: RowSink) throws {
    window.countsLines = true
    let reader = PlainTextReader(window, sink)
    switch settings.textRows {
    case .document: try reader.readDocument()
    case .line: try reader.readLines()
    case .paragraph: try reader.readParagraphs()
    }
  }
}

private struct PlainTextReader {
  private let window: ByteWindow
  private let sink: RowSink

  init(_ window: ByteWindow, _ sink: RowSink) {
    self.window = window
    self.sink = sink
  }

  // MARK: document

  func readDocument() throws {
    // A file of nothing but white space is no document.
    while try window.count <= PlainTextFormat.pieceBytes && window.more() {}
    guard try hasText() else { return }
    while !sink.isFull {
      while try window.count <= PlainTextFormat.pieceBytes && window.more() {}
      guard window.count > 0 else { return }
      let isLast = window.count <= PlainTextFormat.pieceBytes
      let length = isLast ? window.count : cut()
      try add(window.start, length, continues: !isLast)
      window.start += length
    }
  }

  private func hasText() throws -> Bool {
    while true {
      if window.bytes.contains(where: { $0 > 0x20 }) { return true }
      guard try window.more() else { return false }
    }
  }

  /// Length of a piece of a text that is longer than one.
  private func cut() -> Int {
    let limit = PlainTextFormat.pieceBytes
    let text = UnsafeBufferPointer(start: UnsafePointer(window.base + window.start), count: limit)
    if let feed = text.lastIndex(of: 0x0A) { return feed + 1 }
    // Old line ends: behind a CR, which no LF follows, else the line above had found it.
    if let back = text.dropLast().lastIndex(of: 0x0D) { return back + 1 }
    if let space = text.lastIndex(of: 0x20) { return space + 1 }
    var length = limit
    while length > limit - 4, window.base[window.start + length] & 0xC0 == 0x80 { length -= 1 }
    return length
  }

  // MARK: lines and paragraphs

  func readLines() throws {
    while let line = try nextLine() {
      if !isBlank(line.start, line.length) { try add(line.start, line.length, continues: false) }
      window.start = line.next
      if sink.isFull { return }
    }
  }

  func readParagraphs() throws {
    while !sink.isFull {
      // Blank lines in front.
      while let line = try nextLine(), isBlank(line.start, line.length) { window.start = line.next }
      guard window.count > 0 else { return }
      var length = 0
      var next = 0
      while let line = try nextLine(after: next), !isBlank(line.start, line.length) {
        length = line.start + line.length - window.start
        next = line.next - window.start
      }
      try add(window.start, length, continues: false)
      window.start += next
    }
  }

  /// The line that begins `offset` bytes behind the window's start, whole in the window: its first byte, its length
  /// without its end, and where the next begins. nil at the end of the file.
  private func nextLine(after offset: Int = 0) throws -> (start: Int, length: Int, next: Int)? {
    var searched = offset
    while true {
      let start = window.start + offset
      let text = window.base + window.start
      if let end = Self.lineEnd(text + searched, window.count - searched) {
        let at = window.start + searched + end
        // A CR at the end of what is here may have its LF behind it.
        if window.base[at] == 0x0A { return (start, at - start, at + 1) }
        if at + 1 < window.end { return (start, at - start, window.base[at + 1] == 0x0A ? at + 2 : at + 1) }
        if window.isAtEnd { return (start, at - start, at + 1) }
        searched += end
      } else {
        if window.isAtEnd { return start < window.end ? (start, window.end - start, window.end) : nil }
        searched = window.count
      }
      _ = try window.more()
    }
  }

  private static func lineEnd(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int? {
    var index = 0
    while index < count {
      let word = ByteScan.load(text + index)
      let marks = ByteScan.equal(word, ByteScan.ones &* 0x0A) | ByteScan.equal(word, ByteScan.ones &* 0x0D)
      if marks != 0 {
        index += ByteScan.clear(marks)
        return index < count ? index : nil
      }
      index += 8
    }
    return nil
  }

  private func isBlank(_ start: Int, _ length: Int) -> Bool {
    for index in start..<start + length where window.base[index] > 0x20 { return false }
    return true
  }

  // MARK: rows

  private func add(_ start: Int, _ length: Int, continues: Bool) throws {
    sink.sourceRow += 1
    let text = UnsafeBufferPointer(start: UnsafePointer(window.base + start), count: length)
    if let invalid = UTF8Check.firstInvalidByte(in: text) {
      let about = UnsafeBufferPointer(rebasing: text[max(0, invalid - 512)..<min(text.count, invalid + 512)])
      throw Problem(
        encoding: TextEncoding(ofEightBit: about), name: sink.file, offending: text[invalid],
        at: window.place(of: start + invalid, file: sink.file))
    }
    let output = sink.output
    try output.append("{\"text\":\"")
    try output.appendEscaped(window.base + start, length)
    try output.append(continues ? "\",\"continues\":true}" : "\"}")
    sink.columns.beginRow()
    sink.noteText()
    if continues {
      let key: StaticString = "continues"
      sink.columns.note(key.utf8Start, key.utf8CodeUnitCount, first: UInt8(ascii: "t"))
    }
    sink.columns.commitRow()
    try sink.endRow()
  }
}
