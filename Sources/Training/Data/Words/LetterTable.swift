import Tokenizers

/// What becomes of a character where words are compared, for every one of Unicode's first 65,536.
///
/// From the general category and the lower-case mapping of the Swift standard library's Unicode, looked up once: asked for each
/// letter of a text they took longer than the tokenizer.
enum LetterTable {
  /// A code that is none of these is the small letter to write instead.
  static let separator: UInt16 = 0
  /// Stands within words, and is passed over.
  static let ignored: UInt16 = 1
  static let kept: UInt16 = 2
  /// Its small form is more than one character, or lies beyond the table.
  static let mapped: UInt16 = 3

  /// Made at the first text that is not ASCII.
  private static let codes = FrozenTable<UInt16>(count: 0x1_0000, repeating: separator) { codes in
    for value in codes.indices {
      guard let scalar = Unicode.Scalar(UInt32(value)) else { continue }
      codes[value] = work(out: scalar)
    }
  }

  @inline(__always)
  static func code(of scalar: UInt32) -> UInt16 {
    scalar < 0x1_0000 ? codes.base[Int(scalar)] : Unicode.Scalar(scalar).map(work(out:)) ?? separator
  }

  @inline(never)
  private static func work(out scalar: Unicode.Scalar) -> UInt16 {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .titlecaseLetter:
      let small = scalar.properties.lowercaseMapping.unicodeScalars
      guard let first = small.first, small.count == 1, first.value >= 0x80, first.value < 0x1_0000 else { return mapped }
      return UInt16(first.value)
    case .lowercaseLetter, .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber,
      .otherNumber:
      return kept
    case .format: return ignored
    default: return scalar == "\u{2019}" ? ignored : separator
    }
  }
}
