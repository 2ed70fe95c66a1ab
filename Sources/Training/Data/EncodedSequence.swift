import Tokenizers

/// A sequence as tokens, with and without loss on them.
struct EncodedSequence {
  struct Run: Equatable {
    var range: Range<Int>
    var isTrained: Bool
  }

  var ids: [TokenID] = []
  /// Parts of `ids`, in order and without gaps.
  var runs: [Run] = []

  mutating func append(_ more: some Sequence<TokenID>, isTrained: Bool) {
    let start = ids.count
    ids.append(contentsOf: more)
    guard ids.count > start else { return }
    if let last = runs.last, last.isTrained == isTrained {
      runs[runs.count - 1].range = last.range.lowerBound..<ids.count
    } else {
      runs.append(Run(range: start..<ids.count, isTrained: isTrained))
    }
  }

  mutating func removeAll() {
    ids.removeAll(keepingCapacity: true)
    runs.removeAll(keepingCapacity: true)
  }

  /// Equal sequences have equal ones; others, but for one case in 2^64, do not.
  var fingerprint: UInt64 {
    var fingerprint = Fingerprint()
    for id in ids { fingerprint.add(id) }
    return fingerprint.value
  }
}

/// A hash of tokens that is the same on every machine (FNV-1a by words, mixed at the end).
struct Fingerprint {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ id: UInt32) {
    state = (state ^ UInt64(id)) &* 0x0000_0100_0000_01B3
    state ^= state >> 29
  }

  var value: UInt64 {
    var state = state
    return ShuffledOrder.splitMix(&state)
  }
}
