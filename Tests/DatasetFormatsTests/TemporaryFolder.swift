import Platform
import SystemPackage

/// A folder for one test, gone with it.
final class TemporaryFolder {
  let path: FilePath
  private let files = LinuxFileSystem()

  init() throws {
    path = FilePath("/tmp").appending("dropforge-\(UInt64.random(in: 0...UInt64.max))")
    try files.makeFolder(path)
  }

  deinit { try? files.removeTree(path) }

  func read(_ name: String) throws -> String { String(decoding: try files.contents(of: path.appending(name)), as: UTF8.self) }
}
