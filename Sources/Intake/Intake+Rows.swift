import Domain
import Platform
import SystemPackage

extension Intake {
  /// Gives a stored original the name of the canonical rows too, where it is them as it came (`IngestOrder.rowsMayStay`).
  /// Done before: the name stands. A file system without hard links gets a copy.
  nonisolated func nameRows(of version: DatasetVersionLayout, after original: FilePath, _ files: any FileSystem) throws {
    let result = try PublishedJSON.decode(IngestResult.self, from: try files.contents(of: version.result))
    for split in result.splits where split.isOriginal == true {
      let rows = version.rows(split: split.name)
      guard try files.statusIfPresent(rows)?.size != split.bytes else { continue }
      try files.removeTree(rows)  // of a copy that a crash ended
      do throws(SystemError) {
        try files.link(original, to: rows)
      } catch {
        try files.copyTree(original, to: rows)
      }
      try files.syncFolder(version.data)
    }
  }
}
