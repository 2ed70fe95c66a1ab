import Platform
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// Memory for buffers that may grow to the size of the largest row. realloc(3) moves the pages of a large block (mremap)
/// instead of copying it: old and new never stand in memory side by side.
enum GrowingMemory {
  /// - Throws: ENOMEM, where a limit for the process is reached.
  static func allocate(_ byteCount: Int) throws(SystemError) -> UnsafeMutablePointer<UInt8> {
    guard let memory = malloc(byteCount) else { throw SystemError(.noMemory, "get a buffer of \(byteCount) bytes") }
    return memory.assumingMemoryBound(to: UInt8.self)
  }

  /// At the start of a page, for files that are written past the cache. Once grown it may lie anywhere.
  static func allocatePages(_ byteCount: Int) throws(SystemError) -> UnsafeMutablePointer<UInt8> {
    var memory: UnsafeMutableRawPointer?
    guard posix_memalign(&memory, BlockFile.alignment, byteCount) == 0, let memory else {
      throw SystemError(.noMemory, "get a buffer of \(byteCount) bytes")
    }
    return memory.assumingMemoryBound(to: UInt8.self)
  }

  /// `memory` stays as it was where this throws.
  static func grow(_ memory: UnsafeMutablePointer<UInt8>, to byteCount: Int) throws(SystemError) -> UnsafeMutablePointer<UInt8> {
    guard let grown = realloc(memory, byteCount) else { throw SystemError(.noMemory, "get a buffer of \(byteCount) bytes") }
    return grown.assumingMemoryBound(to: UInt8.self)
  }

  static func free(_ memory: UnsafeMutablePointer<UInt8>?) { Glibc.free(memory) }
}
