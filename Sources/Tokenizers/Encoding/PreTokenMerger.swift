/// Merges the bytes of one pre-token into tokens: of all neighbouring pairs that merge, the one of lowest rank, leftmost
/// first, until none is left. Holds the scratch memory for it, so that no pre-token of up to `scanLimit` bytes allocates.
struct PreTokenMerger {
  /// Up to this many bytes the lowest rank is found by looking at all of them; beyond, in a heap: O(n log n).
  static let scanLimit = 64

  private let byteTokens: UnsafePointer<TokenID>
  private let byteRanks: UnsafePointer<UInt32>
  private let merges: MergeTable.Reader
  private let results: UnsafePointer<TokenID>
  /// For every byte of a pre-token: where a token begins there and merges with the next one, their rank × 64 + the place;
  /// else `nothing`. The smallest is the leftmost of lowest rank.
  private let order: UnsafeMutablePointer<Int32>
  private let places: UnsafeMutablePointer<TokenID>

  private static let nothing = Int32(MergeTable.noMerge) << 6 | 63

  init(_ table: MergeTable, byteTokens: FrozenTable<TokenID>) {
    self.byteTokens = byteTokens.base
    byteRanks = table.byteRanks.base
    merges = table.reader
    results = table.results.base
    order = .allocate(capacity: Self.scanLimit)
    places = .allocate(capacity: Self.scanLimit)
  }

  func deallocate() {
    order.deallocate()
    places.deallocate()
  }

  /// Writes the tokens of `count` bytes (at least 1) to `tokens`, which has room for `count`; returns how many they are.
  func merge(_ bytes: UnsafePointer<UInt8>, count: Int, into tokens: UnsafeMutablePointer<TokenID>) -> Int {
    count <= Self.scanLimit ? mergeByScanning(bytes, count, tokens) : mergeByHeap(bytes, count, tokens)
  }

  /// Tokens stay at the place of their first byte; a bit in `alive` says that one begins there.
  private func mergeByScanning(_ bytes: UnsafePointer<UInt8>, _ byteCount: Int, _ tokens: UnsafeMutablePointer<TokenID>) -> Int {
    let (order, places, merges, results) = (self.order, self.places, self.merges, self.results)
    let last = byteCount &- 1
    var previous = Int(bytes[0])
    for index in 0..<last {
      let byte = Int(bytes[index &+ 1])
      places[index] = byteTokens[previous]
      order[index] = Int32(truncatingIfNeeded: byteRanks[previous << 8 | byte]) << 6 | Int32(truncatingIfNeeded: index)
      previous = byte
    }
    places[last] = byteTokens[previous]
    order[last] = Self.nothing
    var alive = UInt64.max >> UInt64(truncatingIfNeeded: 63 &- last)
    while true {
      var lowest = order[0]
      for index in 1..<byteCount { lowest = min(lowest, order[index]) }
      if lowest >= Self.nothing & ~63 { break }
      let at = Int(lowest & 63)
      let merged = results[Int(lowest >> 6)]
      places[at] = merged
      // The right token goes; the one behind it becomes the neighbour.
      var behind = alive & ((UInt64.max &<< UInt64(truncatingIfNeeded: at)) &<< 1)
      order[behind.trailingZeroBitCount] = Self.nothing
      alive ^= behind & (0 &- behind)
      behind &= behind &- 1
      order[at] = behind == 0 ? Self.nothing : rank(merges, merged, places[behind.trailingZeroBitCount], at)
      let before = alive & ~(UInt64.max &<< UInt64(truncatingIfNeeded: at))
      if before != 0 {
        let left = 63 &- before.leadingZeroBitCount
        order[left] = rank(merges, places[left], merged, left)
      }
    }
    var count = 0
    while alive != 0 {
      tokens[count] = places[alive.trailingZeroBitCount]
      count &+= 1
      alive &= alive &- 1
    }
    return count
  }

  @inline(__always)
  private func rank(_ merges: MergeTable.Reader, _ left: TokenID, _ right: TokenID, _ place: Int) -> Int32 {
    Int32(truncatingIfNeeded: merges.rank(left, right)) << 6 | Int32(truncatingIfNeeded: place)
  }

  /// The tokens form a list linked both ways; the heap holds rank and place of every pair that merged when it was looked at.
  /// An entry is stale, and passed over, where the pair at its place has another rank by now.
  private func mergeByHeap(_ bytes: UnsafePointer<UInt8>, _ byteCount: Int, _ tokens: UnsafeMutablePointer<TokenID>) -> Int {
    let end = UInt32(byteCount)
    let next = UnsafeMutablePointer<UInt32>.allocate(capacity: byteCount)
    let before = UnsafeMutablePointer<UInt32>.allocate(capacity: byteCount)
    let rankAt = UnsafeMutablePointer<UInt32>.allocate(capacity: byteCount)
    defer {
      next.deallocate()
      before.deallocate()
      rankAt.deallocate()
    }
    var heap = LowestFirstHeap(capacity: byteCount)
    for index in 0..<byteCount {
      tokens[index] = byteTokens[Int(bytes[index])]
      next[index] = UInt32(index) + 1
      before[index] = index == 0 ? end : UInt32(index) - 1
      rankAt[index] = index + 1 < byteCount ? byteRanks[Int(bytes[index]) << 8 | Int(bytes[index + 1])] : MergeTable.noMerge
      if rankAt[index] != MergeTable.noMerge { heap.push(UInt64(rankAt[index]) << 32 | UInt64(index)) }
    }
    while let entry = heap.pop() {
      let at = Int(entry & 0xFFFF_FFFF)
      guard rankAt[at] == UInt32(entry >> 32) else { continue }
      let right = Int(next[at])
      tokens[at] = results[Int(rankAt[at])]
      next[at] = next[right]
      rankAt[right] = MergeTable.noMerge
      rankAt[at] = MergeTable.noMerge
      if next[at] < end {
        before[Int(next[at])] = UInt32(at)
        rankAt[at] = merges.rank(tokens[at], tokens[Int(next[at])])
        if rankAt[at] != MergeTable.noMerge { heap.push(UInt64(rankAt[at]) << 32 | UInt64(at)) }
      }
      if before[at] < end {
        let left = Int(before[at])
        rankAt[left] = merges.rank(tokens[left], tokens[at])
        if rankAt[left] != MergeTable.noMerge { heap.push(UInt64(rankAt[left]) << 32 | UInt64(left)) }
      }
    }
    var count = 0
    var index: UInt32 = 0
    while index < end {
      tokens[count] = tokens[Int(index)]
      count += 1
      index = next[Int(index)]
    }
    return count
  }
}
