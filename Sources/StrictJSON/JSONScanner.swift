/// Steps over JSON values in a buffer without building anything: the strict grammar of RFC 8259 and nothing else.
///
/// What the RFC leaves to the reader is decided here:
/// - nesting deeper than `maximumDepth` is refused (a stack is not input's to spend);
/// - strings must be valid UTF-8, and a `\uD800`-style surrogate must have its other half;
/// - numbers of any length are accepted as text; what they mean is the caller's question;
/// - repeated keys are grammatical: `JSONParser` decides about them.
///
/// The scanner does not own the buffer: it is valid only inside the `withUnsafeBufferPointer` that made it.
package struct JSONScanner {
  package let bytes: UnsafeBufferPointer<UInt8>
  package private(set) var position: Int
  package let maximumDepth: Int

  package static let defaultMaximumDepth = 512

  package init(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int = 0, maximumDepth: Int = defaultMaximumDepth) {
    self.bytes = bytes
    self.position = position
    self.maximumDepth = maximumDepth
  }

  package var isAtEnd: Bool { position >= bytes.count }

  /// The byte at the position, or nil at the end.
  @inline(__always) package var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  @inline(__always) package mutating func advance() { position += 1 }

  @inline(__always) package mutating func skipWhitespace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  /// Steps over one value, leading white space included, and returns the range of its bytes.
  package mutating func skipValue() throws(JSONSyntaxError) -> Range<Int> {
    skipWhitespace()
    let start = position
    try skipValue(depth: 0)
    return start..<position
  }

  private mutating func skipValue(depth: Int) throws(JSONSyntaxError) {
    guard position < bytes.count else { throw endOfText("a value") }
    switch bytes[position] {
    case UInt8(ascii: "\""): _ = try skipString()
    case UInt8(ascii: "{"): try skipObject(depth: depth)
    case UInt8(ascii: "["): try skipArray(depth: depth)
    case UInt8(ascii: "t"): try skipLiteral("true")
    case UInt8(ascii: "f"): try skipLiteral("false")
    case UInt8(ascii: "n"): try skipLiteral("null")
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber()
    default: throw unexpected("a value")
    }
  }

  private mutating func skipObject(depth: Int) throws(JSONSyntaxError) {
    try enter(depth)
    position += 1
    skipWhitespace()
    if current == UInt8(ascii: "}") { position += 1; return }
    while true {
      skipWhitespace()
      _ = try skipKey()
      skipWhitespace()
      try skipValue(depth: depth + 1)
      skipWhitespace()
      if try skipSeparator(closing: UInt8(ascii: "}")) { return }
    }
  }

  private mutating func skipArray(depth: Int) throws(JSONSyntaxError) {
    try enter(depth)
    position += 1
    skipWhitespace()
    if current == UInt8(ascii: "]") { position += 1; return }
    while true {
      skipWhitespace()
      try skipValue(depth: depth + 1)
      skipWhitespace()
      if try skipSeparator(closing: UInt8(ascii: "]")) { return }
    }
  }

  /// Steps over `"key" :` and returns the range between the quotes. The position must be at the key.
  package mutating func skipKey() throws(JSONSyntaxError) -> JSONStringRange {
    guard let byte = current else { throw endOfText("a key") }
    guard byte == UInt8(ascii: "\"") else {
      let isName =
        byte == UInt8(ascii: "'") || byte == UInt8(ascii: "_") || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
      throw isName ? error(.unquotedKey, "a key must stand in double quotes") : unexpected("a key in double quotes")
    }
    let key = try skipString()
    skipWhitespace()
    guard let colon = current else { throw endOfText("a colon after the key") }
    guard colon == UInt8(ascii: ":") else { throw unexpected("a colon after the key") }
    position += 1
    return key
  }

  /// Steps over the comma or the closing bracket after an element; true where the container is closed.
  package mutating func skipSeparator(closing: UInt8) throws(JSONSyntaxError) -> Bool {
    guard let byte = current else { throw endOfText("a comma or \(UnicodeScalar(closing))") }
    if byte == closing { position += 1; return true }
    guard byte == UInt8(ascii: ",") else { throw unexpected("a comma or \(UnicodeScalar(closing))") }
    let comma = position
    position += 1
    skipWhitespace()
    if current == closing {
      position = comma
      throw error(.trailingComma, "a comma stands before the closing \(UnicodeScalar(closing)); JSON allows none there")
    }
    return false
  }

  package func enter(_ depth: Int) throws(JSONSyntaxError) {
    if depth >= maximumDepth { throw error(.tooDeep, "the nesting is deeper than \(maximumDepth) levels") }
  }

  private mutating func skipLiteral(_ literal: StaticString) throws(JSONSyntaxError) {
    let end = position + literal.utf8CodeUnitCount
    for index in 0..<literal.utf8CodeUnitCount {
      guard position + index < bytes.count else { throw endOfText("\(literal)") }
      guard bytes[position + index] == literal.utf8Start[index] else {
        throw error(.invalidLiteral, "this is no JSON literal; the literals are true, false and null, in lower case")
      }
    }
    position = end
  }

  /// number = [ minus ] int [ frac ] [ exp ], RFC 8259 section 6.
  private mutating func skipNumber() throws(JSONSyntaxError) {
    if current == UInt8(ascii: "-") {
      position += 1
      guard let byte = current, isDigit(byte) else { throw error(.invalidNumber, "a digit must follow the minus sign") }
    }
    if current == UInt8(ascii: "0") {
      position += 1
      if let byte = current, isDigit(byte) { throw error(.invalidNumber, "a number must not begin with 0") }
    } else {
      skipDigits()
    }
    if current == UInt8(ascii: ".") {
      position += 1
      guard let byte = current, isDigit(byte) else { throw error(.invalidNumber, "a digit must follow the decimal point") }
      skipDigits()
    }
    if let byte = current, byte | 0x20 == UInt8(ascii: "e") {
      position += 1
      if let sign = current, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
      guard let byte = current, isDigit(byte) else { throw error(.invalidNumber, "a digit must follow the exponent sign") }
      skipDigits()
    }
  }

  @inline(__always) private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
  @inline(__always) private mutating func skipDigits() {
    while position < bytes.count, isDigit(bytes[position]) { position += 1 }
  }

  // MARK: errors

  package func error(_ code: JSONSyntaxError.Code, _ message: String, at byte: Int? = nil) -> JSONSyntaxError {
    JSONSyntaxError(code, message, byte: byte ?? position, in: bytes)
  }

  package func endOfText(_ expected: String) -> JSONSyntaxError {
    error(.unexpectedEnd, "the text ends where \(expected) should stand")
  }

  package func unexpected(_ expected: String) -> JSONSyntaxError {
    error(.unexpectedByte, "\(describe(at: position)) stands where \(expected) should")
  }

  /// What stands there, for people: a letter of any script as itself, what cannot be shown by its name or its byte.
  func describe(at index: Int) -> String {
    let length = UTF8Check.sequenceLength(bytes, at: index)
    guard length > 1 else { return Self.describe(bytes[index]) }
    let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[index..<index + length]), as: UTF8.self)
    guard let scalar = text.unicodeScalars.first else { return Self.describe(bytes[index]) }
    switch scalar.properties.generalCategory {
    case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .nonspacingMark:
      let digits = String(scalar.value, radix: 16, uppercase: true)
      return "the character U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    default: return "'\(text)'"
    }
  }

  package mutating func move(to newPosition: Int) { position = newPosition }

  static func describe(_ byte: UInt8) -> String {
    switch byte {
    case 0x21...0x7E: "'\(UnicodeScalar(byte))'"
    case 0x20: "a space"
    case 0x0A: "a line feed"
    case 0x0D: "a carriage return"
    case 0x09: "a tab"
    default: "the byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
  }
}
