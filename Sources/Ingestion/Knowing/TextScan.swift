/// What stands in a text beside letters: found in one pass over its bytes.
struct TextScan {
  private(set) var isBlank = true
  /// The first of each that was met, as its code point.
  private(set) var control: UInt32?
  private(set) var hasReplacement = false
  private(set) var isDoubleEncoded = false

  /// - Parameter text: UTF-8, escapes resolved.
  mutating func scan(_ text: UnsafeBufferPointer<UInt8>) {
    guard let base = text.baseAddress else { return }
    let count = text.count
    var index = 0
    while index < count {
      // Most text is printable ASCII, eight at a time.
      if index + 8 <= count {
        let word = UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self)
        if Self.isPlain(word) {
          if isBlank, word != Self.spaces { isBlank = false }
          index += 8
          continue
        }
      }
      let byte = base[index]
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      case 0..<0x20, 0x7F:
        note(control: UInt32(byte))
        index += 1
      case 0x21...0x7E:
        isBlank = false
        index += 1
      default: index += beyondASCII(base, index, count)
      }
    }
  }

  private static let spaces: UInt64 = 0x2020_2020_2020_2020

  /// No byte below a space, none above a tilde.
  @inline(__always) private static func isPlain(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs: UInt64 = 0x8080_8080_8080_8080
    let delete = word ^ (ones &* 0x7F)
    return (word | ((word &- (ones &* 0x20)) & ~word) | ((delete &- ones) & ~delete)) & highs == 0
  }

  /// The length of the character at `index`.
  private mutating func beyondASCII(_ base: UnsafePointer<UInt8>, _ index: Int, _ count: Int) -> Int {
    let first = base[index]
    func next(_ ahead: Int) -> UInt8 { index + ahead < count ? base[index + ahead] : 0 }
    switch first {
    case 0xC2 where next(1) < 0xA0:
      note(control: UInt32(next(1)))
      return 2
    case 0xC3 where next(1) == 0x83 && (next(2) == 0xC2 || next(2) == 0xC3):  // Ã and what a second byte looks like
      isDoubleEncoded = true
    case 0xC3 where next(1) == 0xA2 && next(2) == 0xE2 && (next(3) == 0x82 || next(3) == 0x80): isDoubleEncoded = true  // â€
    case 0xEF where next(1) == 0xBF && next(2) == 0xBD: hasReplacement = true
    case 0xEF where next(1) == 0xBB && next(2) == 0xBF:
      note(control: 0xFEFF)
      return 3
    case 0xE2 where next(1) == 0x80 && (0xAA...0xAE).contains(next(2)): note(control: 0x2000 + UInt32(next(2) & 0x3F))
    case 0xE2 where next(1) == 0x81 && (0xA6...0xA9).contains(next(2)): note(control: 0x2040 + UInt32(next(2) & 0x3F))
    case 0xE3 where next(1) == 0x80 && next(2) == 0x80: return 3  // a wide space
    default: break
    }
    isBlank = false
    return first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
  }

  private mutating func note(control scalar: UInt32) { if control == nil { control = scalar } }

  /// "U+0008".
  static func name(_ scalar: UInt32) -> String {
    let digits = String(scalar, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
