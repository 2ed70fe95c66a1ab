import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// A system call that failed: which one, on what, why, and what usually mends it. errno is caught at the call that set it.
package struct SystemError: Error, Sendable, Equatable {
  package let code: Errno
  /// The call as people know it: "rename", "open for reading".
  package let operation: String
  package let path: FilePath?
  /// The second path of a rename or a link.
  package let target: FilePath?

  package init(_ code: Errno, _ operation: String, _ path: FilePath? = nil, to target: FilePath? = nil) {
    self.code = code
    self.operation = operation
    self.path = path
    self.target = target
  }

  /// For the call that has just failed.
  static func last(_ operation: String, _ path: FilePath? = nil, to target: FilePath? = nil) -> SystemError {
    SystemError(Errno(rawValue: errno), operation, path, to: target)
  }

  /// What a user can do about it; nil where nothing general can be said.
  package var mend: String? {
    switch code {
    case .noSpace: "Free space on the disk; work goes on by itself then."
    case .diskQuotaExceeded: "The disk quota is used up: delete files or have the quota raised."
    case .permissionDenied, .notPermitted: "Give the agent's user the right to it: chmod or chown the path named."
    case .readOnlyFileSystem: "The file system is mounted read-only: remount it for writing."
    case .tooManyOpenFiles: "Too many files are open: raise LimitNOFILE in the service's unit, or ulimit -n."
    case .ioError: "The disk reported a failure: look at the system's log (journalctl -k) before anything else."
    default: nil
    }
  }
}

extension SystemError: CustomStringConvertible {
  package var description: String {
    let places = [path.map { " '\($0)'" } ?? "", target.map { " to '\($0)'" } ?? ""].joined()
    return "\(operation)\(places): \(code)"
  }
}
