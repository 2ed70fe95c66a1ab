import CLinux
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// Asks the kernel whether anybody has a file open for writing: a read lease is granted only while nobody has.
package enum OpenForWriting {
  package enum Answer: Sendable { case yes, no, unknown }

  /// `unknown` where the file is another user's (a lease needs ownership or CAP_LEASE) or the file system has no leases.
  package static func ask(_ path: FilePath) -> Answer {
    let descriptor = path.withPlatformString { Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) }
    // EWOULDBLOCK: somebody (a Samba client, say) holds a write lease on it.
    guard descriptor >= 0 else { return errno == EWOULDBLOCK ? .yes : .unknown }
    defer { close(descriptor) }
    if cl_take_read_lease(descriptor) == 0 {
      _ = cl_drop_lease(descriptor)
      return .no
    }
    return errno == EAGAIN ? .yes : .unknown
  }
}
