import Domain
import GRDB

/// A row of `configs`.
package struct ConfigRecord: Sendable, Equatable {
  package var name: SafeName
  package var number: Int
  package var sha256: String
  /// JSON as dropped.
  package var body: String
  package var findings: [Finding]
  package var createdAt: Timestamp
  package var timesUsed: Int
  package var usedAt: Timestamp?
}

extension Catalogue {
  package enum ConfigDecision: Sendable, Equatable {
    case newVersion(Int)
    case same(version: Int)
  }

  /// A config: the next version of its name, or nothing where the newest version is the same bytes.
  package static func config(
    named name: SafeName, drop: DropID, sha256: String, body: String, findings: [Finding], at now: Timestamp,
    receipt: @escaping @Sendable (ConfigDecision) -> Receipt
  ) -> Entry {
    Entry { database in
      let newest = try Row.fetchOne(
        database.cachedStatement(sql: "SELECT number, sha256 FROM configs WHERE name = ? ORDER BY number DESC LIMIT 1"),
        arguments: [name.text])
      if let newest, newest["sha256"] == sha256 { return receipt(.same(version: newest["number"])) }
      let number = (newest?["number"] ?? 0) + 1
      try database.cachedStatement(
        sql: "INSERT INTO configs (name, number, drop_id, sha256, body, findings, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
      ).execute(arguments: [name.text, number, drop.text, sha256, body, try JSONColumn.text(findings), now.nanoseconds])
      return receipt(.newVersion(number))
    }
  }

  /// The version asked for, or the newest.
  package func config(_ name: SafeName, version: Int?) async throws -> ConfigRecord? {
    try await read { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM configs WHERE name = :name AND (:version IS NULL OR number = :version) ORDER BY number DESC LIMIT 1",
        arguments: ["name": name.text, "version": version]
      ).map { try ConfigRecord(row: $0, name: name) }
    }
  }

  package func noteUse(ofConfig name: SafeName, version: Int, at now: Timestamp) async throws {
    try await write { database in
      try database.execute(
        sql: "UPDATE configs SET times_used = times_used + 1, used_at = ? WHERE name = ? AND number = ?",
        arguments: [now.nanoseconds, name.text, version])
    }
  }
}

extension ConfigRecord {
  init(row: Row, name: SafeName) throws {
    self.init(
      name: name, number: row["number"], sha256: row["sha256"], body: row["body"],
      findings: try JSONColumn.value([Finding].self, row["findings"]), createdAt: Timestamp(nanoseconds: row["created_at"]),
      timesUsed: row["times_used"], usedAt: (row["used_at"] as Int64?).map(Timestamp.init(nanoseconds:)))
  }
}
