import Domain
import GRDB

/// A row of `drops`.
package struct DropRecord: Sendable, Equatable {
  package enum State: String, Sendable { case claimed, decided, done }

  package var id: DropID
  package var name: String
  package var kind: DropKind?
  package var state: State
  package var receivedAt: Timestamp
  package var size: Int
  package var attempts: Int
  package var receipt: Receipt?

  package init(id: DropID, name: String, kind: DropKind?, receivedAt: Timestamp, size: Int) {
    self.id = id
    self.name = name
    self.kind = kind
    state = .claimed
    self.receivedAt = receivedAt
    self.size = size
    attempts = 0
  }
}

extension Catalogue {
  /// Notes a claim. A drop that is known already stays as it is: recovery notes every claim it finds.
  package func noteClaim(_ drop: DropRecord) async throws {
    try await write { database in
      try database.execute(
        sql: "INSERT INTO drops (id, name, kind, state, received_at, size) VALUES (?, ?, ?, 'claimed', ?, ?) ON CONFLICT (id) DO NOTHING",
        arguments: [drop.id.text, drop.name, drop.kind?.rawValue, drop.receivedAt.nanoseconds, drop.size])
    }
  }

  /// Counts a worker that is about to be started on the drop, until its end is known. Returns how many there are with it: the
  /// others ended with the agent, by its death, a power cut, a reboot.
  package func noteAttempt(_ id: DropID) async throws -> Int {
    try await write { database in
      try Int.fetchOne(database, sql: "UPDATE drops SET attempts = attempts + 1 WHERE id = ? RETURNING attempts", arguments: [id.text]) ?? 0
    }
  }

  /// The worker's end is known, and it was not the drop that killed it.
  package func noteEnd(_ id: DropID) async throws {
    try await write { database in
      try database.execute(sql: "UPDATE drops SET attempts = attempts - 1 WHERE id = ? AND attempts > 0", arguments: [id.text])
    }
  }

  /// The worker died of the drop. Returns how many have.
  package func noteCrash(_ id: DropID) async throws -> Int {
    try await write { database in
      try Int.fetchOne(
        database, sql: "UPDATE drops SET attempts = max(attempts - 1, 0), crashes = crashes + 1 WHERE id = ? RETURNING crashes",
        arguments: [id.text]) ?? 0
    }
  }

  /// The verdict: from here on the drop's fate stands, whatever crashes. A drop that was never noted is noted with it: until
  /// then its claim on the disk speaks for it.
  package func decide(_ receipt: Receipt) async throws {
    try await write { database in try Self.decide(receipt, in: database) }
  }

  /// Within a transaction that also makes what the receipt speaks of.
  static func decide(_ receipt: Receipt, in database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO drops (id, name, kind, state, verdict, received_at, size, receipt)
          VALUES (:id, :name, :kind, 'decided', :verdict, :received, :size, :receipt)
        ON CONFLICT (id) DO UPDATE SET state = 'decided', verdict = excluded.verdict, kind = excluded.kind, receipt = excluded.receipt
          WHERE state = 'claimed'
        """,
      arguments: [
        "id": receipt.id.text, "name": receipt.name, "kind": receipt.kind?.rawValue, "verdict": receipt.status.rawValue,
        "received": receipt.receivedAt.nanoseconds, "size": receipt.size, "receipt": try JSONColumn.text(receipt),
      ])
  }

  /// What the drop became stands whole: jobs may use it.
  package func noteStored(_ id: DropID) async throws {
    try await write { database in
      try database.execute(sql: "UPDATE dataset_versions SET stored = 1 WHERE drop_id = ?", arguments: [id.text])
      try database.execute(sql: "UPDATE models SET stored = 1 WHERE drop_id = ?", arguments: [id.text])
    }
  }

  /// Every file is in its place and the receipt is published.
  package func finish(_ id: DropID) async throws {
    try await write { database in
      try database.execute(sql: "UPDATE drops SET state = 'done' WHERE id = ? AND state = 'decided'", arguments: [id.text])
    }
  }

  /// Drops whose fate is not carried out yet, oldest first.
  package func openDrops() async throws -> [DropRecord] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM drops WHERE state <> 'done' ORDER BY received_at, id").map(DropRecord.init(row:))
    }
  }

  package func drop(_ id: DropID) async throws -> DropRecord? {
    try await read { database in
      try Row.fetchOne(database, sql: "SELECT * FROM drops WHERE id = ?", arguments: [id.text]).map(DropRecord.init(row:))
    }
  }
}

extension DropRecord {
  init(row: Row) throws {
    guard let id = DropID(row["id"]), let state = State(rawValue: row["state"]) else { throw DamagedRow(table: "drops", row: "\(row)") }
    self.init(
      id: id, name: row["name"], kind: (row["kind"] as String?).flatMap(DropKind.init(rawValue:)),
      receivedAt: Timestamp(nanoseconds: row["received_at"]),
      size: row["size"])
    self.state = state
    attempts = row["attempts"]
    receipt = try (row["receipt"] as String?).map { try JSONColumn.value(Receipt.self, $0) }
  }
}

/// A row that the schema should have made impossible.
struct DamagedRow: Error, CustomStringConvertible {
  let table: String
  let row: String
  var description: String { "the table \(table) holds a row that cannot be read: \(row)" }
}
