import Domain
import GRDB

/// A row of `tokenizations`.
package struct TokenizationRecord: Sendable, Equatable {
  package var card: TokenizationCard
  /// Starts of jobs that trained on it.
  package var timesUsed: Int
  package var usedAt: Timestamp?
}

extension Catalogue {
  /// Takes in which tokenizations of a dataset stand on the disk: new ones are added, those that are gone removed.
  ///
  /// - Returns: whether anything changed.
  package func noteTokenizations(_ cards: [TokenizationCard], of dataset: SafeName) async throws -> Bool {
    let texts = try cards.map { (card: $0, text: try JSONColumn.text($0)) }
    return try await write { database in
      let known = Set(
        try String.fetchAll(database, sql: "SELECT id FROM tokenizations WHERE dataset = ?", arguments: [dataset.text]))
      var hasChanged = false
      for (card, text) in texts where !known.contains(card.id) {
        try database.execute(
          sql: """
            INSERT INTO tokenizations (dataset, id, version, card, created_at)
              SELECT dataset, ?, number, ?, ? FROM dataset_versions WHERE dataset = ? AND number = ?
            """, arguments: [card.id, text, card.createdAt.nanoseconds, dataset.text, card.version])
        hasChanged = hasChanged || database.changesCount > 0
      }
      for id in known.subtracting(cards.map(\.id)) {
        try database.execute(sql: "DELETE FROM tokenizations WHERE dataset = ? AND id = ?", arguments: [dataset.text, id])
        hasChanged = true
      }
      return hasChanged
    }
  }

  /// A job trains on it.
  package func noteUse(ofTokenization id: String, of dataset: SafeName, at now: Timestamp) async throws {
    try await write { database in
      try database.execute(
        sql: "UPDATE tokenizations SET times_used = times_used + 1, used_at = ? WHERE dataset = ? AND id = ?",
        arguments: [now.nanoseconds, dataset.text, id])
    }
  }

  /// Those of a dataset, the newest first.
  package func tokenizations(of dataset: SafeName) async throws -> [TokenizationRecord] {
    try await read { try Self.tokenizations(of: dataset, in: $0) }
  }

  /// Those of an identifier, with their datasets: the same rows may be there under two names, read in two ways.
  package func tokenizations(withID id: String) async throws -> [(dataset: SafeName, card: TokenizationCard)] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT dataset, card FROM tokenizations WHERE id = ? ORDER BY dataset", arguments: [id]).map { row in
        (try Self.safeName(row["dataset"]), try JSONColumn.value(TokenizationCard.self, row["card"]))
      }
    }
  }

  static func tokenizations(of dataset: SafeName, in database: Database) throws -> [TokenizationRecord] {
    try Row.fetchAll(
      database.cachedStatement(sql: "SELECT * FROM tokenizations WHERE dataset = ? ORDER BY created_at DESC, id"),
      arguments: [dataset.text]
    ).map { row in
      TokenizationRecord(
        card: try JSONColumn.value(TokenizationCard.self, row["card"]), timesUsed: row["times_used"],
        usedAt: (row["used_at"] as Int64?).map(Timestamp.init(nanoseconds:)))
    }
  }

  /// What a name in `tokenizer` means to a request: the folder of a dropped model, or of what a finished job made.
  package func tokenizerHolder(called name: String) async throws -> JobNeeds.Model {
    let model = SafeName(from: name)
    if let dropped = try await self.model(model) { return .dropped(model, sha256: dropped.sha256) }
    return try await completedJob(called: name).map { .finishedJob($0.id) } ?? .none
  }
}
