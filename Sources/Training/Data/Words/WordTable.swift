import Tokenizers

/// A set of words of up to 16 bytes, asked without a branch on their length: a word is two numbers, found by open addressing.
final class WordTable: Sendable {
  /// A word's bytes, the first the lowest, zeros behind them.
  typealias Key = SIMD2<UInt64>
  static let longest = 16

  private let slots: FrozenTable<Key>
  private let shift: UInt64

  /// - Parameter words: of 1 to 16 bytes, none of them 0.
  init(_ words: some Collection<[UInt8]>) {
    // An eighth of the slots is taken, so that the first one mostly says all.
    let bits = max(4, 3 + Int.bitWidth - words.count.leadingZeroBitCount)
    let shift = UInt64(64 - bits)
    self.shift = shift
    slots = FrozenTable(count: 1 << bits, repeating: Key(0, 0)) { slots in
      for word in words {
        let key = word.withUnsafeBufferPointer { bytes in bytes.baseAddress.map { Self.key($0, count: bytes.count, readable: bytes.count) }
        }
        guard let key, key != Key(0, 0) else { continue }
        var slot = Self.slot(key, shift)
        while slots[slot] != Key(0, 0) { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = key
      }
    }
  }

  @inline(__always)
  private static func slot(_ key: Key, _ shift: UInt64) -> Int {
    Int(truncatingIfNeeded: ((key.x ^ key.y &* 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93) &>> shift)
  }

  /// - Parameter key: not that of no bytes.
  @inline(__always)
  func contains(_ key: Key) -> Bool {
    var slot = Self.slot(key, shift)
    while true {
      let known = slots.base[slot]
      if (known.x ^ key.x) | (known.y ^ key.y) == 0 { return true }
      if known.x == 0 { return false }
      slot = (slot &+ 1) & (slots.count &- 1)
    }
  }

  /// - Parameters:
  ///   - count: of the word's bytes, 0 to 16.
  ///   - readable: bytes that may be read.
  @inline(__always)
  static func key(_ bytes: UnsafePointer<UInt8>, count: Int, readable: Int) -> Key {
    let raw = UnsafeRawPointer(bytes)
    guard readable >= longest else {
      var key = Key(0, 0)
      withUnsafeMutableBytes(of: &key) { $0.copyMemory(from: UnsafeRawBufferPointer(start: raw, count: count)) }
      return Key(UInt64(littleEndian: key.x), UInt64(littleEndian: key.y))
    }
    let low = UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self))
    let high = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    return Key(low & ~(UInt64.max << (8 * count)), high & ~(UInt64.max << max(0, 8 * count - 64)))
  }
}
