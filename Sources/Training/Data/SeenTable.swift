/// Which hashes have come before: 8 bytes a slot, at most two of three of them taken, so 12 to 24 bytes a row.
final class SeenTable {
  private let memory: ZeroedMemory<UInt64>
  private let mask: Int

  /// - Parameter count: hashes at most. Memory becomes resident as it is used.
  init(count: Int) {
    var capacity = 1_024
    while capacity * 2 < count * 3 { capacity *= 2 }
    mask = capacity - 1
    memory = ZeroedMemory(count: capacity, hugePages: true)
  }

  var byteCount: Int { memory.byteCount }

  /// Whether the hash is new; it is not any more then. No hash is 0.
  func insert(_ hash: UInt64) -> Bool {
    let slots = memory.base
    var slot = Int(truncatingIfNeeded: hash >> 7) & mask
    while slots[slot] != 0 {
      if slots[slot] == hash { return false }
      slot = (slot + 1) & mask
    }
    slots[slot] = hash
    return true
  }
}
