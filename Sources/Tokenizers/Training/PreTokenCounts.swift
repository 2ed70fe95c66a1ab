/// How often each pre-token stands in the texts counted so far.
///
/// Two hash tables with linear probing: pre-tokens of up to 15 bytes lie in the entries themselves; of longer ones the
/// entries hold a hash and the place in one growing text.
struct PreTokenCounts {
  private struct ShortEntry {
    var low: UInt64 = 0
    /// The length in the top byte, so that an entry in use is never 0.
    var high: UInt64 = 0
    var count = 0
  }

  private struct LongEntry {
    var hash: UInt64 = 0
    var start = 0
    var length = 0
    /// 0 in an entry that is not in use.
    var count = 0
  }

  private var short = [ShortEntry](repeating: ShortEntry(), count: 1 << 12)
  private var shortUsed = 0
  private var long = [LongEntry](repeating: LongEntry(), count: 1 << 10)
  private var longUsed = 0
  private var longText: [UInt8] = []

  /// Different pre-tokens so far.
  var distinct: Int { shortUsed + longUsed }

  /// Counts the pre-tokens that begin at `start` and end, one after another, at `ends`.
  mutating func add(_ text: UnsafeBufferPointer<UInt8>, from start: Int, ends: UnsafeBufferPointer<Int>) {
    guard let base = text.baseAddress else { return }
    let masks = PreTokenCache.masks.base
    if (shortUsed + ends.count) * 2 > short.count { growShort(by: ends.count) }
    var used = shortUsed
    var hasLong = false
    short.withUnsafeMutableBufferPointer { table in
      var start = start
      for end in ends {
        let length = end &- start
        if length < 16 {
          let (low, high) = Self.shortKey(base + start, length, isReadable: start &+ 16 <= text.count, masks)
          Self.increment(table, low, high, by: 1, &used)
        } else {
          hasLong = true
        }
        start = end
      }
    }
    shortUsed = used
    if hasLong {
      var start = start
      for end in ends {
        if end - start >= 16 { addLong(UnsafeBufferPointer(start: base + start, count: end - start), count: 1) }
        start = end
      }
    }
  }

  /// Adds what another counted.
  mutating func add(_ other: PreTokenCounts) {
    other.forEach { bytes, count in
      if bytes.count < 16, let base = bytes.baseAddress {
        if (shortUsed + 1) * 2 > short.count { growShort(by: 1) }
        let (low, high) = Self.shortKey(base, bytes.count, isReadable: false, PreTokenCache.masks.base)
        var used = shortUsed
        short.withUnsafeMutableBufferPointer { Self.increment($0, low, high, by: count, &used) }
        shortUsed = used
      } else {
        addLong(bytes, count: count)
      }
    }
  }

  /// All pre-tokens with their counts, in an order that depends on nothing but what was counted and in what order.
  func forEach(_ visit: (_ bytes: UnsafeBufferPointer<UInt8>, _ count: Int) -> Void) {
    for entry in short where entry.high != 0 {
      var words = (entry.low.littleEndian, entry.high.littleEndian)
      withUnsafeBytes(of: &words) { raw in
        let bytes = raw.assumingMemoryBound(to: UInt8.self)
        visit(UnsafeBufferPointer(rebasing: bytes[..<Int(entry.high >> 56)]), entry.count)
      }
    }
    longText.withUnsafeBufferPointer { text in
      for entry in long where entry.count > 0 {
        visit(UnsafeBufferPointer(rebasing: text[entry.start..<entry.start + entry.length]), entry.count)
      }
    }
  }
}

// Up to 15 bytes.
extension PreTokenCounts {
  @inline(__always)
  private static func shortKey(
    _ bytes: UnsafePointer<UInt8>, _ length: Int, isReadable: Bool, _ masks: UnsafePointer<UInt64>
  ) -> (low: UInt64, high: UInt64) {
    if isReadable {
      let row = masks + length &* 4
      let low = UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self)) & row[0]
      return (low, UInt64(littleEndian: UnsafeRawPointer(bytes + 8).loadUnaligned(as: UInt64.self)) & row[1] | row[2])
    }
    var low: UInt64 = 0
    var high = UInt64(length) << 56
    for index in 0..<length {
      if index < 8 { low |= UInt64(bytes[index]) << UInt64(index * 8) } else { high |= UInt64(bytes[index]) << UInt64(index * 8 - 64) }
    }
    return (low, high)
  }

  @inline(__always)
  private static func increment(
    _ table: UnsafeMutableBufferPointer<ShortEntry>, _ low: UInt64, _ high: UInt64, by count: Int, _ used: inout Int
  ) {
    let mask = table.count &- 1
    var slot = Int(truncatingIfNeeded: PreTokenCache.mix(low, high)) & mask
    while true {
      if table[slot].low == low, table[slot].high == high {
        table[slot].count += count
        return
      }
      if table[slot].high == 0 { break }
      slot = (slot &+ 1) & mask
    }
    table[slot] = ShortEntry(low: low, high: high, count: count)
    used += 1
  }

  private mutating func growShort(by more: Int) {
    var size = short.count
    while (shortUsed + more) * 2 > size { size *= 2 }
    let old = short
    short = [ShortEntry](repeating: ShortEntry(), count: size)
    var used = 0
    short.withUnsafeMutableBufferPointer { table in
      for entry in old where entry.high != 0 { Self.increment(table, entry.low, entry.high, by: entry.count, &used) }
    }
  }
}

// Longer ones.
extension PreTokenCounts {
  private mutating func addLong(_ bytes: UnsafeBufferPointer<UInt8>, count: Int) {
    guard let base = bytes.baseAddress else { return }
    if (longUsed + 1) * 2 > long.count { growLong() }
    let hash = PreTokenCache.hash(base, count: bytes.count)
    var slot = Int(truncatingIfNeeded: hash) & (long.count - 1)
    while long[slot].count > 0 {
      if long[slot].hash == hash, long[slot].length == bytes.count, isLong(at: long[slot].start, bytes) {
        long[slot].count += count
        return
      }
      slot = (slot + 1) & (long.count - 1)
    }
    long[slot] = LongEntry(hash: hash, start: longText.count, length: bytes.count, count: count)
    longText.append(contentsOf: bytes)
    longUsed += 1
  }

  private func isLong(at start: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    longText.withUnsafeBufferPointer { text in text[start..<start + bytes.count].elementsEqual(bytes) }
  }

  private mutating func growLong() {
    let old = long
    long = [LongEntry](repeating: LongEntry(), count: old.count * 2)
    for entry in old where entry.count > 0 {
      var slot = Int(truncatingIfNeeded: entry.hash) & (long.count - 1)
      while long[slot].count > 0 { slot = (slot + 1) & (long.count - 1) }
      long[slot] = entry
    }
  }
}
