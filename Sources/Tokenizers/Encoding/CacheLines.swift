import Glibc

/// Lines of 64 bytes, zero at first, aligned as the processor's cache lines are.
struct CacheLines {
  private let base: UnsafeMutableRawPointer
  private let allocation: UnsafeMutableRawPointer
  private let byteCount: Int
  private let shift: UInt64

  private static let hugePage = 2 << 20

  /// As many lines as `bits` bits can number.
  ///
  /// - Parameter isResident: whether all of it is to be in memory at once, in huge pages where the kernel has them. Otherwise the kernel
  ///   brings a page when it is first touched; but where that is a look-up, it brings one of zeros for all, and another when something is
  ///   entered, and at that every other thread is stopped for a moment.
  init(bits: Int, isResident: Bool) {
    let size = 64 << bits
    byteCount = size + Self.hugePage
    let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let memory, memory != MAP_FAILED else { fatalError("out of memory: \(byteCount) bytes for a cache of pre-tokens") }
    allocation = memory
    base = memory.alignedUp(toMultipleOf: Self.hugePage)
    shift = UInt64(64 - bits)
    guard isResident else { return }
    madvise(base, size, MADV_HUGEPAGE)
    for offset in stride(from: 0, to: size, by: 4_096) { base.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self) }
  }

  func deallocate() { munmap(allocation, byteCount) }

  /// The line for a hash, by its upper bits.
  @inline(__always)
  subscript(hash: UInt64) -> UnsafeMutableRawPointer { base + Int(truncatingIfNeeded: hash &>> shift) &<< 6 }
}
