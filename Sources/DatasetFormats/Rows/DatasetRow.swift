import StrictJSON

#if canImport(Glibc)
  import Glibc
#endif

/// One canonical row, looked at in place: a field is found by stepping over the others, without a tree and without
/// memory. It keeps the memory that it lies in alive.
package struct DatasetRow {
  /// The row's JSON, without its line feed. Valid as long as the row or its `DatasetRows` lives.
  package let bytes: UnsafeBufferPointer<UInt8>
  /// What holds `bytes`: a row may be the last that is left of its `DatasetRows`.
  private let owner: AnyObject?

  package init(_ bytes: UnsafeBufferPointer<UInt8>, owner: AnyObject? = nil) {
    self.bytes = bytes
    self.owner = owner
  }

  /// A field's value where it stands in the row.
  package struct Value {
    let row: DatasetRow
    let range: Range<Int>
    /// Content of a string, where the value is one.
    let string: JSONStringRange?

    /// The value's JSON. Valid as long as the row or its `DatasetRows` lives.
    package var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: row.bytes[range]) }
    package var isString: Bool { string != nil }
    package var isNull: Bool { bytes.first == UInt8(ascii: "n") }
    package var isTrue: Bool { bytes.first == UInt8(ascii: "t") }
  }

  /// The value of a top-level field; of a repeated one the last. nil where the row has none of that name.
  package func value(_ field: FieldName) -> Value? {
    var found: (range: Range<Int>, string: JSONStringRange?)?
    visit { key, range, string in
      if field.matches(key, bytes) { found = (range, string) }
    }
    return found.map { Value(row: self, range: $0.range, string: $0.string) }
  }

  /// The value of a top-level field, and whether the next row goes on with this one's document, in one pass.
  package func valueAndContinuation(_ field: FieldName) -> (value: Value?, continues: Bool) {
    var found: (range: Range<Int>, string: JSONStringRange?)?
    var continues = false
    visit { key, range, string in
      if field.matches(key, bytes) { found = (range, string) }
      if FieldName.continues.matches(key, bytes) { continues = bytes[range.lowerBound] == UInt8(ascii: "t") }
    }
    return (found.map { Value(row: self, range: $0.range, string: $0.string) }, continues)
  }

  /// The values of several fields in one pass, in their order.
  package func values(_ fields: [FieldName]) -> [Value?] {
    var found = [Value?](repeating: nil, count: fields.count)
    visit { key, range, string in
      for (index, field) in fields.enumerated() where field.matches(key, bytes) {
        found[index] = Value(row: self, range: range, string: string)
      }
    }
    return found
  }

  /// A string field's text; nil where there is none or it is no string.
  package func text(_ field: FieldName) -> String? {
    guard let value = value(field), let string = value.string else { return nil }
    guard string.hasEscapes else { return String(decoding: UnsafeBufferPointer(rebasing: bytes[string.content]), as: UTF8.self) }
    var utf8: [UInt8] = []
    value.appendText(to: &utf8)
    return String(decoding: utf8, as: UTF8.self)
  }

  /// Appends a string field's UTF-8 to a buffer that the caller uses again and again; false where it is no string.
  package func appendText(_ field: FieldName, to buffer: inout [UInt8]) -> Bool {
    guard let value = value(field), value.isString else { return false }
    value.appendText(to: &buffer)
    return true
  }

  /// A field's value as a tree: for lists of messages and the like.
  package func node(_ field: FieldName) -> JSONNode? {
    value(field).flatMap { try? JSONParser.parse($0.bytes, repeatedKeys: .keepLast) }
  }

  /// The whole row as a tree.
  package func node() throws(JSONSyntaxError) -> JSONNode { try JSONParser.parse(bytes, repeatedKeys: .keepLast) }

  /// True for a piece of a document that the next row goes on with.
  package var continues: Bool { value(.continues)?.isTrue ?? false }

  /// Steps over the row's fields. Rows were checked when they were taken; one that was damaged since ends early.
  package func visit(_ body: (_ key: JSONStringRange, _ value: Range<Int>, _ string: JSONStringRange?) -> Void) {
    var scanner = JSONScanner(bytes)
    guard scanner.current == UInt8(ascii: "{") else { return }
    scanner.advance()
    do throws(JSONSyntaxError) {
      scanner.skipWhitespace()
      while scanner.current == UInt8(ascii: "\"") {
        let key = try scanner.skipKey()
        scanner.skipWhitespace()
        if scanner.current == UInt8(ascii: "\"") {
          let start = scanner.position
          let string = try scanner.skipString()
          body(key, start..<scanner.position, string)
        } else {
          body(key, try scanner.skipValue(), nil)
        }
        scanner.skipWhitespace()
        if try scanner.skipSeparator(closing: UInt8(ascii: "}")) { return }
        scanner.skipWhitespace()
      }
    } catch {}  // ends here, as said above
  }
}

