/// Counts of neighbouring pairs, and the words in which a pair has come up since the last `drain`.
struct PairTable {
  private struct Pair {
    var key: UInt64
    var count = 0
    /// The newest of its occurrences in `nodes`, or -1.
    var newest: Int32 = -1
    var occurrences: Int32 = 0
  }

  private struct Node {
    var word: Int32
    var older: Int32
  }

  private var pairs: [Pair] = []
  /// Hash table from key to index in `pairs`, -1 where empty: linear probing.
  private var slots = [Int32](repeating: -1, count: 1 << 12)
  private var nodes: [Node] = []
  /// Pairs with occurrences, in the order of their first.
  private var touched: [Int32] = []

  func count(of key: UInt64) -> Int {
    var slot = Self.firstSlot(key, slots.count)
    while slots[slot] >= 0 {
      if pairs[Int(slots[slot])].key == key { return pairs[Int(slots[slot])].count }
      slot = (slot + 1) & (slots.count - 1)
    }
    return 0
  }

  /// Counts a pair up and remembers the word; once, where the same word comes several times in a row.
  mutating func add(_ key: UInt64, count: Int, word: Int32) {
    let index = index(of: key)
    pairs[index].count += count
    let newest = pairs[index].newest
    if newest >= 0, nodes[Int(newest)].word == word { return }
    if newest < 0 { touched.append(Int32(index)) }
    pairs[index].newest = Int32(nodes.count)
    pairs[index].occurrences += 1
    nodes.append(Node(word: word, older: newest))
  }

  mutating func subtract(_ key: UInt64, count: Int) { pairs[index(of: key)].count -= count }

  /// Appends the words of every pair that has some to `occurrences`, oldest first, tells where, and forgets them.
  mutating func drain(into occurrences: inout [Int32], visit: (_ key: UInt64, _ count: Int, _ range: Range<Int>) -> Void) {
    for index in touched {
      let pair = pairs[Int(index)]
      let start = occurrences.count
      let end = start + Int(pair.occurrences)
      occurrences.append(contentsOf: repeatElement(0, count: Int(pair.occurrences)))
      var node = pair.newest
      for place in (start..<end).reversed() {
        occurrences[place] = nodes[Int(node)].word
        node = nodes[Int(node)].older
      }
      pairs[Int(index)].newest = -1
      pairs[Int(index)].occurrences = 0
      visit(pair.key, pair.count, start..<end)
    }
    touched.removeAll(keepingCapacity: true)
    nodes.removeAll(keepingCapacity: true)
  }

  private mutating func index(of key: UInt64) -> Int {
    var slot = Self.firstSlot(key, slots.count)
    while slots[slot] >= 0 {
      if pairs[Int(slots[slot])].key == key { return Int(slots[slot]) }
      slot = (slot + 1) & (slots.count - 1)
    }
    if (pairs.count + 1) * 2 > slots.count {
      grow()
      return index(of: key)
    }
    slots[slot] = Int32(pairs.count)
    pairs.append(Pair(key: key))
    return pairs.count - 1
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for (index, pair) in pairs.enumerated() {
      var slot = Self.firstSlot(pair.key, slots.count)
      while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = Int32(index)
    }
  }

  private static func firstSlot(_ key: UInt64, _ count: Int) -> Int {
    let product = key &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: (product ^ product >> 32) & UInt64(count - 1))
  }
}
