/// A binary heap of words, the lowest on top.
struct LowestFirstHeap {
  private var words: [UInt64] = []

  init(capacity: Int) { words.reserveCapacity(capacity) }

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
