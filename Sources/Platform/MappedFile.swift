import CLinux
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// A file as memory, read-only: pages come in as they are touched, so that it may be larger than memory.
///
/// `bytes` is valid as long as the object lives: keep it in a property, or read within `withBytes`.
package final class MappedFile: @unchecked Sendable {  // because the mapping is read-only and never changes after init
  package let bytes: UnsafeRawBufferPointer

  package init(_ path: FilePath) throws(SystemError) {
    let descriptor = path.withPlatformString { Glibc.open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw .last("open for reading", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .last("stat", path) }
    let size = Int(status.st_size)
    guard size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let address = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw .last("map into memory", path) }
    bytes = UnsafeRawBufferPointer(start: address, count: size)
  }

  /// The file's bytes, the object kept alive meanwhile.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(bytes) }
  }

  /// Gives the memory of a part back that is not looked at soon: it stays in the page cache, and comes in again when it is touched.
  package func release(_ part: Range<Int>) {
    let page = 16_384
    // The page that it ends in stays: the next part begins there.
    let (start, end) = (part.lowerBound / page * page, part.upperBound / page * page)
    guard let base = bytes.baseAddress, start < end, end <= bytes.count else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }
}
