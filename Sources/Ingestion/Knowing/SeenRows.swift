/// Which rows were seen, by their hashes, in memory that has a limit: up to so many different ones each is remembered; beyond, only
/// those whose hash begins with a zero bit, then with two, and so on, and what is found is multiplied.
struct SeenRows {
  /// Four million: 64 MiB of table.
  static let mostRemembered = 1 << 22

  private var slots: [UInt64]
  private var count = 0
  private var mask: Int
  private let mostRemembered: Int
  /// One hash of so many is remembered.
  private(set) var oneOf = 1
  private var level: UInt64 = 0

  enum Sight {
    case new
    /// Seen before; a row stands for `oneOf` rows.
    case again(inTrain: Bool)
    /// Not compared.
    case passedOver
  }

  init(mostRemembered: Int = mostRemembered) {
    self.mostRemembered = mostRemembered
    slots = [UInt64](repeating: 0, count: 1 << 10)
    mask = slots.count - 1
  }

  /// Notes a row. Of an entry the lowest bit says whether it stands in train.
  mutating func note(_ hash: UInt64, isTrain: Bool) -> Sight {
    guard hash >> (64 - level) == 0 || level == 0 else { return .passedOver }
    // 0 is an empty slot; the lowest bit is ours.
    let key = max(hash, 2) & ~1
    var at = slot(of: key)
    while slots[at] != 0 {
      if slots[at] & ~1 == key { return .again(inTrain: slots[at] & 1 == 1) }
      at = (at + 1) & mask
    }
    slots[at] = key | (isTrain ? 1 : 0)
    count += 1
    if count * 2 > slots.count { grow() }
    return .new
  }

  private func slot(of key: UInt64) -> Int { Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 20) & mask }

  private mutating func grow() {
    if count > mostRemembered {
      level += 1
      oneOf *= 2
      rebuild(size: slots.count) { [level] in $0 >> (64 - level) == 0 }
    } else {
      rebuild(size: slots.count * 2) { _ in true }
    }
  }

  private mutating func rebuild(size: Int, keep: (UInt64) -> Bool) {
    let old = slots
    slots = [UInt64](repeating: 0, count: size)
    mask = size - 1
    count = 0
    for entry in old where entry != 0 && keep(entry) {
      var at = slot(of: entry & ~1)
      while slots[at] != 0 { at = (at + 1) & mask }
      slots[at] = entry
      count += 1
    }
  }
}
