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
