/// Where a text may be cut so that its parts have the pre-tokens of the whole, whatever the pattern (but `none`).
enum SafeCut {
  /// The last place from `start` on, or 0 where there is none: before a space that stands behind something else than white
  /// space.
  static func last(in text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var offset = text.count - 1
    while offset > 0, offset >= start {
      if text[offset] == 0x20, !isWhiteSpace(endingAt: offset, in: text) { return offset }
      offset -= 1
    }
    return 0
  }

  /// Bytes that are no UTF-8 count as other than white space, which they are once mended.
  private static func isWhiteSpace(endingAt offset: Int, in text: UnsafeBufferPointer<UInt8>) -> Bool {
    let last = text[offset - 1]
    if last < 0x80 { return last == 0x20 || last &- 0x09 < 5 }
    let start = max(0, offset - 3)
    // U+0085, U+00A0; U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000.
    let tail = text[start..<offset].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    switch tail & 0xFFFF {
    case 0xC285, 0xC2A0: return true
    default: break
    }
    switch tail & 0xFF_FFFF {
    case 0xE19A80, 0xE28080...0xE2808A, 0xE280A8, 0xE280A9, 0xE280AF, 0xE2819F, 0xE38080: return true
    default: return false
    }
  }
}
