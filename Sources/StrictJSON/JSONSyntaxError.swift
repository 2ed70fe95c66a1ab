/// Why a text is not JSON, and where. RFC 8259 is the rule; what it leaves open is decided in `JSONScanner`.
package struct JSONSyntaxError: Error, Equatable, Sendable {
  package enum Code: String, Sendable {
    case emptyText, unexpectedEnd, unexpectedByte, trailingComma, trailingContent, invalidLiteral, invalidNumber
    case unescapedControlCharacter, invalidEscape, loneSurrogate, invalidUTF8, unquotedKey, tooDeep, duplicateKey
  }

  package let code: Code
  /// One sentence without location, for people.
  package let message: String
  /// Offset of the offending byte from the first byte of the text.
  package let byte: Int
  /// Counted from 1. A line ends at each LF.
  package let line: Int
  /// Counted from 1 in Unicode scalars, as editors show it.
  package let column: Int

  package init(_ code: Code, _ message: String, byte: Int, in bytes: UnsafeBufferPointer<UInt8>) {
    self.code = code
    self.message = message
    self.byte = byte
    (line, column) = JSONLocation.lineAndColumn(of: byte, in: bytes)
  }
}

package enum JSONLocation {
  /// Line and column of a byte, both counted from 1; the column counts Unicode scalars.
  package static func lineAndColumn(of byte: Int, in bytes: UnsafeBufferPointer<UInt8>) -> (line: Int, column: Int) {
    var line = 1
    var column = 1
    for index in 0..<min(byte, bytes.count) {
      let unit = bytes[index]
      if unit == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if unit & 0xC0 != 0x80 {  // every byte but a UTF-8 continuation starts a scalar
        column += 1
      }
    }
    return (line, column)
  }
}
