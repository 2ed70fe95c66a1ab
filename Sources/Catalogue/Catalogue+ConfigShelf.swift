import Domain
import GRDB
import StrictJSON

extension Catalogue {
  package func configNames() async throws -> [SafeName] {
    try await read { database in
      try String.fetchAll(database, sql: "SELECT DISTINCT name FROM configs ORDER BY name").map(SafeName.init(from:))
    }
  }

  /// Every version of a config, the oldest first.
  package func configVersions(_ name: SafeName) async throws -> [ConfigRecord] { try await configVersions(of: [name])[name] ?? [] }

  /// Of each of those configs that there is.
  package func configVersions(of names: Set<SafeName>) async throws -> [SafeName: [ConfigRecord]] {
    try await read { database in
      let statement = try database.cachedStatement(sql: "SELECT * FROM configs WHERE name = ? ORDER BY number")
      var found: [SafeName: [ConfigRecord]] = [:]
      for name in names {
        let versions = try Row.fetchAll(statement, arguments: [name.text]).map { try ConfigRecord(row: $0, name: name) }
        if !versions.isEmpty { found[name] = versions }
      }
      return found
    }
  }

  /// What `validation.json` says; nil where there is no such config.
  package func configCard(_ name: SafeName) async throws -> ConfigCard? {
    let versions = try await configVersions(name)
    return versions.isEmpty ? nil : ConfigCard(name: name, records: versions)
  }

  package enum ConfigChange: Sendable, Equatable {
    /// So many versions.
    case done(versions: Int)
    case unknown
    /// Jobs that are not over use it.
    case inUse([JobID])
    /// The new name has a config.
    case nameTaken
  }

  /// Removes a config with all its versions, unless a job that is not over uses it.
  package func deleteConfig(_ name: SafeName, isForced: Bool) async throws -> ConfigChange {
    try await write { database in
      let versions = try Self.versionCount(name, in: database)
      guard versions > 0 else { return .unknown }
      let users = try Self.openUsers(of: name, in: database)
      guard isForced || users.isEmpty else { return .inUse(users) }
      try database.execute(sql: "DELETE FROM configs WHERE name = ?", arguments: [name.text])
      return .done(versions: versions)
    }
  }

  /// Gives a config another name, unless that has one, or a job that is not over names this one.
  package func renameConfig(_ name: SafeName, to new: SafeName, isForced: Bool) async throws -> ConfigChange {
    try await write { database in
      let versions = try Self.versionCount(name, in: database)
      guard versions > 0 else { return .unknown }
      guard try Self.versionCount(new, in: database) == 0 else { return .nameTaken }
      let users = try Self.openUsers(of: name, in: database)
      guard isForced || users.isEmpty else { return .inUse(users) }
      try database.execute(sql: "UPDATE configs SET name = ? WHERE name = ?", arguments: [new.text, name.text])
      return .done(versions: versions)
    }
  }

  private static func versionCount(_ name: SafeName, in database: Database) throws -> Int {
    try Int.fetchOne(database, sql: "SELECT count(*) FROM configs WHERE name = ?", arguments: [name.text]) ?? 0
  }

  /// Jobs that are not over and name the config. A job file that no longer reads names none.
  private static func openUsers(of name: SafeName, in database: Database) throws -> [JobID] {
    try Row.fetchAll(database, sql: "SELECT id, name, file FROM jobs WHERE finished_at IS NULL ORDER BY id").compactMap { row in
      guard let node = try? JSONParser.parse(row["file"] as String),
        let file = JobFile.decode(node, source: .none, fallbackName: row["name"]).0, case .stored(let used, _) = file.config,
        SafeName(from: used) == name
      else { return nil }
      return JobID(row["id"])
    }
  }
}

extension ConfigCard {
  package init(name: SafeName, records: [ConfigRecord]) {
    self.init(
      name: name,
      versions: records.map {
        .init(
          version: $0.number, sha256: $0.sha256, createdAt: $0.createdAt, timesUsed: $0.timesUsed, lastUsedAt: $0.usedAt,
          findings: $0.findings)
      })
  }
}
