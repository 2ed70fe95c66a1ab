import Catalogue
import Domain
import Platform
import SystemPackage

/// Bad rows that were mended and dropped again: the dataset's original is read once more, and they go into their places.
extension Intake {
  func readMended(_ drop: ClaimedDrop, of name: SafeName) async throws -> Judged {
    guard let version = try await catalogue.latestStoredVersion(of: name),
      let original = try files.names(in: layout.workspace.dataset(version.dataset).version(version.number).original).first
    else { return rejection(of: drop, kind: .dataset, Problem(badRows: drop.name, ofUnknown: name)) }
    let stored = layout.workspace.dataset(version.dataset).version(version.number)
    return try await readDataset(
      drop, from: stored.original.appending(original), fileName: version.fileName, name: version.dataset,
      sidecar: try await catalogue.sidecar(for: version.dataset), mended: stored)
  }

  /// What was mended before, in the order in which it was dropped, and this drop.
  func mends(_ drop: ClaimedDrop, after version: DatasetVersionLayout) throws -> [FilePath] {
    try version.mends(files) + [drop.path]
  }

  /// The next version has the same original, and the earlier mends.
  func keepOriginal(of version: DatasetVersionLayout, in staging: DatasetVersionLayout) throws {
    try files.linkTree(version.original, to: staging.original)
    if files.exists(version.mended) { try files.linkTree(version.mended, to: staging.mended) } else { try files.makeFolder(staging.mended) }
    try files.syncTree(staging.folder)
  }

  nonisolated func placeMended(_ original: FilePath, _ name: String, in version: DatasetVersionLayout, _ files: any FileSystem) throws {
    let number = try version.mends(files).last.map(DatasetVersionLayout.number) ?? 0
    try makeFolder(version.mended, files)
    try place(original, at: version.mended.appending("\(number + 1)-\(name)"), files)
  }
}

extension DatasetVersionLayout {
  /// The mends that a version was made with, in the order in which they were dropped.
  func mends(_ files: any FileSystem) throws(SystemError) -> [FilePath] {
    guard files.exists(mended) else { return [] }
    return try files.names(in: mended).map { mended.appending($0) }.sorted { Self.number($0) < Self.number($1) }
  }

  fileprivate static func number(_ mend: FilePath) -> Int { Int(mend.lastComponent?.string.prefix { $0.isNumber } ?? "") ?? 0 }
}
