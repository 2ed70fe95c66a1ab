/// Merges the bytes of one pre-token into tokens: of all neighbouring pairs that merge, the one of lowest rank, leftmost
/// first, until none is left. Holds the scratch memory for it, so that no pre-token allocates.
struct PreTokenMerger {
  /// Up to this many bytes the lowest rank is found by looking at all of them; beyond, in a heap: O(n log n).
  static let scanLimit = 96

  private let byteTokens: UnsafePointer<TokenID>
  private let byteRanks: UnsafePointer<UInt32>
  private let merges: MergeTable.Reader
  private let results: UnsafePointer<TokenID>
  /// `scanLimit` ranks: rank of the pair that begins at each token.
  private let ranks: UnsafeMutablePointer<UInt32>

  init(_ table: MergeTable, byteTokens: FrozenTable<TokenID>) {
    self.byteTokens = byteTokens.base
    byteRanks = table.byteRanks.base
    merges = table.reader
    results = table.results.base
    ranks = .allocate(capacity: Self.scanLimit)
  }

  func deallocate() { ranks.deallocate() }

  /// Writes the tokens of `count` bytes (at least 1) to `tokens`, which has room for `count`; returns how many they are.
  func merge(_ bytes: UnsafePointer<UInt8>, count: Int, into tokens: UnsafeMutablePointer<TokenID>) -> Int {
    count <= Self.scanLimit ? mergeByScanning(bytes, count, tokens) : mergeByHeap(bytes, count, tokens)
  }

  private func mergeByScanning(_ bytes: UnsafePointer<UInt8>, _ byteCount: Int, _ tokens: UnsafeMutablePointer<TokenID>) -> Int {
    var last = byteCount &- 1
    var previous = Int(bytes[0])
    tokens[0] = byteTokens[previous]
    for index in 0..<last {
      let byte = Int(bytes[index &+ 1])
      tokens[index &+ 1] = byteTokens[byte]
      ranks[index] = byteRanks[previous << 8 | byte]
      previous = byte
    }
    while last > 0 {
      var lowest = ranks[0]
      var at = 0
      for index in 1..<max(last, 1) where ranks[index] < lowest {
        lowest = ranks[index]
        at = index
      }
      if lowest == MergeTable.noMerge { break }
      let merged = results[Int(lowest)]
      tokens[at] = merged
      last &-= 1
      // Close the gap: the right token and the rank of the pair that began at it go.
      if at < last {
        (tokens + at + 1).update(from: tokens + at + 2, count: last &- at)
        (ranks + at).update(from: ranks + at + 1, count: last &- at)
        ranks[at] = merges.rank(merged, tokens[at &+ 1])
      }
      if at > 0 { ranks[at &- 1] = merges.rank(tokens[at &- 1], merged) }
    }
    return last &+ 1
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
    var heap = LowestFirstHeap()
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

/// A binary heap of words, the lowest on top.
struct LowestFirstHeap {
  private var words: [UInt64] = []

  mutating func push(_ word: UInt64) {
    words.append(word)
    var child = words.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if words[parent] <= word { break }
      words[child] = words[parent]
      child = parent
    }
    words[child] = word
  }

  mutating func pop() -> UInt64? {
    guard let top = words.first, let moved = words.popLast() else { return nil }
    if words.isEmpty { return top }
    var parent = 0
    while true {
      var child = parent * 2 + 1
      if child >= words.count { break }
      if child + 1 < words.count, words[child + 1] < words[child] { child += 1 }
      if moved <= words[child] { break }
      words[parent] = words[child]
      parent = child
    }
    words[parent] = moved
    return top
  }
}
