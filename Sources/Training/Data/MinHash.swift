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

  /// Takes texts in word by word, however long they are: for one thread.
  struct Builder: ~Copyable {
    private let least: UnsafeMutablePointer<UInt64>
    private var count = 0
    /// The last words, the newest first.
    private var last = Words(0, 0, 0, 0, 0)
    /// Of the last words, each times a power of `base`: one word more is one product more.
    private var rolling: UInt64 = 0

    private typealias Words = (UInt64, UInt64, UInt64, UInt64, UInt64)
    private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15
    /// Of the word that a run begins with, once it has one word too many: `base` to the fifth, `run` being five.
    private static let power = base &* base &* base &* base &* base

    init() {
      least = .allocate(capacity: MinHash.bins)
      least.initialize(repeating: .max, count: MinHash.bins)
    }

    deinit { least.deallocate() }

    /// - Parameter word: a hash of the next word.
    @inline(__always)
    mutating func add(_ word: UInt64) {
      rolling = rolling &* Self.base &+ word &- last.4 &* Self.power
      last = (word, last.0, last.1, last.2, last.3)
      count &+= 1
      if count >= MinHash.run { addRun() }
    }

    @inline(__always)
    private func addRun() {
      var hash = (rolling ^ rolling >> 32) &* 0xFF51_AFD7_ED55_8CCD
      hash ^= hash >> 29
      let bin = Int(truncatingIfNeeded: hash >> 58)
      least[bin] = min(least[bin], hash & (1 << 58 - 1))
    }

    /// What the text is like; the next word begins another one. A text of fewer words is one run.
    mutating func finish() -> MinHash {
      if count < MinHash.run { addRun() }
      defer {
        least.update(repeating: .max, count: MinHash.bins)
        (count, rolling, last) = (0, 0, (0, 0, 0, 0, 0))
      }
      return MinHash(least: least)
    }
  }

  /// - Parameter least: of `bins` bins, one of them not empty.
  private init(least: UnsafePointer<UInt64>) {
    values = [UInt16](unsafeUninitializedCapacity: Self.bins) { values, count in
      // Backwards, twice around: the second time every bin knows the next that is not empty.
      var from = 0
      for place in stride(from: 2 * Self.bins - 1, through: 0, by: -1) {
        let bin = place % Self.bins
        if least[bin] != .max { from = place }
        guard place < Self.bins else { continue }
        // 16 bits tell two different minima apart but for one case in 65,536.
        let mixed = (least[from % Self.bins] &+ UInt64(from - place) &* 0xD6E8_FEB8_6659_FD93) &* 0xFF51_AFD7_ED55_8CCD
        values[place] = UInt16(truncatingIfNeeded: mixed >> 48)
      }
      count = Self.bins
    }
  }

  /// The number of equal values, 0 to 64.
  static func common(_ one: UnsafePointer<UInt16>, _ other: UnsafePointer<UInt16>) -> Int {
    var count: UInt16 = 0  // as wide as the values, so that eight are compared and counted at once
    for index in 0..<bins { count &+= one[index] == other[index] ? 1 : 0 }
    return Int(count)
  }
}
