/// Where a string's content lies, without its quotes, and whether it must be unescaped to be read.
package struct JSONStringRange: Sendable, Equatable {
  package var content: Range<Int>
  package var hasEscapes: Bool
}

extension JSONScanner {
  /// Steps over a string; the position must be at its opening quote.
  package mutating func skipString() throws(JSONSyntaxError) -> JSONStringRange {
    let opening = position
    var index = position + 1
    var hasEscapes = false
    let count = bytes.count
    while true {
      // Eight bytes at a time while they are plain ASCII without quote, backslash or control character.
      while index + 8 <= count {
        let word = UnsafeRawPointer(bytes.baseAddress! + index).loadUnaligned(as: UInt64.self)
        if Self.hasSpecialByte(word) { break }
        index += 8
      }
      guard index < count else {
        move(to: count)
        throw error(.unexpectedEnd, "the text ends inside a string that was opened at byte \(opening)")
      }
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "\""):
        move(to: index + 1)
        return JSONStringRange(content: opening + 1..<index, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        index = try endOfEscape(at: index)
      case 0..<0x20:
        move(to: index)
        throw error(
          .unescapedControlCharacter, "\(Self.describe(byte)) inside a string must be written as an escape (\(Self.escape(for: byte)))")
      case 0x80...:
        let length = UTF8Check.sequenceLength(bytes, at: index)
        guard length > 0 else {
          move(to: index)
          throw error(.invalidUTF8, "\(Self.describe(byte)) is not valid UTF-8 here")
        }
        index += length
      default: index += 1
      }
    }
  }

  /// True where a byte of the word is a quote, a backslash, a control character or not ASCII.
  /// Bit tricks from "Bit Twiddling Hacks" (haszero, hasless): exact for detection, which is all that is asked.
  @inline(__always) static func hasSpecialByte(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    let quote = word ^ (ones &* 0x22)
    let backslash = word ^ (ones &* 0x5C)
    let hit = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- (ones &* 0x20)) & ~word) | word
    return hit & highs != 0
  }

  private func endOfEscape(at index: Int) throws(JSONSyntaxError) -> Int {
    guard index + 1 < bytes.count else { throw error(.unexpectedEnd, "the text ends inside an escape", at: index) }
    switch bytes[index + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
      UInt8(ascii: "r"), UInt8(ascii: "t"):
      return index + 2
    case UInt8(ascii: "u"):
      let first = try hexUnit(at: index)
      if first & 0xFC00 == 0xDC00 { throw error(.loneSurrogate, "a low surrogate stands alone in an escape", at: index) }
      if first & 0xFC00 != 0xD800 { return index + 6 }
      guard index + 7 < bytes.count, bytes[index + 6] == UInt8(ascii: "\\"), bytes[index + 7] == UInt8(ascii: "u"),
        try hexUnit(at: index + 6) & 0xFC00 == 0xDC00
      else { throw error(.loneSurrogate, "a high surrogate stands alone in an escape", at: index) }
      return index + 12
    default:
      let next = bytes[index + 1]
      let escape = (0x21...0x7E).contains(next) ? "\\\(UnicodeScalar(next))" : "a backslash before \(describe(at: index + 1))"
      throw error(.invalidEscape, "\(escape) is no JSON escape", at: index)
    }
  }

  /// The four hexadecimal digits of the `\uXXXX` at `index`.
  private func hexUnit(at index: Int) throws(JSONSyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for place in index + 2..<index + 6 {
      guard place < bytes.count else { throw error(.unexpectedEnd, "the text ends inside an escape", at: index) }
      guard let nibble = Self.hexValue(bytes[place]) else {
        throw error(.invalidEscape, "\\u must be followed by four hexadecimal digits", at: index)
      }
      value = value << 4 | nibble
    }
    return value
  }

  @inline(__always) static func hexValue(_ digit: UInt8) -> UInt32? {
    switch digit {
    case 0x30...0x39: UInt32(digit - 0x30)
    case 0x41...0x46: UInt32(digit - 0x37)
    case 0x61...0x66: UInt32(digit - 0x57)
    default: nil
    }
  }

  private static func escape(for byte: UInt8) -> String {
    switch byte {
    case 0x0A: "\\n"
    case 0x0D: "\\r"
    case 0x09: "\\t"
    default: "\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
  }

  /// The text of a string that this scanner stepped over.
  package func text(of string: JSONStringRange) -> String {
    guard string.hasEscapes else {
      return String(decoding: UnsafeBufferPointer(rebasing: bytes[string.content]), as: UTF8.self)
    }
    return String(decoding: unescaped(string), as: UTF8.self)
  }

  /// The UTF-8 of a string that this scanner stepped over, escapes resolved.
  package func unescaped(_ string: JSONStringRange) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(string.content.count)
    var index = string.content.lowerBound
    while index < string.content.upperBound {
      let byte = bytes[index]
      guard byte == UInt8(ascii: "\\") else {
        output.append(byte)
        index += 1
        continue
      }
      index += 2
      switch bytes[index - 1] {
      case UInt8(ascii: "b"): output.append(0x08)
      case UInt8(ascii: "f"): output.append(0x0C)
      case UInt8(ascii: "n"): output.append(0x0A)
      case UInt8(ascii: "r"): output.append(0x0D)
      case UInt8(ascii: "t"): output.append(0x09)
      case UInt8(ascii: "u"):
        var scalar = hex(at: index)
        index += 4
        if scalar & 0xFC00 == 0xD800 {
          scalar = 0x10000 + (scalar & 0x3FF) << 10 + hex(at: index + 2) & 0x3FF
          index += 6
        }
        output.append(contentsOf: UTF8.encode(UnicodeScalar(scalar)!)!)  // both halves were checked by skipString
      case let literal: output.append(literal)
      }
    }
    return output
  }

  private func hex(at index: Int) -> UInt32 {
    bytes[index..<index + 4].reduce(0) { $0 << 4 | (Self.hexValue($1) ?? 0) }
  }
}
