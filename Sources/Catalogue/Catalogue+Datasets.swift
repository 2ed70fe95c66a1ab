import Domain
import GRDB

/// A row of `dataset_versions`.
package struct DatasetVersionRecord: Sendable, Equatable {
  package var dataset: SafeName
  package var number: Int
  package var drop: DropID
  package var fileName: String
  package var sha256: String
  package var result: IngestResult
  package var createdAt: Timestamp
  /// Its folder stands whole.
  package var isStored: Bool
}

extension Catalogue {
  package enum DatasetDecision: Sendable, Equatable {
    case newVersion(Int)
    /// The same bytes, read the same way, are here already under this name; `alias` tells that the drop's own name now means it too.
    case duplicate(of: SafeName, version: Int, alias: Bool)
  }

  /// What an ingest made: the next version of the dataset, or nothing where the bytes are known.
  package static func dataset(
    named name: SafeName, drop: DropID, fileName: String, reading: String, description: String?, tags: [String]? = nil,
    licence: String? = nil, result: IngestResult, at now: Timestamp,
    receipt: @escaping @Sendable (DatasetDecision) -> Receipt
  ) -> Entry {
    Entry { database in
      let known = try Row.fetchOne(
        database.cachedStatement(sql: "SELECT dataset, number FROM dataset_versions WHERE sha256 = ? AND reading = ?"),
        arguments: [result.sourceSHA256, reading])
      if let known {
        let owner = try safeName(known["dataset"])
        if owner == name { try describe(name, description, try tags.map(JSONColumn.text), licence, in: database) }
        let isNewAlias = try owner != name && !datasetExists(name, in: database)
        if isNewAlias {
          try database.execute(
            sql: """
              INSERT INTO dataset_aliases (alias, dataset, number) VALUES (?, ?, ?)
              ON CONFLICT (alias) DO UPDATE SET dataset = excluded.dataset, number = excluded.number
              """,
            arguments: [name.text, owner.text, known["number"] as Int])
        }
        return receipt(.duplicate(of: owner, version: known["number"], alias: isNewAlias))
      }
      // Other bytes under an alias: the name parts from the dataset that it meant, and is one of its own.
      try database.cachedStatement(sql: "DELETE FROM dataset_aliases WHERE alias = ?").execute(arguments: [name.text])
      try database.cachedStatement(
        sql:
          "INSERT INTO datasets (name, description, created_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET description = coalesce(excluded.description, description)"
      ).execute(arguments: [name.text, description, now.nanoseconds])
      try describe(name, nil, try tags.map(JSONColumn.text), licence, in: database)
      let newest = try Int.fetchOne(
        database.cachedStatement(sql: "SELECT coalesce(max(number), 0) FROM dataset_versions WHERE dataset = ?"),
        arguments: [name.text])!  // an aggregate always has a row
      // Numbers of deleted versions are not given again: they may come back.
      let number = max(newest, try lastNumber(inTrashOf: name, in: database)) + 1
      try database.cachedStatement(
        sql:
          "INSERT INTO dataset_versions (dataset, number, drop_id, file_name, sha256, reading, result, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
      ).execute(
        arguments: [name.text, number, drop.text, fileName, result.sourceSHA256, reading, try JSONColumn.text(result), now.nanoseconds])
      return receipt(.newVersion(number))
    }
  }

