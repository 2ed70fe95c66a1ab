import Platform
import SystemPackage

/// Where tests find what lies in the repository.
package enum Fixtures {
  /// The folder with `Package.swift`.
  package static var repository: FilePath { here.removingLastComponent().removingLastComponent().removingLastComponent() }

  /// `Tests/Fixtures/`.
  package static var folder: FilePath { repository.appending("Tests").appending("Fixtures") }

  package static func path(_ name: String) -> FilePath { folder.pushing(FilePath(name)) }

  /// A fixture's bytes.
  package static func bytes(_ name: String) throws -> [UInt8] { try LinuxFileSystem().contents(of: path(name)) }

  private static var here: FilePath { FilePath(#filePath) }
}
