import StrictJSON

#if canImport(Glibc)
  import Glibc
#endif

/// Reads one column's text, row after row, in one pass over each row: escapes are resolved while the end of the string is looked for,
/// nothing is allocated, and nothing counts references to what threads share. For one thread.
///
/// It says of a row what `DatasetRow.valueAndContinuation` says. Rows were checked when they were taken: a control character or bytes that
/// are no UTF-8, in a row that was damaged since, come out as they stand.
package final class TextColumn {
  /// The thread's own copy of the column's name.
  private let name: UnsafeMutableBufferPointer<UInt8>
  @exclusivity(unchecked) private var text: UnsafeMutablePointer<UInt8>
  @exclusivity(unchecked) private var capacity = 4_096

  /// Words are stored whole, past the end of what counts.
  private static let slack = 16

  package init(_ field: FieldName) {
    name = .allocate(capacity: field.utf8.count)
    _ = name.initialize(from: field.utf8)
    text = .allocate(capacity: capacity + Self.slack)
  }

  deinit {
    name.deallocate()
    text.deallocate()
  }

  /// The text, nil where the row has no string of that name, and whether the next row goes on with this one's document.
  ///
  /// The text is valid until the next call, and as long as the row's memory.
  package func read(_ row: DatasetRow) -> (text: UnsafeBufferPointer<UInt8>?, continues: Bool) {
    var found: UnsafeBufferPointer<UInt8>?
    var continues = false
    guard let base = row.bytes.baseAddress, row.bytes.first == UInt8(ascii: "{") else { return (nil, false) }
    var scanner = JSONScanner(row.bytes, at: 1)
    do throws(JSONSyntaxError) {
      scanner.skipWhitespace()
      while scanner.current == UInt8(ascii: "\"") {
        let key = try scanner.skipKey()
        scanner.skipWhitespace()
        let value = scanner.position
        let isString = scanner.current == UInt8(ascii: "\"")
        if isName(key, base, scanner) {
          found = nil  // of a repeated column the last counts
          if isString {
            guard let (content, end) = content(of: row.bytes, base, from: value + 1) else { break }
            found = content
            scanner.move(to: end)
          } else {
            _ = try scanner.skipValue()
          }
        } else if isString {
          _ = try scanner.skipString()
        } else {
          _ = try scanner.skipValue()
        }
        if isContinues(key, base, scanner) { continues = base[value] == UInt8(ascii: "t") }
        scanner.skipWhitespace()
        if scanner.current == UInt8(ascii: "}") { break }
        if try scanner.skipSeparator(closing: UInt8(ascii: "}")) { break }
        scanner.skipWhitespace()
      }
    } catch {}  // ends here, as `DatasetRow.visit` does
    return (found, continues)
  }

  @inline(__always)
  private func isName(_ key: JSONStringRange, _ base: UnsafePointer<UInt8>, _ scanner: JSONScanner) -> Bool {
    guard !key.hasEscapes else { return scanner.unescaped(key).elementsEqual(name) }
    guard key.content.count == name.count, let own = name.baseAddress else { return key.content.isEmpty && name.isEmpty }
    return memcmp(own, base + key.content.lowerBound, name.count) == 0
  }

  @inline(__always)
  private func isContinues(_ key: JSONStringRange, _ base: UnsafePointer<UInt8>, _ scanner: JSONScanner) -> Bool {
    let word: StaticString = "continues"
    guard !key.hasEscapes else { return scanner.unescaped(key).elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: 9)) }
    return key.content.count == 9 && memcmp(word.utf8Start, base + key.content.lowerBound, 9) == 0
  }
}

// Strings.
extension TextColumn {
  /// The content of a string from behind its opening quote on, and where what follows the string begins; nil where it does not end.
  private func content(
    of row: UnsafeBufferPointer<UInt8>, _ base: UnsafePointer<UInt8>, from start: Int
  ) -> (UnsafeBufferPointer<UInt8>, end: Int)? {
    // A text is never longer than it is written.
    if row.count - start > capacity { grow(to: row.count - start) }
    var (index, output) = (start, text)
    while true {
      while index &+ 8 <= row.count {
        let word = ByteScan.load(base + index)
        UnsafeMutableRawPointer(output).storeBytes(of: word, as: UInt64.self)
        let marks = ByteScan.equal(word, ByteScan.ones &* 0x22) | ByteScan.equal(word, ByteScan.ones &* 0x5C)
        let clear = ByteScan.clear(marks)
        index &+= clear
        output += clear
        if clear < 8 { break }
      }
      guard index < row.count else { return nil }
      switch base[index] {
      case UInt8(ascii: "\""): return (UnsafeBufferPointer(start: text, count: output - text), index + 1)
      case UInt8(ascii: "\\"):
        guard let length = Self.resolve(row, base, at: index, to: &output) else { return nil }
        index += length
      case let byte:
        output.pointee = byte
        output += 1
        index += 1
      }
    }
  }

  /// Writes what the escape at `index` means, and returns its length; nil where the row ends in it.
  @inline(__always)
  private static func resolve(
    _ row: UnsafeBufferPointer<UInt8>, _ base: UnsafePointer<UInt8>, at index: Int, to output: inout UnsafeMutablePointer<UInt8>
  ) -> Int? {
    guard index &+ 1 < row.count else { return nil }
    switch base[index &+ 1] {
    case UInt8(ascii: "n"): output.pointee = 0x0A
    case UInt8(ascii: "t"): output.pointee = 0x09
    case UInt8(ascii: "r"): output.pointee = 0x0D
    case UInt8(ascii: "b"): output.pointee = 0x08
    case UInt8(ascii: "f"): output.pointee = 0x0C
    case UInt8(ascii: "u"): return resolveUnit(row, at: index, to: &output)
    case let literal: output.pointee = literal
    }
    output += 1
    return 2
  }

  /// The same for `\uXXXX`, with its other half where it is a surrogate.
  @inline(never)
  private static func resolveUnit(
    _ row: UnsafeBufferPointer<UInt8>, at index: Int, to output: inout UnsafeMutablePointer<UInt8>
  ) -> Int? {
    guard index + 6 <= row.count else { return nil }
    var scalar = unit(row, index + 2)
    var length = 6
    if scalar & 0xFC00 == 0xD800 {
      guard index + 12 <= row.count else { return nil }
      scalar = 0x10000 + (scalar & 0x3FF) << 10 + unit(row, index + 8) & 0x3FF
      length = 12
    }
    for byte in String(UnicodeScalar(scalar) ?? "\u{FFFD}").utf8 {
      output.pointee = byte
      output += 1
    }
    return length
  }

  private static func unit(_ row: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt32 {
    row[start..<start + 4].reduce(0) { $0 << 4 | UInt32($1 <= 0x39 ? $1 &- 0x30 : ($1 | 0x20) &- 0x57) & 15 }
  }

  @inline(never)
  private func grow(to count: Int) {
    text.deallocate()
    capacity = max(count, 2 * capacity)
    text = .allocate(capacity: capacity + Self.slack)
  }
}