  package func datasetVersions(of name: SafeName) async throws -> [DatasetVersionRecord] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM dataset_versions WHERE dataset = ? ORDER BY number", arguments: [name.text])
        .map(DatasetVersionRecord.init(row:))
    }
  }

  /// What jobs that name it use: the newest stored version, or for an alias the version whose bytes were dropped under it.
  package func latestStoredVersion(of name: SafeName) async throws -> DatasetVersionRecord? {
    try await read { database in
      let ownSQL = "SELECT * FROM dataset_versions WHERE dataset = ? AND stored = 1 ORDER BY number DESC LIMIT 1"
      let aliasSQL = "SELECT v.* FROM dataset_versions v JOIN dataset_aliases a USING (dataset, number) WHERE a.alias = ? AND v.stored = 1"
      let sql = try Self.datasetExists(name, in: database) ? ownSQL : aliasSQL
      return try Row.fetchOne(database, sql: sql, arguments: [name.text]).map(DatasetVersionRecord.init(row:))
    }
  }

  package func version(_ number: Int, of name: SafeName) async throws -> DatasetVersionRecord? {
    try await read { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM dataset_versions WHERE dataset = ? AND number = ?", arguments: [name.text, number]
      ).map(DatasetVersionRecord.init(row:))
    }
  }

  /// What `dataset.json` says, of each of those datasets that there is.
  ///
  /// - Parameter data: where the rows of a version lie.
  package func datasetCards(_ names: Set<SafeName>, data: @escaping @Sendable (SafeName, Int) -> String) async throws -> [DatasetCard] {
    if names.isEmpty { return [] }
    return try await read { database in
      let versionsOf = try database.cachedStatement(sql: "SELECT * FROM dataset_versions WHERE dataset = ? ORDER BY number")
      let describedAs = try database.cachedStatement(sql: "SELECT description, tags, licence FROM datasets WHERE name = ?")
      let aliasesOf = try database.cachedStatement(sql: "SELECT alias FROM dataset_aliases WHERE dataset = ? ORDER BY alias")
      let origins = try Self.origins(in: database)
      return try names.compactMap { name in
        let versions = try Row.fetchAll(versionsOf, arguments: [name.text]).map(DatasetVersionRecord.init(row:))
        guard let latest = versions.last else { return nil }
        let described = try Row.fetchOne(describedAs, arguments: [name.text])
        var card = DatasetCard(
          name: name, description: described?["description"],
          tags: try (described?["tags"] as String?).map { try JSONColumn.value([String].self, $0) } ?? [], licence: described?["licence"],
          aliases: try String.fetchAll(aliasesOf, arguments: [name.text]).map(SafeName.init(from:)), latest: latest.result,
          data: data(name, latest.number),
          versions: versions.map {
            .init(
              version: $0.number, createdAt: $0.createdAt, drop: $0.drop, fileName: $0.fileName, sha256: $0.sha256, rows: $0.result.rows,
              badRows: $0.result.badRows, bytes: $0.result.sourceBytes, detected: $0.result.detected)
          })
        let tokenizations = try Self.tokenizations(of: name, in: database)
        if !tokenizations.isEmpty { card.tokenizations = tokenizations.map { DatasetCard.Tokenization($0.card) } }
        card.origin = origins[latest.drop]
        // What is said here of a dataset counts; where nothing is said, what its repository says.
        card.cardFacts = card.origin?.card ?? card.cardFacts
        card.config = card.origin?.config ?? card.config
        card.licence = card.licence ?? card.cardFacts?.licence
        if (described?["tags"] as String?) == nil, let tags = card.cardFacts?.tags { card.tags = tags }
        card.deletedVersions = try Self.deletedVersions(of: name, in: database)
        return card
      }
    }
  }

  package func datasetNames() async throws -> [SafeName] {
    try await read { database in try String.fetchAll(database, sql: "SELECT name FROM datasets ORDER BY name").map(SafeName.init(from:)) }
  }

  // MARK: sidecars

  package static func sidecar(_ sidecar: DatasetSidecar, for name: SafeName, receipt: Receipt) -> Entry {
    Entry { database in
      try database.execute(
        sql:
          "INSERT INTO sidecars (dataset, drop_id, body) VALUES (?, ?, ?) ON CONFLICT (dataset) DO UPDATE SET drop_id = excluded.drop_id, body = excluded.body",
        arguments: [name.text, receipt.id.text, try JSONColumn.text(sidecar)])
      return receipt
    }
  }

  package func sidecar(for name: SafeName) async throws -> DatasetSidecar? { try await sidecars(for: [name])[name] }

  package func sidecars(for names: Set<SafeName>) async throws -> [SafeName: DatasetSidecar] {
    try await read { database in
      let statement = try database.cachedStatement(sql: "SELECT body FROM sidecars WHERE dataset = ?")
      var found: [SafeName: DatasetSidecar] = [:]
      for name in names {
        found[name] = try String.fetchOne(statement, arguments: [name.text]).map { try JSONColumn.value(DatasetSidecar.self, $0) }
      }
      return found
    }
  }

  // MARK: within a transaction

  private static func datasetExists(_ name: SafeName, in database: Database) throws -> Bool {
    // EXISTS always has a row
    try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM datasets WHERE name = ?)", arguments: [name.text])!
  }

  static func safeName(_ text: String) throws -> SafeName {
    guard let name = SafeName(exactly: text) else { throw DamagedRow(table: "datasets", row: text) }
    return name
  }
}

extension DatasetVersionRecord {
  init(row: Row) throws {
    guard let drop = DropID(row["drop_id"]) else { throw DamagedRow(table: "dataset_versions", row: "\(row)") }
    self.init(
      dataset: try Catalogue.safeName(row["dataset"]), number: row["number"], drop: drop, fileName: row["file_name"], sha256: row["sha256"],
      result: try JSONColumn.value(IngestResult.self, row["result"]), createdAt: Timestamp(nanoseconds: row["created_at"]),
      isStored: row["stored"])
  }
}
