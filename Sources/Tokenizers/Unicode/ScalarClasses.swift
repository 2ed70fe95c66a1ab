/// The class of every scalar, two bits each: planes 0 to 3 lie in a table of 64 KiB; no letter, number or white space
/// stands above them.
///
/// Classes depend on the Unicode version: what a version has not assigned is neither letter nor number. Hugging Face's
/// regular expressions (Oniguruma 6.9.10) know Unicode 16.0, its `Digits` splitter (Rust's `char::is_numeric`) 17.0, so a
/// scalar that came later counts as `other` here too, whatever Swift's own, newer tables say.
struct ScalarClasses: Sendable {
  static let scalarLimit: UInt32 = 0x40000

  /// As `\p{L}`, `\p{N}` and `\s` see them.
  static let patterns = ScalarClasses(knownUntil: (16, 0))
  /// As `Digits` sees numbers.
  static let digits = ScalarClasses(knownUntil: (17, 0))

  /// Four scalars a byte, the lowest scalar in the lowest bits.
  let table: FrozenTable<UInt8>

  private init(knownUntil newest: (major: Int, minor: Int)) {
    table = FrozenTable(count: Int(Self.scalarLimit / 4), repeating: 0) { memory in
      for value in 0..<Self.scalarLimit {
        guard let scalar = Unicode.Scalar(value) else { continue }
        let scalarClass = Self.classify(scalar.properties, newest)
        memory[Int(value >> 2)] |= scalarClass.bits << (UInt8(truncatingIfNeeded: value & 3) * 2)
      }
    }
  }

  private static func classify(_ properties: Unicode.Scalar.Properties, _ newest: (major: Int, minor: Int)) -> ScalarClass {
    let scalarClass: ScalarClass
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: scalarClass = .letter
    case .decimalNumber, .letterNumber, .otherNumber: scalarClass = .number
    case .control, .spaceSeparator, .lineSeparator, .paragraphSeparator:
      scalarClass = properties.isWhitespace ? .space : .other
    default: return .other
    }
    guard let age = properties.age, (age.major, age.minor) <= newest else { return .other }
    return scalarClass
  }

  subscript(scalar: Unicode.Scalar) -> ScalarClass { ScalarClasses.scalarClass(of: scalar.value, table.base) }

  /// The class of a scalar; `table` is the base of a `ScalarClasses` table.
  @inline(__always)
  static func scalarClass(of scalar: UInt32, _ table: UnsafePointer<UInt8>) -> ScalarClass {
    guard scalar < scalarLimit else { return .other }
    return ScalarClass(bits: table[Int(scalar >> 2)] >> (UInt8(truncatingIfNeeded: scalar & 3) &* 2) & 3)
  }
}
