/// What pre-tokens were encoded to: bounded memory that forgets, keyed by the pre-token's bytes. One encoder's own.
///
/// Zipf's law does the work: in running text nine pre-tokens of ten were seen before, and a hit costs a hash of two words
/// and one cache line.
/// - Pre-tokens of up to 15 bytes: the bytes themselves, with their count in the sixteenth, are the key. Two entries to a
///   line of 64 bytes; the newer one stands first and pushes out the older. Up to three tokens stand in the entry.
/// - Longer ones, up to `longestKey`: four entries of 16 bytes to a line, with 32 bits of the hash and the place of bytes
///   and tokens in the ring.
/// - The ring holds what does not fit into entries. It overwrites its oldest content; an entry knows its absolute place and
///   is void once the ring has passed it, so nothing is ever cleared.
struct PreTokenCache {
  static let longestKey = 64
  /// The ids that a look-up may write at most.
  static let mostTokens = longestKey

  private static let lineBits = 15
  private static let lineCount = 1 << lineBits
  private static let ringCapacity = 1 << 20

  private let shortLines: UnsafeMutableRawPointer
  private let longLines: UnsafeMutableRawPointer
  private let ring: UnsafeMutablePointer<UInt64>
  /// Where in `ring`, behind its content, the number of words written since it began is kept (skipped ones included): in
  /// memory and not in a variable, so that copies of this value are one cache.
  private static let ringPositionIndex = ringCapacity

  init() {
    shortLines = Self.zeroedLines()
    longLines = Self.zeroedLines()
    ring = .allocate(capacity: Self.ringCapacity + 1)
    ring[Self.ringPositionIndex] = UInt64(Self.ringCapacity)
  }

  private static func zeroedLines() -> UnsafeMutableRawPointer {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: lineCount * 64, alignment: 64)
    memory.initializeMemory(as: UInt64.self, repeating: 0, count: lineCount * 8)
    return memory
  }

  func deallocate() {
    shortLines.deallocate()
    longLines.deallocate()
    ring.deallocate()
  }
}

// Up to 15 bytes.
extension PreTokenCache {
  /// The bytes of a pre-token of 1 to 15 bytes, zero-filled, its length in the top byte.
  struct ShortKey {
    var low: UInt64
    var high: UInt64

    /// `isReadable16`: whether 16 bytes may be read from `bytes` on.
    @inline(__always)
    init(_ bytes: UnsafePointer<UInt8>, count: Int, isReadable16: Bool) {
      if isReadable16 {
        let first = UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
        let second = UInt64(littleEndian: UnsafeRawPointer(bytes + 8).loadUnaligned(as: UInt64.self))
        // Smart shifts by 64 give zero, by less the mask: one formula for both halves.
        let lowMask = ~(UInt64.max << UInt64(truncatingIfNeeded: min(count, 8) &* 8))
        let highMask = ~(UInt64.max << UInt64(truncatingIfNeeded: max(count &- 8, 0) &* 8))
        low = first & lowMask
        high = second & highMask | UInt64(truncatingIfNeeded: count) << 56
      } else {
        low = 0
        high = UInt64(truncatingIfNeeded: count) << 56
        for index in 0..<count {
          if index < 8 { low |= UInt64(bytes[index]) << UInt64(index * 8) } else { high |= UInt64(bytes[index]) << UInt64(index * 8 - 64) }
        }
      }
    }

    @inline(__always)
    var line: Int {
      let product = (low ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: high ^ 0xD6E8_FEB8_6659_FD93)
      return Int(truncatingIfNeeded: (product.high ^ product.low) & UInt64(PreTokenCache.lineCount - 1))
    }
  }

  // Offsets within an entry of 32 bytes: key, then three tokens and their count; or, where the count is over three, the
  // place in the ring in the space of the first two tokens.
  private static let tokensOffset = 16
  private static let countOffset = 28

  /// Writes the tokens of a known pre-token and returns their number, or nil. May write more than it returns:
  /// `tokens` has room for `mostTokens`.
  @inline(__always)
  func tokens(of key: ShortKey, into tokens: UnsafeMutablePointer<TokenID>) -> Int? {
    var entry = shortLines + key.line << 6
    if entry.load(as: UInt64.self) ^ key.low | entry.load(fromByteOffset: 8, as: UInt64.self) ^ key.high != 0 {
      entry += 32
      if entry.load(as: UInt64.self) ^ key.low | entry.load(fromByteOffset: 8, as: UInt64.self) ^ key.high != 0 { return nil }
    }
    let count = Int(entry.load(fromByteOffset: Self.countOffset, as: UInt32.self))
    if count <= 3 {
      UnsafeMutableRawPointer(tokens).storeBytes(of: entry.load(fromByteOffset: Self.tokensOffset, as: UInt64.self), as: UInt64.self)
      tokens[2] = entry.load(fromByteOffset: Self.tokensOffset + 8, as: UInt32.self)
      return count
    }
    return ringTokens(at: entry.load(fromByteOffset: Self.tokensOffset, as: UInt64.self), count: count, into: tokens)
  }

