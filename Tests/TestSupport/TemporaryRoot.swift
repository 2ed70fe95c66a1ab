import Domain
import Platform
import SystemPackage

/// A root with every folder of its layout, removed when the last reference goes.
package final class TemporaryRoot: Sendable {
  package let folder: TemporaryFolder
  package let layout: RootLayout

  package init() throws {
    folder = try TemporaryFolder()
    layout = RootLayout(root: folder.path)
    let files = LinuxFileSystem()
    for folder in layout.folders { try files.makeFolders(folder) }
  }

  package var inbox: InboxLayout { layout.inbox }
  package var workspace: WorkspaceLayout { layout.workspace }

  /// Drops a file as a careful writer does: under a temporary name, then renamed.
  @discardableResult
  package func drop(_ text: String, as name: String, into kind: DropKind?) throws -> FilePath {
    let folder = kind.map { inbox.folder(of: $0) } ?? inbox.folder
    let path = folder.appending(name)
    let files = LinuxFileSystem()
    let temporary = folder.appending(".\(name).tmp")
    try files.writeInPlace(Array(text.utf8), to: temporary)
    try files.rename(temporary, to: path)
    return path
  }
}
