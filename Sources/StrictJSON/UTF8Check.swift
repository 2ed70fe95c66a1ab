/// Well-formed UTF-8 as in table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing above U+10FFFF.
package enum UTF8Check {
  /// Length of the well-formed sequence that starts at `index`, or 0.
  @inline(__always)
  package static func sequenceLength(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
    let first = bytes[index]
    if first < 0x80 { return 1 }
    let left = bytes.count - index
    switch first {
    case 0xC2...0xDF: return left >= 2 && isContinuation(bytes[index + 1]) ? 2 : 0
    case 0xE0...0xEF:
      guard left >= 3 else { return 0 }
      let second = bytes[index + 1]
      let allowed: ClosedRange<UInt8> = first == 0xE0 ? 0xA0...0xBF : first == 0xED ? 0x80...0x9F : 0x80...0xBF
      return allowed.contains(second) && isContinuation(bytes[index + 2]) ? 3 : 0
    case 0xF0...0xF4:
      guard left >= 4 else { return 0 }
      let second = bytes[index + 1]
      let allowed: ClosedRange<UInt8> = first == 0xF0 ? 0x90...0xBF : first == 0xF4 ? 0x80...0x8F : 0x80...0xBF
      return allowed.contains(second) && isContinuation(bytes[index + 2]) && isContinuation(bytes[index + 3]) ? 4 : 0
    default: return 0
    }
  }

  @inline(__always) static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  /// Offset of the first byte that is not part of well-formed UTF-8, or nil.
  package static func firstInvalidByte(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var index = 0
    while index < bytes.count {
      while index + 8 <= bytes.count,
        UnsafeRawPointer(bytes.baseAddress! + index).loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 == 0
      { index += 8 }
      guard index < bytes.count else { return nil }
      let length = sequenceLength(bytes, at: index)
      if length == 0 { return index }
      index += length
    }
    return nil
  }
}
