import Domain
import Platform
import SystemPackage

extension ClaimedDrop {
  /// Ends the claim once the drop itself has been moved out of the claim's folder. Errors: ENOTEMPTY while it is still there.
  package func close(_ fileSystem: any FileSystem) throws(SystemError) {
    try Self.removeMarks(in: folder, fileSystem)
    try fileSystem.removeFolder(folder)
    try fileSystem.syncFolder(folder.removingLastComponent())
  }

  /// The empty file that says which folder the drop came from: `.dataset`. Names of drops never begin with a dot.
  static func mark(of kind: DropKind) -> FilePath.Component? { FilePath.Component(".\(kind.rawValue)") }

  static func removeMarks(in folder: FilePath, _ fileSystem: any FileSystem) throws(SystemError) {
    for name in try fileSystem.names(in: folder) where name.string.hasPrefix(".") { try fileSystem.removeTree(folder.appending(name)) }
  }

  /// Claims that no fate was decided for: what a crash left. Oldest first. Empty ones (a crash before the drop was moved) are
  /// removed, and what was on its way from another file system is brought to one side or the other.
  package static func list(_ layout: InboxLayout, _ fileSystem: any FileSystem) throws(SystemError) -> [ClaimedDrop] {
    try Claim.settleCopies(layout, fileSystem)
    var claims: [ClaimedDrop] = []
    for name in try fileSystem.names(in: layout.claimed) {
      guard let id = DropID(name.string), let receivedAt = id.time else { continue }
      let folder = layout.claim(id)
      let names = try fileSystem.names(in: folder)
      guard let drop = names.first(where: { !$0.string.hasPrefix(".") }) else {
        try removeMarks(in: folder, fileSystem)
        try fileSystem.removeFolder(folder)
        continue
      }
      let kind = DropKind.allCases.first { kind in names.contains { $0 == mark(of: kind) } }
      let path = folder.appending(drop)
      let status = try fileSystem.status(path)
      let size = status.kind == .folder ? try fileSystem.walk(path).reduce(0) { $0 + $1.status.size } : status.size
      claims.append(
        ClaimedDrop(
          id: id, kind: kind, name: path.displayName, path: path, isFolder: status.kind == .folder, size: size, receivedAt: receivedAt,
          refusal: DropRefusal.problem(drop: status.kind, name: path.displayName)))
    }
    return claims
  }
}
