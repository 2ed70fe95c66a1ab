/// What pre-tokens were encoded to: bounded memory that forgets, keyed by the pre-token's bytes. One encoder's own.
///
/// Zipf's law does the work: in running text nine pre-tokens of ten were seen before, and a hit costs a hash of one or two
/// words and one cache line. New entries go to the front of a line and push out the last. By length of the pre-token:
/// - up to 8 bytes: `PreTokenCache+Tiny`, four entries a line;
/// - up to 15 bytes: `PreTokenCache+Short`, two entries a line;
/// - up to `longestKey` bytes: `PreTokenCache+Long`, four references a line, the bytes in the ring.
struct PreTokenCache {
  static let longestKey = 64
  /// The ids that one look-up may write, those beyond the count it returns included.
  static let mostTokens = longestKey + 2

  let tinyLines: CacheLines
  let shortLines: CacheLines
  let longLines: CacheLines
  let ring = TokenRing()

  /// - Parameter isResident: whether its lines, 8 MB, are to be in memory at once: see `CacheLines`.
  init(isResident: Bool) {
    tinyLines = CacheLines(bits: 16, isResident: isResident)
    shortLines = CacheLines(bits: 15, isResident: isResident)
    longLines = CacheLines(bits: 15, isResident: isResident)
  }

  func deallocate() {
    tinyLines.deallocate()
    shortLines.deallocate()
    longLines.deallocate()
    ring.deallocate()
  }

  @inline(__always)
  static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = (left ^ 0x2D35_8DCC_AA6C_78A5).multipliedFullWidth(by: right ^ 0x8BB8_4B93_962E_ACC9)
    return product.high ^ product.low
  }

  /// Copies ids two at a time; the room behind them allows the overshoot.
  @inline(__always)
  static func copy(_ source: UnsafeMutableRawPointer, count: Int, to tokens: UnsafeMutablePointer<TokenID>) {
    var copied = 0
    while copied < count {
      UnsafeMutableRawPointer(tokens + copied).storeBytes(of: source.load(fromByteOffset: copied &* 4, as: UInt64.self), as: UInt64.self)
      copied &+= 2
    }
  }

  /// For every length up to 15, in rows of four: the mask of the first eight bytes, that of the second eight, the length in
  /// the top byte, and the same for lengths below 8 only.
  static let masks = FrozenTable<UInt64>(count: 64, repeating: 0) { masks in
    for count in 0..<16 {
      masks[count * 4] = ~(UInt64.max << UInt64(min(count, 8) * 8))
      masks[count * 4 + 1] = ~(UInt64.max << UInt64(max(count - 8, 0) * 8))
      masks[count * 4 + 2] = UInt64(count) << 56
      masks[count * 4 + 3] = count < 8 ? UInt64(count) << 56 : 0
    }
  }
}
