/// Which of up to 64 ASCII characters are of which class, a bit each, the first character in the lowest bit.
struct ClassMasks {
  static let width = 64

  /// How many characters were looked at: up to the last word of eight bytes before the first that is not ASCII.
  private(set) var width = 0
  private(set) var letters: UInt64 = 0
  private(set) var numbers: UInt64 = 0
  private(set) var whites: UInt64 = 0
  private(set) var spaces: UInt64 = 0
  private(set) var hasApostrophe = false

  init() {}

  @inline(__always)
  init(_ text: ScanText, at start: Int) {
    var apostrophes: UInt64 = 0
    while width < Self.width {
      let word = text.word(at: start &+ width)
      if word & Self.highs != 0 { break }
      let lowered = word | Self.each(0x20)
      let letter = (lowered &+ Self.each(0x80 - 0x61)) & ~(lowered &+ Self.each(0x80 - 0x7B))
      let number = (word &+ Self.each(0x80 - 0x30)) & ~(word &+ Self.each(0x80 - 0x3A))
      let noSpace = (word ^ Self.each(0x20)) &+ Self.each(0x7F)
      let control = (word &+ Self.each(0x80 - 0x09)) & ~(word &+ Self.each(0x80 - 0x0E))
      apostrophes |= ~((word ^ Self.each(0x27)) &+ Self.each(0x7F))
      let shift = UInt64(truncatingIfNeeded: width)
      letters |= Self.bits(letter) &<< shift
      numbers |= Self.bits(number) &<< shift
      spaces |= Self.bits(~noSpace) &<< shift
      whites |= Self.bits(control | ~noSpace) &<< shift
      width &+= 8
    }
    hasApostrophe = apostrophes & Self.highs != 0
  }

  /// Starts of pre-tokens of the GPT-2 pattern, contractions aside; bit 0 and the last bits mean nothing.
  @inline(__always)
  var gpt2Starts: UInt64 {
    let afterWhite = whites &<< 1
    let afterSpace = spaces &<< 1
    let changes = (letters ^ letters &<< 1) | (numbers ^ numbers &<< 1)
    return whites & (~afterWhite | ~(whites &>> 1)) | ~whites & (afterWhite & ~afterSpace | ~afterWhite & changes)
  }

  /// Where a byte stands among the characters that were looked at.
  @inline(__always)
  func places(of byte: UInt64, in text: ScanText, at start: Int) -> UInt64 {
    var places: UInt64 = 0
    for offset in stride(from: 0, to: width, by: 8) {
      let other = (text.word(at: start &+ offset) ^ Self.each(byte)) &+ Self.each(0x7F)
      places |= Self.bits(~other) &<< UInt64(truncatingIfNeeded: offset)
    }
    return places
  }

  private static let highs: UInt64 = 0x8080_8080_8080_8080

  @inline(__always)
  private static func each(_ byte: UInt64) -> UInt64 { byte &* 0x0101_0101_0101_0101 }

  /// The high bits of eight bytes as eight bits.
  @inline(__always)
  private static func bits(_ word: UInt64) -> UInt64 { ((word & highs) &>> 7 &* 0x0102_0408_1020_4080) &>> 56 }
}
