/// The merges of a BPE model: which two neighbouring tokens become which one, and in what order of preference.
///
/// A hash table with linear probing, one word of 64 bits a slot: the left token (21 bits), the right token (21 bits), the
/// rank (22 bits). Eight slots to a cache line and at most half of them taken: a look-up mostly touches one line.
struct MergeTable: Sendable {
  /// Token ids must be below this.
  static let idLimit = 1 << 21
  /// As must ranks; the highest stands for "no merge".
  static let rankLimit = 1 << 22 - 1
  /// What `rank` returns for a pair that does not merge.
  static let noMerge = UInt32(rankLimit)

  struct Merge: Equatable, Sendable {
    var left: TokenID
    var right: TokenID
    var result: TokenID
  }

  let slots: FrozenTable<UInt64>
  /// The merged token of every rank.
  let results: FrozenTable<TokenID>
  /// Ranks of the pairs of single bytes, at left byte × 256 + right byte.
  let byteRanks: FrozenTable<UInt32>
  private let shift: UInt64

  private static let emptySlot = UInt64.max

  /// The rank of a merge is its place in the list. Where a pair stands twice, the later place counts, as in Hugging Face's
  /// reader. `byteTokens` are the 256 tokens of single bytes.
  init(_ merges: [Merge], byteTokens: FrozenTable<TokenID>) {
    var bits = 4
    while 1 << bits < merges.count * 2 { bits += 1 }
    let shift = UInt64(64 - bits)
    self.shift = shift
    results = FrozenTable(merges.map(\.result))
    let slots = FrozenTable(count: 1 << bits, repeating: Self.emptySlot) { slots in
      for (rank, merge) in merges.enumerated() {
        let key = Self.key(merge.left, merge.right)
        var slot = Self.firstSlot(key, shift)
        while slots[slot] != Self.emptySlot, slots[slot] >> 22 != key { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = key << 22 | UInt64(rank)
      }
    }
    self.slots = slots
    byteRanks = FrozenTable(count: 65536, repeating: Self.noMerge) { ranks in
      for pair in 0..<65536 {
        let (left, right) = (byteTokens[pair >> 8], byteTokens[pair & 255])
        ranks[pair] = Reader(slots: slots, shift: shift).rank(left, right)
      }
    }
  }

  var count: Int { results.count }
  var reader: Reader { Reader(slots: slots, shift: shift) }

  /// The table as plain pointers, for loops. Valid while the table lives.
  struct Reader {
    let slots: UnsafePointer<UInt64>
    let mask: Int
    let shift: UInt64

    fileprivate init(slots: FrozenTable<UInt64>, shift: UInt64) {
      self.slots = slots.base
      mask = slots.count - 1
      self.shift = shift
    }

    @inline(__always)
    func rank(_ left: TokenID, _ right: TokenID) -> UInt32 {
      let key = MergeTable.key(left, right)
      var slot = MergeTable.firstSlot(key, shift)
      while true {
        let entry = slots[slot]
        if entry >> 22 == key { return UInt32(truncatingIfNeeded: entry & 0x3F_FFFF) }
        if entry == MergeTable.emptySlot { return MergeTable.noMerge }
        slot = (slot &+ 1) & mask
      }
    }
  }

  @inline(__always)
  private static func key(_ left: TokenID, _ right: TokenID) -> UInt64 { UInt64(left) << 21 | UInt64(right) }

  /// Fibonacci hashing: the upper bits of the product with 2^64 / golden ratio.
  @inline(__always)
  private static func firstSlot(_ key: UInt64, _ shift: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }
}
