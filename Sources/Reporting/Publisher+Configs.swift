import Domain
import Platform
import SystemPackage

extension Publisher {
  /// A stored config's folder: the newest version as `config.json`, and what is known of all of them.
  ///
  /// - Parameters:
  ///   - bodies: of the versions, the newest last.
  ///   - restoring: whether files of versions that are missing are written too. Else they are the drops themselves, on their way.
  package func publish(_ card: ConfigCard, bodies: [(version: Int, text: String)], restoring: Bool = false) throws {
    let folder = layout.workspace.config(card.name)
    try files.makeFolders(folder.versions)
    for (version, text) in bodies where restoring && !files.exists(folder.version(version)) {
      try files.publish(text.utf8, to: folder.version(version))
    }
    if let newest = bodies.last { try files.publish(newest.text.utf8, to: folder.latest) }
    try files.publish(try PublishedJSON.bytes(of: card), to: folder.validation)
  }

  /// A sweep's table, for programs and for people.
  package func publish(_ results: SweepResults) throws {
    let folder = layout.workspace.sweep(results.id)
    try files.makeFolders(folder.folder)
    try files.publish(SweepPage(results).text.utf8, to: folder.page)
    try files.publish(try PublishedJSON.bytes(of: results), to: folder.results)
  }
}
