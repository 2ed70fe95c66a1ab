import Platform
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// Ways in which a name appears in a folder that the file-system seam has no need for.
package enum SpecialFiles {
  package static func makeHardLink(_ source: FilePath, _ target: FilePath) throws(SystemError) {
    let result = source.withPlatformString { from in target.withPlatformString { link(from, $0) } }
    guard result == 0 else { throw SystemError(Errno(rawValue: errno), "link", source, to: target) }
  }

  package static func makeSymbolicLink(_ path: FilePath, to target: FilePath) throws(SystemError) {
    let result = target.withPlatformString { text in path.withPlatformString { symlink(text, $0) } }
    guard result == 0 else { throw SystemError(Errno(rawValue: errno), "make a symbolic link", path, to: target) }
  }

  package static func makePipe(_ path: FilePath) throws(SystemError) {
    guard path.withPlatformString({ mkfifo($0, 0o644) }) == 0 else { throw SystemError(Errno(rawValue: errno), "make a pipe", path) }
  }

  /// A file that has no name while it is written and gets one when it is whole: O_TMPFILE and linkat(2).
  package static func writeUnnamedThenLink(_ bytes: [UInt8], to path: FilePath) throws(SystemError) {
    let folder = path.removingLastComponent()
    let file = folder.withPlatformString { Glibc.open($0, __O_TMPFILE | O_DIRECTORY | O_WRONLY, 0o644) }
    guard file >= 0 else { throw SystemError(Errno(rawValue: errno), "open an unnamed file in", folder) }
    defer { close(file) }
    _ = Glibc.write(file, bytes, bytes.count)
    let result = "/proc/self/fd/\(file)".withCString { from in
      path.withPlatformString { linkat(AT_FDCWD, from, AT_FDCWD, $0, AT_SYMLINK_FOLLOW) }
    }
    guard result == 0 else { throw SystemError(Errno(rawValue: errno), "link an unnamed file to", path) }
  }
}
