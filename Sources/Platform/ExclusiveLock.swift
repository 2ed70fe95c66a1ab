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
    // The property is set last: an initialiser that fails after that runs deinit, and the descriptor would be closed twice.
    let file = path.withPlatformString { Glibc.open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) }
    guard file >= 0 else { throw .last("open for locking", path) }
    guard try Self.lock(file, path) else {
      close(file)
      return nil
    }
    // Between opening and locking, the one who held it may have removed the file: then this is a lock that nobody else sees.
    var (opened, standing) = (stat(), stat())
    let isSame =
      fstat(file, &opened) == 0 && path.withPlatformString { stat($0, &standing) } == 0
      && opened.st_ino == standing.st_ino && opened.st_dev == standing.st_dev
    guard isSame else {
      close(file)
      return nil
    }
    let text = Array("\(getpid())\n".utf8)
    ftruncate(file, 0)
    _ = pwrite(file, text, text.count, 0)
    descriptor = file
  }

  /// False where another holds the lock for longer than a moment: `holder` takes a shared lock in passing, and an agent
  /// that starts in that moment must not be turned away by a reader.
  private static func lock(_ file: Int32, _ path: FilePath) throws(SystemError) -> Bool {
    for attempt in 1...5 {
      if flock(file, LOCK_EX | LOCK_NB) == 0 { return true }
      guard errno == EWOULDBLOCK || errno == EINTR else {
        let error = SystemError.last("lock", path)
        close(file)
        throw error
      }
      if attempt < 5 { usleep(2_000) }
    }
    return false
  }

  // Given back and not only closed: a process that is being started has a copy of the descriptor until it executes its program.
  deinit {
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// The process that holds the lock, or nil where nobody does.
  package static func holder(of path: FilePath) -> Int32? {
    let descriptor = path.withPlatformString { Glibc.open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_SH | LOCK_NB) == 0 {
      flock(descriptor, LOCK_UN)
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: 20)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count > 0 else { return 0 }
    return Int32(String(decoding: bytes[..<count], as: UTF8.self).filter(\.isNumber)) ?? 0
  }
}
