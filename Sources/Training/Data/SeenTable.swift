#if canImport(Glibc)
  import Glibc
#endif

/// Which hashes have come before: 8 bytes a slot, at most two of three of them taken, so 12 to 24 bytes a row.
final class SeenTable {
  private let slots: UnsafeMutablePointer<UInt64>
  private let mask: Int
  let byteCount: Int

  /// - Parameter count: hashes at most. Memory becomes resident as it is used.
  init(count: Int) {
    var capacity = 1_024
    while capacity * 2 < count * 3 { capacity *= 2 }
    mask = capacity - 1
    byteCount = capacity * 8
    let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let memory, memory != MAP_FAILED else { fatalError("no address space for \(byteCount) bytes") }
    slots = memory.bindMemory(to: UInt64.self, capacity: capacity)
  }

  deinit { munmap(slots, byteCount) }

  /// Whether the hash is new; it is not any more then. No hash is 0.
  func insert(_ hash: UInt64) -> Bool {
    var slot = Int(truncatingIfNeeded: hash >> 7) & mask
    while slots[slot] != 0 {
      if slots[slot] == hash { return false }
      slot = (slot + 1) & mask
    }
    slots[slot] = hash
    return true
  }
}
