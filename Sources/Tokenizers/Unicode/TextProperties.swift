/// `\s` next to an added token: the Unicode property White_Space.
enum WhiteSpace {
  /// The end of the run of white space that begins at `offset` (`offset` itself where there is none).
  static func end(of text: UnsafeBufferPointer<UInt8>, from offset: Int) -> Int {
    var offset = offset
    while offset < text.count, let (scalar, length) = text.scalar(at: offset), scalar.properties.isWhitespace { offset += length }
    return offset
  }

  /// The start of the run of white space that ends at `offset`.
  static func start(of text: UnsafeBufferPointer<UInt8>, endingAt offset: Int) -> Int {
    var offset = offset
    while let (scalar, length) = text.scalar(endingAt: offset), scalar.properties.isWhitespace { offset -= length }
    return offset
  }
}

/// `\w` next to an added token, as Rust's regex crate defines it (Unicode TR 18, annex C): alphabetic, marks, decimal
/// numbers, connector punctuation and join controls.
enum WordCharacter {
  static func begins(_ text: UnsafeBufferPointer<UInt8>, at offset: Int) -> Bool {
    text.scalar(at: offset).map { isWord($0.scalar) } ?? false
  }

  static func ends(_ text: UnsafeBufferPointer<UInt8>, at offset: Int) -> Bool {
    text.scalar(endingAt: offset).map { isWord($0.scalar) } ?? false
  }

  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    guard let age = properties.age, (age.major, age.minor) <= (16, 0) else { return false }  // the crate's Unicode version
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return properties.isAlphabetic || properties.isJoinControl
    }
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// The scalar that begins at `offset` of well-formed UTF-8, or nil at the end.
  func scalar(at offset: Int) -> (scalar: Unicode.Scalar, length: Int)? {
    guard offset < count, let base = baseAddress else { return nil }
    if base[offset] < 0x80 { return (Unicode.Scalar(base[offset]), 1) }
    let (value, length) = ScanText.decode(base + offset)
    return Unicode.Scalar(value).map { ($0, length) }
  }

  /// The scalar that ends right before `offset`, or nil at the start.
  func scalar(endingAt offset: Int) -> (scalar: Unicode.Scalar, length: Int)? {
    var start = offset - 1
    while start > 0, self[start] & 0xC0 == 0x80 { start -= 1 }
    return start < 0 ? nil : scalar(at: start)
  }
}
