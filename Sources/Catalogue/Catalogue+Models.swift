import Domain
import GRDB

extension Catalogue {
  package enum ModelDecision: Sendable, Equatable {
    case new
    /// The same bytes under the same name.
    case same
    /// Other bytes under a name that is taken.
    case nameTaken
  }

  /// A base model, where its name is free.
  package static func model(
    named name: SafeName, drop: DropID, sha256: String, card: ModelCard, at now: Timestamp,
    receipt: @escaping @Sendable (ModelDecision) -> Receipt
  ) -> Entry {
    Entry { database in
      let known = try String.fetchOne(database, sql: "SELECT sha256 FROM models WHERE name = ?", arguments: [name.text])
      let decision: ModelDecision = known == nil ? .new : known == sha256 ? .same : .nameTaken
      if decision == .new {
        try database.execute(
          sql: "INSERT INTO models (name, drop_id, sha256, card, created_at) VALUES (?, ?, ?, ?, ?)",
          arguments: [name.text, drop.text, sha256, try JSONColumn.text(card), now.nanoseconds])
      }
      return receipt(decision)
    }
  }

  /// The card and the hash of a dropped model whose folder stands whole.
  package func model(_ name: SafeName) async throws -> (card: ModelCard, sha256: String)? {
    try await read { database in
      try Row.fetchOne(database, sql: "SELECT card, sha256 FROM models WHERE name = ? AND stored = 1", arguments: [name.text]).map { row in
        (try JSONColumn.value(ModelCard.self, row["card"]), row["sha256"])
      }
    }
  }
}
