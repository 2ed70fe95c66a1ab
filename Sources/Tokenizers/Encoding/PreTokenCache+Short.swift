// Pre-tokens of 8 to 15 bytes. An entry is 32 bytes: the bytes, zero-filled, with their count in the sixteenth; three tokens
// and their count, or, where the count is over three, the place in the ring in the space of the first two tokens.
extension PreTokenCache {
  struct ShortKey {
    let low: UInt64
    let high: UInt64

    /// `isReadable`: whether 16 bytes may be read from `bytes` on. `masks` is the base of `PreTokenCache.masks`.
    @inline(__always)
    init(_ bytes: UnsafePointer<UInt8>, count: Int, isReadable: Bool, masks: UnsafePointer<UInt64>) {
      low = UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
      if isReadable {
        let row = masks + count &* 4
        high = UInt64(littleEndian: UnsafeRawPointer(bytes + 8).loadUnaligned(as: UInt64.self)) & row[1] | row[2]
      } else {
        var word = UInt64(truncatingIfNeeded: count) << 56
        for index in 8..<count { word |= UInt64(bytes[index]) << UInt64(index * 8 - 64) }
        high = word
      }
    }

    @inline(__always)
    var hash: UInt64 { PreTokenCache.mix(low, high) }

    @inline(__always)
    func stands(at entry: UnsafeMutableRawPointer) -> Bool {
      (entry.load(as: UInt64.self) ^ low) | (entry.load(fromByteOffset: 8, as: UInt64.self) ^ high) == 0
    }
  }

  private static let tokensOffset = 16
  private static let countOffset = 28

  /// Writes the tokens of a known pre-token and returns their number, or nil.
  @inline(__always)
  func tokens(of key: ShortKey, into tokens: UnsafeMutablePointer<TokenID>) -> Int? {
    var entry = shortLines[key.hash]
    if !key.stands(at: entry) {
      entry += 32
      if !key.stands(at: entry) { return nil }
    }
    let count = Int(entry.load(fromByteOffset: Self.countOffset, as: UInt32.self))
    if count > 3 { return ringTokens(at: entry.load(fromByteOffset: Self.tokensOffset, as: UInt64.self), count: count, into: tokens) }
    UnsafeMutableRawPointer(tokens).storeBytes(of: entry.load(fromByteOffset: Self.tokensOffset, as: UInt64.self), as: UInt64.self)
    tokens[2] = entry.load(fromByteOffset: Self.tokensOffset + 8, as: UInt32.self)
    return count
  }

  func insert(_ key: ShortKey, _ tokens: UnsafePointer<TokenID>, count: Int) {
    let line = shortLines[key.hash]
    (line + 32).copyMemory(from: line, byteCount: 32)
    line.storeBytes(of: key.low, as: UInt64.self)
    line.storeBytes(of: key.high, toByteOffset: 8, as: UInt64.self)
    line.storeBytes(of: UInt32(count), toByteOffset: Self.countOffset, as: UInt32.self)
    if count <= 3 {
      (line + Self.tokensOffset).copyMemory(from: tokens, byteCount: count * 4)
    } else {
      let (place, content) = ring.reserve(words: (count + 1) / 2)
      content.copyMemory(from: tokens, byteCount: count * 4)
      line.storeBytes(of: place, toByteOffset: Self.tokensOffset, as: UInt64.self)
    }
  }
}
