/// Loops over bytes, eight at a time where that pays. Bit tricks from "Bit Twiddling Hacks" (haszero, hasless): the lowest
/// byte that they mark is exact, those above it may be marked by a borrow.
enum ByteScan {
  static let ones: UInt64 = 0x0101_0101_0101_0101
  static let highs: UInt64 = 0x8080_8080_8080_8080

  @inline(__always) static func load(_ bytes: UnsafePointer<UInt8>) -> UInt64 {
    UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self)
  }

  /// Marks the bytes equal to the one that `pattern` repeats: `ones &* byte`.
  @inline(__always) static func equal(_ word: UInt64, _ pattern: UInt64) -> UInt64 {
    let difference = word ^ pattern
    return (difference &- ones) & ~difference & highs
  }

  /// Marks control characters, 0 to 0x1F.
  @inline(__always) static func control(_ word: UInt64) -> UInt64 {
    (word &- ones &* 0x20) & ~word & highs
  }

  /// Marks what a JSON string must escape: quote, backslash, control characters.
  @inline(__always) static func escaped(_ word: UInt64) -> UInt64 {
    equal(word, ones &* 0x22) | equal(word, ones &* 0x5C) | control(word)
  }

  /// How many bytes stand before the first one that is marked.
  @inline(__always) static func clear(_ marks: UInt64) -> Int { marks.trailingZeroBitCount >> 3 }

  /// How often a byte occurs. Blocks of 255, so that the compiler can add up in bytes, 16 at a time.
  static func count(of wanted: UInt8, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
    countWhere(in: bytes) { $0 == wanted }
  }

  /// UTF-8 continuation bytes start no scalar; all others do.
  static func countOfScalars(in bytes: UnsafeBufferPointer<UInt8>) -> Int {
    countWhere(in: bytes) { $0 & 0xC0 != 0x80 }
  }

  @inline(__always) private static func countWhere(in bytes: UnsafeBufferPointer<UInt8>, _ matches: (UInt8) -> Bool) -> Int {
    var total = 0
    var index = 0
    while index < bytes.count {
      let stop = min(index + 255, bytes.count)
      var sum: UInt8 = 0
      while index < stop {
        sum &+= matches(bytes[index]) ? 1 : 0
        index += 1
      }
      total += Int(sum)
    }
    return total
  }
}
