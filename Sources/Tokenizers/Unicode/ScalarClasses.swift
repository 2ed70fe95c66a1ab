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
      var value: UInt32 = 0
      for run in Self.runs + [Run(range: Self.scalarLimit...Self.scalarLimit, scalarClass: .other)] {
        while value < run.range.lowerBound {
          if let scalar = Unicode.Scalar(value) {
            memory[Int(value >> 2)] |= Self.classify(scalar.properties, newest).bits << (UInt8(truncatingIfNeeded: value & 3) * 2)
          }
          value += 1
        }
        if run.scalarClass == .letter {
          for value in run.range { memory[Int(value >> 2)] |= run.scalarClass.bits << (UInt8(truncatingIfNeeded: value & 3) * 2) }
        }
        value = run.range.upperBound + 1
      }
    }
  }

  struct Run {
    var range: ClosedRange<UInt32>
    var scalarClass: ScalarClass
  }

  /// Two thirds of all scalars, in ascending runs of one class that no version of Unicode up to 17 parts: to ask Swift's tables for each
  /// of them takes as long as reading a vocabulary. Letters are so since the version named.
  static let runs: [Run] = [
    Run(range: 0x3400...0x4DB5, scalarClass: .letter),  // 3.0
    Run(range: 0x4E00...0x9FA5, scalarClass: .letter),  // 1.1
    Run(range: 0xAC00...0xD7A3, scalarClass: .letter),  // 2.0
    Run(range: 0xD800...0xF8FF, scalarClass: .other),  // surrogates and private use
    Run(range: 0x20000...0x2A6D6, scalarClass: .letter),  // 3.1
    Run(range: 0x2A700...0x2B734, scalarClass: .letter),  // 5.2
    Run(range: 0x2B820...0x2CEA1, scalarClass: .letter),  // 8.0
    Run(range: 0x2CEB0...0x2EBE0, scalarClass: .letter),  // 10.0
    Run(range: 0x30000...0x3134A, scalarClass: .letter),  // 13.0
    Run(range: 0x31350...0x323AF, scalarClass: .letter),  // 15.0
    Run(range: 0x33480...0x3FFFF, scalarClass: .other),  // not assigned
  ]

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
