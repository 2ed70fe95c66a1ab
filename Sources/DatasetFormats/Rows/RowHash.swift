/// A 64-bit hash of bytes by which rows are compared: 128-bit products folded, eight bytes at a time. Of ten million different rows
/// two share one with a probability of 3 in a million. Not for keeping: it may change with a version.
package struct RowHash {
  private var state: UInt64
  private static let odd: UInt64 = 0x9E37_79B9_7F4A_7C15
  private static let other: UInt64 = 0xD6E8_FEB8_6659_FD93

  package init(seed: UInt64 = 0) { state = seed ^ Self.other }

  package static func of(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64 = 0) -> UInt64 {
    var hash = RowHash(seed: seed)
    hash.add(bytes)
    return hash.value
  }

  /// Pieces are told apart: their lengths are part of the hash.
  package mutating func add(_ bytes: UnsafeBufferPointer<UInt8>) {
    let raw = UnsafeRawBufferPointer(bytes)
    var index = 0
    while index + 8 <= raw.count {
      mix(raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var rest: UInt64 = 0
    var shift: UInt64 = 0
    while index < raw.count {
      rest |= UInt64(raw[index]) << shift
      shift += 8
      index += 1
    }
    mix(rest)
    mix(UInt64(raw.count) ^ Self.odd)
  }

  package var value: UInt64 {
    var last = self
    last.mix(Self.odd)
    return last.state
  }

  @inline(__always) private mutating func mix(_ word: UInt64) {
    let product = (state ^ word ^ Self.odd).multipliedFullWidth(by: Self.other | 1)
    state = product.high ^ product.low &+ (state &<< 23 | state &>> 41)
  }
}
