extension GPT2Scanner {
  /// The ends of pre-tokens from `start` on, as many as fit; ASCII text in blocks of 64 bytes, without a branch on lengths.
  ///
  /// In a block every character class is a mask of 64 bits, and all starts of pre-tokens follow from the masks at once:
  /// - a white space character starts one where none stands before it, or none behind it (the run's last joins what follows);
  /// - another character does where the one before it is of another class, and after white space other than a space;
  /// - contractions, which are rare, are looked at one by one.
  static func findEnds(from start: Int, in text: ScanText, into ends: UnsafeMutablePointer<Int>, capacity: Int) -> Int {
    var count = 0
    var start = start
    while count &+ ClassMasks.width <= capacity, start < text.end {
      // The last four positions look at characters behind the block's ASCII part.
      let masks = start &+ ClassMasks.width &+ 4 <= text.end ? ClassMasks(text, at: start) : ClassMasks()
      let trusted = masks.width &- 4
      var starts: UInt64 = 0
      if trusted > 8 {
        starts = masks.gpt2Starts
        if masks.hasApostrophe { cutContractions(in: text, at: start, masks.width, &starts) }
        starts &= ~(UInt64.max &<< UInt64(truncatingIfNeeded: trusted)) & ~1
      }
      if starts == 0 {
        start = endOfPreToken(from: start, in: text)
        ends[count] = start
        count &+= 1
        continue
      }
      let last = 63 &- starts.leadingZeroBitCount
      var place = ends + count
      count &+= starts.nonzeroBitCount
      repeat {  // Four at a time: the surplus is overwritten, and four places at most lie behind the last one.
        for offset in 0..<4 {
          place[offset] = start &+ starts.trailingZeroBitCount
          starts &= starts &- 1
        }
        place += 4
      } while starts != 0
      start &+= last
    }
    return count
  }

  /// An apostrophe that starts a pre-token takes the letters of a contraction with it.
  @inline(never)
  private static func cutContractions(in text: ScanText, at start: Int, _ width: Int, _ starts: inout UInt64) {
    for offset in 0..<width where text.bytes[start &+ offset] == 0x27 && (offset == 0 || starts >> UInt64(offset) & 1 != 0) {
      guard let end = Contraction.end(at: start &+ offset, in: text, ignoringCase: false) else { continue }
      starts &= ~(1 << UInt64(offset &+ 1))
      starts |= 1 << UInt64(end &- start)
    }
  }
}

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

  private static let highs: UInt64 = 0x8080_8080_8080_8080

  @inline(__always)
  private static func each(_ byte: UInt64) -> UInt64 { byte &* 0x0101_0101_0101_0101 }

  /// The high bits of eight bytes as eight bits.
  @inline(__always)
  private static func bits(_ word: UInt64) -> UInt64 { ((word & highs) &>> 7 &* 0x0102_0408_1020_4080) &>> 56 }
}