extension DatasetRow.Value {
  /// Appends a string's UTF-8, escapes resolved; nothing where the value is no string.
  package func appendText(to buffer: inout [UInt8]) {
    guard let string else { return }
    var rest = UnsafeBufferPointer(rebasing: row.bytes[string.content])
    while let start = rest.baseAddress, let slash = memchr(start, Int32(UInt8(ascii: "\\")), rest.count) {
      let plain = UnsafePointer(slash.assumingMemoryBound(to: UInt8.self)) - start
      buffer.append(contentsOf: UnsafeBufferPointer(rebasing: rest[..<plain]))
      let length = Self.resolveEscape(rest, at: plain, into: &buffer)
      rest = UnsafeBufferPointer(rebasing: rest[min(plain + length, rest.count)...])
    }
    buffer.append(contentsOf: rest)
  }

  /// Appends what the escape at `index` means, and returns its length. The scanner has checked its form.
  private static func resolveEscape(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int, into buffer: inout [UInt8]) -> Int {
    guard index + 1 < bytes.count else { return 1 }
    switch bytes[index + 1] {
    case UInt8(ascii: "n"): buffer.append(0x0A)
    case UInt8(ascii: "t"): buffer.append(0x09)
    case UInt8(ascii: "r"): buffer.append(0x0D)
    case UInt8(ascii: "b"): buffer.append(0x08)
    case UInt8(ascii: "f"): buffer.append(0x0C)
    case UInt8(ascii: "u"):
      var scalar = hexUnit(bytes, index + 2)
      var length = 6
      if scalar & 0xFC00 == 0xD800 {
        scalar = 0x10000 + (scalar & 0x3FF) << 10 + hexUnit(bytes, index + 8) & 0x3FF
        length = 12
      }
      for unit in String(UnicodeScalar(scalar) ?? "\u{FFFD}").utf8 { buffer.append(unit) }
      return length
    case let literal: buffer.append(literal)
    }
    return 2
  }

  private static func hexUnit(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt32 {
    bytes[min(start, bytes.count)..<min(start + 4, bytes.count)].reduce(0) { unit, digit in
      unit << 4 | UInt32(digit <= 0x39 ? digit &- 0x30 : (digit | 0x20) &- 0x57) & 15
    }
  }
}

/// A field's name, made once and compared many times.
package struct FieldName: Sendable, Equatable {
  let utf8: [UInt8]

  package init(_ name: String) { utf8 = Array(name.utf8) }

  package static let text = FieldName("text")
  static let continues = FieldName("continues")

  @inline(__always) func matches(_ key: JSONStringRange, _ row: UnsafeBufferPointer<UInt8>) -> Bool {
    guard !key.hasEscapes else { return JSONScanner(row).unescaped(key) == utf8 }
    guard key.content.count == utf8.count else { return false }
    guard let start = row.baseAddress else { return false }
    return utf8.withUnsafeBufferPointer { name in
      name.baseAddress.map { memcmp($0, start + key.content.lowerBound, name.count) == 0 } ?? true
    }
  }
}
