import Glibc

/// Where a buffer lies in an arena.
package struct ArenaSlot: Sendable, Hashable {
  package let byteOffset: Int
  /// Elements, not bytes.
  package let count: Int
}

/// The plan of an arena: buffers are reserved one after the other, each on a 64-byte boundary, before any memory is asked for.
package struct ArenaLayout: Sendable {
  package private(set) var byteCount = 0

  package init() {}

  package mutating func reserve<Element: BitwiseCopyable>(_ type: Element.Type, _ count: Int) -> ArenaSlot {
    let slot = ArenaSlot(byteOffset: byteCount, count: count)
    byteCount = (byteCount + count * MemoryLayout<Element>.stride + 63) / 64 * 64
    return slot
  }

  package mutating func floats(_ count: Int) -> ArenaSlot { reserve(Float.self, count) }
}

/// One block of memory for all buffers of a purpose, taken once: a training step allocates nothing and fills nothing with zeros.
///
/// The kernel hands out zeroed pages as they are touched, so that a slot that is never used costs address space only, and a fresh
/// arena reads as zeros. Huge pages are asked for: a step walks through hundreds of megabytes.
package final class Arena {
  package let byteCount: Int
  private let base: UnsafeMutableRawPointer

  package init(byteCount: Int) throws(ArenaError) {
    let size = max(byteCount, 64)
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), base != MAP_FAILED
    else { throw ArenaError(byteCount: byteCount, errorNumber: errno) }
    madvise(base, size, MADV_HUGEPAGE)  // advice: an error means only that pages stay small
    self.base = base
    self.byteCount = size
  }

  package convenience init(_ layout: ArenaLayout) throws(ArenaError) { try self.init(byteCount: layout.byteCount) }

  deinit { munmap(base, byteCount) }

  @inline(__always)
  package func pointer<Element: BitwiseCopyable>(_ slot: ArenaSlot, as type: Element.Type) -> UnsafeMutablePointer<Element> {
    (base + slot.byteOffset).assumingMemoryBound(to: Element.self)
  }

  @inline(__always) package func floats(_ slot: ArenaSlot) -> UnsafeMutablePointer<Float> { pointer(slot, as: Float.self) }
}

/// The operating system refused memory.
package struct ArenaError: Error, Equatable, CustomStringConvertible {
  package let byteCount: Int
  package let errorNumber: Int32

  package init(byteCount: Int, errorNumber: Int32) {
    self.byteCount = byteCount
    self.errorNumber = errorNumber
  }

  package var description: String {
    "\(byteCount) bytes of memory were refused: \(String(cString: strerror(errorNumber))). "
      + "A smaller batch, a shorter sequence length or a smaller model needs less."
  }
}
