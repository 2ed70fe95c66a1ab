import Platform
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

/// A folder of its own for one test, removed with everything in it when the last reference goes.
package final class TemporaryFolder: Sendable {
  package let path: FilePath

  package init() throws {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array(FilePath(parent).appending("dropforge-test-XXXXXX").string.utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError(Errno(rawValue: errno), "make a temporary folder in", FilePath(parent)) }
    path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  deinit {
    // Tests take rights away from folders; without them nothing below could be removed.
    let files = LinuxFileSystem()
    if (try? files.removeTree(path)) == nil {
      Self.giveRightsBack(path)
      try? files.removeTree(path)
    }
  }

  /// Writes a file in place, folders above it included, and returns its path.
  @discardableResult
  package func write(_ text: String, to name: String) throws -> FilePath { try write(Array(text.utf8), to: name) }

  @discardableResult
  package func write(_ bytes: [UInt8], to name: String) throws -> FilePath {
    let file = path.pushing(FilePath(name))
    let files = LinuxFileSystem()
    try files.makeFolders(file.removingLastComponent())
    try files.writeInPlace(bytes, to: file)
    return file
  }

  @discardableResult
  package func makeFolder(_ name: String) throws -> FilePath {
    let folder = path.pushing(FilePath(name))
    try LinuxFileSystem().makeFolders(folder)
    return folder
  }

  /// Every file below, relative to the folder, with its text: what a test expects to stand at the end.
  package func contents() throws -> [String: String] {
    let files = LinuxFileSystem()
    var contents: [String: String] = [:]
    for (name, status) in try files.walk(path) {
      contents[name.string] =
        status.kind == .file ? String(decoding: try files.contents(of: path.pushing(name)), as: UTF8.self) : "\(status.kind)"
    }
    return contents
  }

  private static func giveRightsBack(_ folder: FilePath) {
    _ = folder.withPlatformString { chmod($0, 0o700) }
    let files = LinuxFileSystem()
    for name in (try? files.names(in: folder)) ?? [] where files.isFolder(folder.appending(name)) { giveRightsBack(folder.appending(name)) }
  }
}

extension LinuxFileSystem {
  /// Without fsync: a test's own files need not survive a power cut.
  package func writeInPlace(_ bytes: [UInt8], to path: FilePath) throws {
    let file = try open(path, .writing)
    try closing(file) { () throws(SystemError) in
      let result = bytes.withUnsafeBytes { buffer in Result { () throws(SystemError) in try writeAll(file, buffer) } }
      try result.get()
    }
  }
}
