/// Which of 64 bytes of a text make words, a bit each, the first byte's the lowest. Bytes behind the text's end are none.
///
/// Eight bytes at a time in an ordinary register ("SWAR"; for the test of a range within bytes see H. Warren, "Hacker's Delight", 6-1
/// and 7-1): a branch on every byte would be mispredicted at the end of every word.
struct WordMasks {
  static let width = 64

  /// Letters and digits of ASCII.
  private(set) var letters: UInt64 = 0
  private(set) var apostrophes: UInt64 = 0
  /// Beyond ASCII.
  private(set) var others: UInt64 = 0

  @inline(__always)
  init(_ text: UnsafePointer<UInt8>, at start: Int, end: Int) {
    if end &- start >= Self.width {
      read(UnsafeRawPointer(text + start))
    } else {
      var padded = SIMD64<UInt8>()
      withUnsafeMutableBytes(of: &padded) { padded in
        guard let base = padded.baseAddress else { return }
        base.copyMemory(from: text + start, byteCount: end &- start)
        read(UnsafeRawPointer(base))
      }
    }
  }

  @inline(__always)
  private mutating func read(_ bytes: UnsafeRawPointer) {
    var offset = 0
    while offset < Self.width {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      // Without their high bits no byte's sum reaches into the next.
      let low = word & ~Self.highs
      let small = low | Self.each(0x20)
      let letter = (small &+ Self.each(0x80 - 0x61)) & ~(small &+ Self.each(0x80 - 0x7B))
      let digit = (low &+ Self.each(0x80 - 0x30)) & ~(low &+ Self.each(0x80 - 0x3A))
      let notApostrophe = (low ^ Self.each(0x27)) &+ Self.each(0x7F)
      let shift = UInt64(truncatingIfNeeded: offset)
      letters |= Self.bits((letter | digit) & ~word) &<< shift
      apostrophes |= Self.bits(~notApostrophe & ~word) &<< shift
      others |= Self.bits(word) &<< shift
      offset &+= 8
    }
  }

  private static let highs: UInt64 = 0x8080_8080_8080_8080

  @inline(__always)
  private static func each(_ byte: UInt64) -> UInt64 { byte &* 0x0101_0101_0101_0101 }

  /// The high bits of eight bytes as eight bits.
  @inline(__always)
  private static func bits(_ word: UInt64) -> UInt64 { ((word & highs) &>> 7 &* 0x0102_0408_1020_4080) &>> 56 }
}
