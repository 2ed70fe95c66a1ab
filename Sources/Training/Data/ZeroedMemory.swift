#if canImport(Glibc)
  import Glibc
#endif

/// Zeros straight from the kernel: resident only as they are touched.
final class ZeroedMemory<Element: BitwiseCopyable> {
  let base: UnsafeMutablePointer<Element>
  let byteCount: Int

  /// - Parameter hugePages: for memory that is touched all over at random, and whole: a page in 512 then misses the processor's table of
  ///   pages. Where the kernel has none, it does without.
  init(count: Int, hugePages: Bool = false) {
    byteCount = max(count, 1) * MemoryLayout<Element>.stride
    let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    guard let memory, memory != MAP_FAILED else { fatalError("no address space for \(byteCount) bytes") }
    if hugePages { madvise(memory, byteCount, MADV_HUGEPAGE) }
    base = memory.bindMemory(to: Element.self, capacity: max(count, 1))
  }

  deinit { munmap(base, byteCount) }
}
