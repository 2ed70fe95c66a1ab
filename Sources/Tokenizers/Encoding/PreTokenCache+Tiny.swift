// Pre-tokens of 1 to 8 bytes. An entry is two words: the key; and the count of tokens (8 bits), then two tokens of 21 bits
// each or, for more than two, their place in the ring.
extension PreTokenCache {
  /// The bytes of a pre-token, zero-filled, with their count in the eighth where they are fewer. So that no eighth byte is
  /// taken for a count, a pre-token of eight bytes whose last is below 8 has no such key.
  struct TinyKey {
    let word: UInt64

    /// Nil also where `count` is over 8. `isReadable`: whether 8 bytes may be read from `bytes` on. `masks` is the base of
    /// `PreTokenCache.masks`.
    @inline(__always)
    init?(_ bytes: UnsafePointer<UInt8>, count: Int, isReadable: Bool, masks: UnsafePointer<UInt64>) {
      if count > 8 { return nil }
      if isReadable {
        let row = masks + count &* 4
        word = UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self)) & row[0] | row[3]
      } else {
        var word = masks[count &* 4 &+ 3]
        for index in 0..<count { word |= UInt64(bytes[index]) << UInt64(index * 8) }
        self.word = word
      }
      if count == 8, word &>> 56 < 8 { return nil }
    }

    @inline(__always)
    var hash: UInt64 { word &* 0x9E37_79B9_7F4A_7C15 }
  }

  /// Writes the tokens of a known pre-token and returns their number, or nil.
  @inline(__always)
  func tokens(of key: TinyKey, into tokens: UnsafeMutablePointer<TokenID>) -> Int? {
    let line = tinyLines[key.hash].assumingMemoryBound(to: UInt64.self)
    // All four ways at once: which one it is would be hard to predict.
    let matches: UInt8 =
      (line[0] == key.word ? 1 : 0) | (line[2] == key.word ? 2 : 0) | (line[4] == key.word ? 4 : 0) | (line[6] == key.word ? 8 : 0)
    if matches == 0 { return nil }
    let value = line[matches.trailingZeroBitCount &* 2 &+ 1]
    let count = Int(truncatingIfNeeded: value & 0xFF)
    if count > 2 { return ringTokens(at: value &>> 8, count: count, into: tokens) }
    tokens[0] = TokenID(truncatingIfNeeded: value &>> 8 & 0x1F_FFFF)
    tokens[1] = TokenID(truncatingIfNeeded: value &>> 29)
    return count
  }

  @inline(never)
  func ringTokens(at place: UInt64, count: Int, into tokens: UnsafeMutablePointer<TokenID>) -> Int? {
    guard let source = ring.content(at: place) else { return nil }
    Self.copy(source, count: count, to: tokens)
    return count
  }

  func insert(_ key: TinyKey, _ tokens: UnsafePointer<TokenID>, count: Int) {
    let line = tinyLines[key.hash]
    (line + 16).copyMemory(from: line, byteCount: 48)
    var value = UInt64(count)
    if count <= 2 {
      value |= UInt64(tokens[0]) << 8 | (count == 2 ? UInt64(tokens[1]) << 29 : 0)
    } else {
      let (place, content) = ring.reserve(words: (count + 1) / 2)
      content.copyMemory(from: tokens, byteCount: count * 4)
      value |= place << 8
    }
    line.storeBytes(of: key.word, as: UInt64.self)
    line.storeBytes(of: value, toByteOffset: 8, as: UInt64.self)
  }
}
