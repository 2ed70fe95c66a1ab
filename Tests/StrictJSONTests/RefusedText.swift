import StrictJSON
import Testing

/// A text that is no JSON, and what is said of it. Line and column are those of the byte in ASCII on one line, unless given.
struct RefusedText: Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: [UInt8]
  let code: JSONSyntaxError.Code
  let byte: Int
  let line: Int
  let column: Int

  init(_ name: String, _ text: String, _ code: JSONSyntaxError.Code, byte: Int, line: Int = 1, column: Int? = nil) {
    self.init(name, bytes: Array(text.utf8), code, byte: byte, line: line, column: column)
  }

  init(_ name: String, bytes: [UInt8], _ code: JSONSyntaxError.Code, byte: Int, line: Int = 1, column: Int? = nil) {
    self.name = name
    self.bytes = bytes
    self.code = code
    self.byte = byte
    self.line = line
    self.column = column ?? byte + 1
  }

  var testDescription: String { name }

  static let all = structure + arrays + numbers + objects + strings
}
