/// A word as it is compared, where it lies: in a text whose capitals are still capitals, or in memory for words that were written anew.
struct NormalizedWord {
  let bytes: UnsafePointer<UInt8>
  let count: Int
  /// Bytes that may be read from `bytes` on.
  let readable: Int
  /// Where the word lies in its text it is letters and digits of ASCII, which bit 5 of every byte makes small ones (digits have it);
  /// else 0.
  let folding: UInt64

  static let caseBits: UInt64 = 0x2020_2020_2020_2020

  /// Eight bytes from `offset` on, the first in the lowest byte; what lies behind the word is of no meaning.
  @inline(__always)
  func load(_ offset: Int) -> UInt64 {
    if offset &+ 8 <= readable {
      return UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(fromByteOffset: offset, as: UInt64.self)) | folding
    }
    var word: UInt64 = 0
    for index in stride(from: readable &- 1, through: offset, by: -1) { word = word << 8 | UInt64(bytes[index]) }
    return word | folding
  }
}
