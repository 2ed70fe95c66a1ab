/// A text's runs of five words in 64 numbers: the share of equal ones tells how many runs two texts have in common (Jaccard
/// similarity, give or take 0.05).
///
/// One permutation: each run falls by its hash into one of 64 bins, and a bin keeps the least. Bins that nothing fell into take what
/// the next one has. P. Li, A. Owen, C.-H. Zhang, "One Permutation Hashing", 2012; A. Shrivastava, P. Li, "Densifying One Permutation
/// Hashing via Rotation", 2014.
struct MinHash: Equatable {
  static let bins = 64
  static let run = 5
  let values: [UInt16]

  /// Takes a text in word by word, however long it is.
  struct Builder {
    private var least = [UInt64](repeating: .max, count: MinHash.bins)
    /// The last words, the oldest at `count % run`.
    private var last = [UInt64](repeating: 0, count: MinHash.run)
    private var count = 0
    /// Of the last words, each times a power of `base`: one word more is one product more.
    private var rolling: UInt64 = 0
    private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let power = (0..<MinHash.run).reduce(1) { power, _ in power &* base }

    /// - Parameter word: a hash of the next word.
    mutating func add(_ word: UInt64) {
      let place = count % MinHash.run
      rolling = rolling &* Self.base &+ word &- last[place] &* Self.power
      last[place] = word
      count += 1
      if count >= MinHash.run { addRun() }
    }

    private mutating func addRun() {
      var hash = (rolling ^ rolling >> 32) &* 0xFF51_AFD7_ED55_8CCD
      hash ^= hash >> 29
      let bin = Int(hash >> 58)
      least[bin] = min(least[bin], hash & (1 << 58 - 1))
    }

    /// A text of fewer words is one run.
    mutating func finish() -> MinHash {
      if count < MinHash.run { addRun() }
      return MinHash(least: least)
    }
  }

  private init(least: [UInt64]) {
    values = (0..<Self.bins).map { bin in
      var from = bin
      while least[from] == .max { from = (from + 1) % Self.bins }
      // 16 bits tell two different minima apart but for one case in 65,536.
      let distance = UInt64((from - bin + Self.bins) % Self.bins)
      let mixed = (least[from] &+ distance &* 0xD6E8_FEB8_6659_FD93) &* 0xFF51_AFD7_ED55_8CCD
      return UInt16(truncatingIfNeeded: mixed >> 48)
    }
  }

  /// The number of equal values, 0 to 64.
  static func common(_ one: UnsafePointer<UInt16>, _ other: UnsafePointer<UInt16>) -> Int {
    var count = 0
    for index in 0..<bins where one[index] == other[index] { count += 1 }
    return count
  }
}
