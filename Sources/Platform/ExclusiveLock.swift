import CLinux
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// flock(2) on a file: one holder at a time; given back when the holder's process ends, however it ends.
package final class ExclusiveLock: Sendable {
  private let descriptor: Int32

  /// nil where another process holds it. The file then still says who: its process number.
  package init?(_ path: FilePath) throws(SystemError) {
    descriptor = path.withPlatformString { Glibc.open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) }
    guard descriptor >= 0 else { throw .last("open for locking", path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let error = SystemError.last("lock", path)
      close(descriptor)
      if error.code == .resourceTemporarilyUnavailable { return nil }
      throw error
    }
    let text = Array("\(getpid())\n".utf8)
    ftruncate(descriptor, 0)
    _ = pwrite(descriptor, text, text.count, 0)
  }

  deinit { close(descriptor) }

  /// The process that holds the lock, or nil where nobody does.
  package static func holder(of path: FilePath) -> Int32? {
    let descriptor = path.withPlatformString { Glibc.open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
    var bytes = [UInt8](repeating: 0, count: 20)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count > 0 else { return 0 }
    return Int32(String(decoding: bytes[..<count], as: UTF8.self).filter(\.isNumber)) ?? 0
  }
}
