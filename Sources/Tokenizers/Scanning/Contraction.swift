/// `'s|'t|'re|'ve|'m|'ll|'d` at an apostrophe.
enum Contraction {
  /// The offset after it, or nil. Where case is ignored, U+017F (long s) is an s too: it folds to one.
  @inline(__always)
  static func end(at apostrophe: Int, in text: ScanText, ignoringCase: Bool) -> Int? {
    let left = text.end &- apostrophe
    guard left >= 2 else { return nil }
    let caseBit: UInt8 = ignoringCase ? 0x20 : 0
    switch text.bytes[apostrophe &+ 1] | caseBit {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return apostrophe &+ 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return left >= 3 && text.bytes[apostrophe &+ 2] | caseBit == UInt8(ascii: "e") ? apostrophe &+ 3 : nil
    case UInt8(ascii: "l"):
      return left >= 3 && text.bytes[apostrophe &+ 2] | caseBit == UInt8(ascii: "l") ? apostrophe &+ 3 : nil
    default:
      let isLongS = ignoringCase && left >= 3 && text.bytes[apostrophe &+ 1] == 0xC5 && text.bytes[apostrophe &+ 2] == 0xBF
      return isLongS ? apostrophe &+ 3 : nil
    }
  }
}
