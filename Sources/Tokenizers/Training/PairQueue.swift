/// Pairs by their count, the highest first, of equal ones the pair with the lowest ids. A binary heap.
struct PairQueue {
  struct Entry {
    /// As it was when the entry came in; whoever takes it out looks whether it still is.
    var count: Int
    var pair: UInt64
    /// Its words: a range of the training's occurrences.
    var start: Int
    var length: Int32

    func goesBefore(_ other: Entry) -> Bool { count != other.count ? count > other.count : pair < other.pair }
  }

  private var entries: [Entry] = []

  mutating func push(_ entry: Entry) {
    entries.append(entry)
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      if !entry.goesBefore(entries[parent]) { break }
      entries[child] = entries[parent]
      child = parent
    }
    entries[child] = entry
  }

  mutating func pop() -> Entry? {
    guard let top = entries.first, let moved = entries.popLast() else { return nil }
    if entries.isEmpty { return top }
    var parent = 0
    while true {
      var child = parent * 2 + 1
      if child >= entries.count { break }
      if child + 1 < entries.count, entries[child + 1].goesBefore(entries[child]) { child += 1 }
      if !entries[child].goesBefore(moved) { break }
      entries[parent] = entries[child]
      parent = child
    }
    entries[parent] = moved
    return top
  }
}
