import Glibc

/// Lines of 64 bytes, zero at first, aligned as the processor's cache lines are.
struct CacheLines {
  private let base: UnsafeMutableRawPointer
  private let allocation: UnsafeMutableRawPointer
  private let shift: UInt64

  /// As many lines as `bits` bits can number.
  init(bits: Int) {
    // calloc, because large zeroed memory comes from the kernel page by page, as it is touched.
    guard let memory = calloc(1 << bits + 1, 64) else { fatalError("out of memory: \(64 << bits) bytes for a cache of pre-tokens") }
    allocation = memory
    base = UnsafeMutableRawPointer(bitPattern: (UInt(bitPattern: memory) + 63) & ~63) ?? memory
    shift = UInt64(64 - bits)
  }

  func deallocate() { free(allocation) }

  /// The line for a hash, by its upper bits.
  @inline(__always)
  subscript(hash: UInt64) -> UnsafeMutableRawPointer { base + Int(truncatingIfNeeded: hash &>> shift) &<< 6 }
}