  @inline(never)
  private func ringTokens(at place: UInt64, count: Int, into tokens: UnsafeMutablePointer<TokenID>) -> Int? {
    guard let source = ringContent(at: place) else { return nil }
    UnsafeMutableRawPointer(tokens).copyMemory(from: source, byteCount: count &* 4)
    return count
  }

  func insert(_ key: ShortKey, _ tokens: UnsafePointer<TokenID>, count: Int) {
    let line = shortLines + key.line << 6
    (line + 32).copyMemory(from: line, byteCount: 32)
    line.storeBytes(of: key.low, as: UInt64.self)
    line.storeBytes(of: key.high, toByteOffset: 8, as: UInt64.self)
    line.storeBytes(of: UInt32(count), toByteOffset: Self.countOffset, as: UInt32.self)
    if count <= 3 {
      (line + Self.tokensOffset).copyMemory(from: tokens, byteCount: count * 4)
    } else {
      let (place, content) = reserve(words: (count + 1) / 2)
      content.copyMemory(from: tokens, byteCount: count * 4)
      line.storeBytes(of: place, toByteOffset: Self.tokensOffset, as: UInt64.self)
    }
  }
}

// 16 bytes and more.
extension PreTokenCache {
  /// The hash of a pre-token of at least 16 bytes; its lower half is never zero.
  @inline(__always)
  static func hash(_ bytes: UnsafePointer<UInt8>, count: Int) -> UInt64 {
    let raw = UnsafeRawPointer(bytes)
    var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
    var offset = 0
    while offset &+ 16 < count {
      hash = mix(raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ hash, raw.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
      offset &+= 16
    }
    hash = mix(raw.loadUnaligned(fromByteOffset: count &- 16, as: UInt64.self) ^ hash, raw.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
    return hash | 1
  }

  @inline(__always)
  private static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = (left ^ 0x2D35_8DCC_AA6C_78A5).multipliedFullWidth(by: right ^ 0x8BB8_4B93_962E_ACC9)
    return product.high ^ product.low
  }

  @inline(__always)
  private func longLine(_ hash: UInt64) -> UnsafeMutableRawPointer {
    longLines + Int(truncatingIfNeeded: hash >> (64 - UInt64(Self.lineBits))) << 6
  }

  /// As for short keys. `count` is 16 to `longestKey`, `hash` the hash of these bytes.
  @inline(__always)
  func tokens(of bytes: UnsafePointer<UInt8>, count: Int, hash: UInt64, into tokens: UnsafeMutablePointer<TokenID>) -> Int? {
    let line = longLine(hash)
    let tag = UInt32(truncatingIfNeeded: hash)
    for way in 0..<4 where line.load(fromByteOffset: way &* 16, as: UInt32.self) == tag {
      guard line.load(fromByteOffset: way &* 16 &+ 4, as: UInt16.self) == UInt16(truncatingIfNeeded: count),
        let content = ringContent(at: line.load(fromByteOffset: way &* 16 &+ 8, as: UInt64.self)),
        Self.areEqual(content, bytes, count: count)
      else { continue }
      let tokenCount = Int(line.load(fromByteOffset: way &* 16 &+ 6, as: UInt16.self))
      let source = content + (count &+ 7) & ~7
      var copied = 0
      while copied < tokenCount {  // eight bytes at a time: the room allows the overshoot
        UnsafeMutableRawPointer(tokens + copied).storeBytes(of: source.load(fromByteOffset: copied &* 4, as: UInt64.self), as: UInt64.self)
        copied &+= 2
      }
      return tokenCount
    }
    return nil
  }

  func insert(_ bytes: UnsafePointer<UInt8>, count: Int, hash: UInt64, _ tokens: UnsafePointer<TokenID>, tokenCount: Int) {
    let line = longLine(hash)
    (line + 16).copyMemory(from: line, byteCount: 48)
    let byteWords = (count + 7) / 8
    let (place, content) = reserve(words: byteWords + (tokenCount + 1) / 2)
    content.copyMemory(from: bytes, byteCount: count)
    (content + byteWords * 8).copyMemory(from: tokens, byteCount: tokenCount * 4)
    line.storeBytes(of: UInt32(truncatingIfNeeded: hash), as: UInt32.self)
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
    return left.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self) == right.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
  }
}

// The ring, in words of 64 bits.
extension PreTokenCache {
  /// What was written at an absolute place, or nil where the ring has come round since.
  @inline(__always)
  private func ringContent(at place: UInt64) -> UnsafeMutableRawPointer? {
    guard ring[Self.ringPositionIndex] &- place <= UInt64(Self.ringCapacity) else { return nil }
    return UnsafeMutableRawPointer(ring + Int(place & UInt64(Self.ringCapacity - 1)))
  }

  private func reserve(words: Int) -> (place: UInt64, content: UnsafeMutableRawPointer) {
    let capacity = UInt64(Self.ringCapacity)
    var place = ring[Self.ringPositionIndex]
    let left = capacity - place & (capacity - 1)
    if left < UInt64(words) { place += left }
    ring[Self.ringPositionIndex] = place + UInt64(words)
    return (place, UnsafeMutableRawPointer(ring + Int(place & (capacity - 1))))
  }
}
