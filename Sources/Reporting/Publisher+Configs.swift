import Domain
import Platform
import SystemPackage

extension Publisher {
  /// A stored config's folder: the newest version as `config.json`, and what is known of all of them.
  package struct StoredConfig {
    let card: ConfigCard
    /// Of the versions, the newest last.
    let bodies: [(version: Int, text: String)]
    /// Whether files of versions that are missing are written too. Else they are the drops themselves, on their way.
    let isRestored: Bool

    package init(card: ConfigCard, bodies: [(version: Int, text: String)], isRestored: Bool) {
      self.card = card
      self.bodies = bodies
      self.isRestored = isRestored
    }
  }

  package func publish(_ configs: [StoredConfig]) throws {
    let syncs = GroupedSyncs(files, count: configs.count)
    for config in configs {
      let folder = layout.workspace.config(config.card.name)
      try syncs.makeFolders(folder.versions)
      for (version, text) in config.bodies where config.isRestored && !files.exists(folder.version(version)) {
        try syncs.publish(text.utf8, to: folder.version(version))
      }
      if let newest = config.bodies.last { try syncs.publish(newest.text.utf8, to: folder.latest) }
      try syncs.publish(try PublishedJSON.bytes(of: config.card), to: folder.validation)
    }
    try syncs.flush()
  }

  /// A sweep's table, for programs and for people.
  package func publish(_ results: SweepResults) throws {
    let folder = layout.workspace.sweep(results.id)
    try files.makeFolders(folder.folder)
    try files.publish(SweepPage(results).text.utf8, to: folder.page)
    try files.publish(try PublishedJSON.bytes(of: results), to: folder.results)
  }
}
