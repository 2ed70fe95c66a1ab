import CLinux
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// Shuts this process in: for a worker that reads foreign bytes, before it reads the first one and before it has a second thread.
///
/// Landlock is the kernel's own sandbox for programs without rights (landlock(7)). A kernel without it leaves the limits, and that
/// names inside archives never become paths; `dropforge doctor` says which it is.
package enum Confinement {
  /// What Landlock can do here: 0 where there is none; below 2 it is not used.
  package static var landlockVersion: Int { Int(cl_landlock_version()) }
  package static let neededLandlockVersion = 2

  /// What the libraries below us open when something is used for the first time: character sets, the loader's cache, the
  /// number of processors.
  private static let system: [FilePath] = [
    "/usr/lib", "/usr/lib64", "/usr/share/locale", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom", "/dev/zero",
    "/sys/devices/system/cpu",
  ]

  /// From here on only these paths, and what lies beneath them, can be reached; links are not followed.
  ///
  /// - Parameter executing: where programs lie that may be started, with what they load.
  /// - Returns: false where the kernel cannot.
  /// - Throws: where it could but refuses.
  package static func confine(reading: [FilePath], writing: [FilePath], executing: [FilePath] = []) throws(SystemError) -> Bool {
    // libcrypto reads its configuration at the first hash.
    _ = SHA256.hash([])
    var readable = (reading + system).map { $0.withPlatformString { strdup($0) } }.map { UnsafePointer($0) } + [nil]
    var writable = writing.map { $0.withPlatformString { strdup($0) } }.map { UnsafePointer($0) } + [nil]
    var executable = executing.map { $0.withPlatformString { strdup($0) } }.map { UnsafePointer($0) } + [nil]
    defer { for path in readable + writable + executable { free(UnsafeMutablePointer(mutating: path)) } }
    guard cl_confine(&readable, &writable, &executable) != 0 else { return true }
    if errno == ENOSYS || errno == EOPNOTSUPP { return false }
    throw .last("shut the worker in")
  }

  /// To be called before `confine`, by the worker that downloads: connections outwards stay possible.
  package static func allowConnecting() { cl_confined_may_connect() }

  /// What names of hosts and certificates are looked up in, and what those files lead to where they are links: of systemd-resolved, of
  /// NetworkManager.
  package static var network: [FilePath] {
    let usual: [FilePath] = [
      "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services", "/etc/ssl", "/etc/pki",
      "/etc/ca-certificates", "/usr/share/ca-certificates", "/usr/local/share/ca-certificates", "/run/systemd/resolve",
    ]
    return usual + usual.compactMap { path in path.target.flatMap { $0 == path ? nil : $0 } }
  }

  /// Limits that end in an error of the system call which crosses them.
  ///
  /// - Parameters:
  ///   - fileBytes: of any file that is written.
  ///   - memoryBytes: of private memory; nil: as much as there is.
  package static func limit(openFiles: Int, fileBytes: Int, memoryBytes: Int?) throws(SystemError) {
    guard cl_no_core_dumps() == 0, cl_limit_open_files(UInt64(openFiles)) == 0, cl_limit_file_size(UInt64(fileBytes)) == 0 else {
      throw .last("limit the worker")
    }
    if let memoryBytes, cl_limit_memory(UInt64(memoryBytes)) != 0 { throw .last("limit the worker's memory") }
  }

  /// After so many seconds the process says these words on standard output and ends.
  package static func end(after seconds: Double, saying words: String, code: Int32) throws(SystemError) {
    // Never freed: a signal handler reads them whenever it comes.
    guard cl_end_after(seconds, strdup(words), code) == 0 else { throw .last("set the worker's time limit") }
  }

  /// Dying for want of memory, the process says these words instead. A quarter of the limit that cannot be had is want.
  package static func tellOutOfMemory(limit: Int, saying words: String, code: Int32) throws(SystemError) {
    guard cl_tell_out_of_memory(UInt64(limit / 4), strdup(words), code) == 0 else { throw .last("set the worker's memory limit") }
  }
}

extension FilePath {
  /// Where the path leads, with every link on the way resolved: realpath(3); nil where nothing is there.
  package var target: FilePath? {
    withPlatformString { path in
      guard let resolved = realpath(path, nil) else { return nil }
      defer { free(resolved) }
      return FilePath(platformString: resolved)
    }
  }
}
