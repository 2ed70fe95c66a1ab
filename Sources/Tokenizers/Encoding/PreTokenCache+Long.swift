// Pre-tokens of 16 to `longestKey` bytes. An entry is 16 bytes: 32 bits of the hash (never 0), the count of bytes and that of
// tokens (16 bits each), the place in the ring, where the bytes stand, filled up to whole words, and the tokens behind them.
extension PreTokenCache {
  /// The hash of a pre-token of at least 16 bytes.
  @inline(__always)
  static func hash(_ bytes: UnsafePointer<UInt8>, count: Int) -> UInt64 {
    let raw = UnsafeRawPointer(bytes)
    var hash = UInt64(truncatingIfNeeded: count)
    var offset = 0
    while offset &+ 16 < count {
      hash = mix(
        raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ hash, raw.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
      offset &+= 16
    }
    return mix(
      raw.loadUnaligned(fromByteOffset: count &- 16, as: UInt64.self) ^ hash, raw.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    )
  }

  @inline(__always)
  private static func tag(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash) | 1 }

  /// Writes the tokens of a known pre-token and returns their number, or nil. `hash` is the hash of these bytes.
  @inline(__always)
  func tokens(of bytes: UnsafePointer<UInt8>, count: Int, hash: UInt64, into tokens: UnsafeMutablePointer<TokenID>) -> Int? {
    let line = longLines[hash]
    for way in 0..<4 where line.load(fromByteOffset: way &* 16, as: UInt32.self) == Self.tag(hash) {
      let entry = line + way &* 16
      guard entry.load(fromByteOffset: 4, as: UInt16.self) == UInt16(truncatingIfNeeded: count),
        let content = ring.content(at: entry.load(fromByteOffset: 8, as: UInt64.self)), Self.areEqual(content, bytes, count: count)
      else { continue }
      let tokenCount = Int(entry.load(fromByteOffset: 6, as: UInt16.self))
      Self.copy(content + (count &+ 7) & ~7, count: tokenCount, to: tokens)
      return tokenCount
    }
    return nil
  }

  func insert(_ bytes: UnsafePointer<UInt8>, count: Int, hash: UInt64, _ tokens: UnsafePointer<TokenID>, tokenCount: Int) {
    let line = longLines[hash]
    (line + 16).copyMemory(from: line, byteCount: 48)
    let byteWords = (count + 7) / 8
    let (place, content) = ring.reserve(words: byteWords + (tokenCount + 1) / 2)
    content.copyMemory(from: bytes, byteCount: count)
    (content + byteWords * 8).copyMemory(from: tokens, byteCount: tokenCount * 4)
    line.storeBytes(of: Self.tag(hash), as: UInt32.self)
    line.storeBytes(of: UInt16(count), toByteOffset: 4, as: UInt16.self)
    line.storeBytes(of: UInt16(tokenCount), toByteOffset: 6, as: UInt16.self)
    line.storeBytes(of: place, toByteOffset: 8, as: UInt64.self)
  }

  @inline(__always)
  private static func areEqual(_ left: UnsafeMutableRawPointer, _ right: UnsafePointer<UInt8>, count: Int) -> Bool {
    let right = UnsafeRawPointer(right)
    var offset = 0
    while offset &+ 8 < count {
      if left.load(fromByteOffset: offset, as: UInt64.self) != right.loadUnaligned(fromByteOffset: offset, as: UInt64.self) { return false }
      offset &+= 8
    }
    return left.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
      == right.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
  }
}
