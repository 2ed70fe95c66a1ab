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
  /// Notes claims of which workers are to be started, and counts each worker until its end is known. A drop that is known
  /// already stays as it is: recovery notes every claim it finds.
  ///
  /// - Returns: for each drop how many workers there are with this one: the others ended with the agent, by its death, a power
  ///   cut, a reboot.
  package func noteAttempts(_ drops: [DropRecord]) async throws -> [DropID: Int] {
    try await write { database in
      let claim = try database.cachedStatement(
        sql: "INSERT INTO drops (id, name, kind, state, received_at, size) VALUES (?, ?, ?, 'claimed', ?, ?) ON CONFLICT (id) DO NOTHING")
      let attempt = try database.cachedStatement(sql: "UPDATE drops SET attempts = attempts + 1 WHERE id = ? RETURNING attempts")
      var attempts: [DropID: Int] = [:]
      for drop in drops {
        try claim.execute(arguments: [drop.id.text, drop.name, drop.kind?.rawValue, drop.receivedAt.nanoseconds, drop.size])
        attempts[drop.id] = try Int.fetchOne(attempt, arguments: [drop.id.text])
      }
      return attempts
    }
  }

  /// Of these drops those with which an agent or a worker has ended.
  package func harmful(among ids: [DropID]) async throws -> Set<DropID> {
    try await read { database in
      let search = try database.cachedStatement(sql: "SELECT 1 FROM drops WHERE id = ? AND (attempts > 0 OR crashes > 0)")
      return Set(try ids.filter { try Int.fetchOne(search, arguments: [$0.text]) != nil })
    }
  }

  /// The worker's end is known, and it was not these drops that killed it.
  package func noteEnds(_ ids: [DropID]) async throws {
    try await write { database in
      let end = try database.cachedStatement(sql: "UPDATE drops SET attempts = attempts - 1 WHERE id = ? AND attempts > 0")
      for id in ids { try end.execute(arguments: [id.text]) }
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

  /// What became of a drop, and its receipt. A drop that was never noted is noted with it: until then its claim on the disk
  /// speaks for it.
  package struct Entry: Sendable {
    /// Makes what the receipt speaks of, within the transaction.
    let make: @Sendable (Database) throws -> Receipt
  }

  /// A verdict that makes nothing but itself.
  package static func verdict(_ receipt: Receipt) -> Entry { Entry { _ in receipt } }

  /// The verdicts on a group of drops, in order, in one transaction: from here on their fate stands, whatever crashes.
  ///
  /// - Returns: the receipt of each, or what kept this one alone from being entered.
  package func enter(_ entries: [Entry]) async throws -> [Result<Receipt, any Error>] {
    try await write { database in
      try entries.map { entry in
        var result: Result<Receipt, any Error>?
        try database.inSavepoint {
          do {
            let receipt = try entry.make(database)
            try Self.decide(receipt, in: database)
            result = .success(receipt)
            return .commit
          } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL || error.resultCode == .SQLITE_IOERR {
            throw error  // nothing can be written any more: the whole transaction fails
          } catch {
            result = .failure(error)
            return .rollback
          }
        }
        return result ?? .failure(CancellationError())  // because the savepoint's body has set it
      }
    }
  }

  private static func decide(_ receipt: Receipt, in database: Database) throws {
    try database.cachedStatement(
      sql: """
        INSERT INTO drops (id, name, kind, state, verdict, received_at, size, receipt)
          VALUES (:id, :name, :kind, 'decided', :verdict, :received, :size, :receipt)
        ON CONFLICT (id) DO UPDATE SET state = 'decided', verdict = excluded.verdict, kind = excluded.kind, receipt = excluded.receipt
          WHERE state = 'claimed'
        """
    ).execute(
      arguments: [
        "id": receipt.id.text, "name": receipt.name, "kind": receipt.kind?.rawValue, "verdict": receipt.status.rawValue,
        "received": receipt.receivedAt.nanoseconds, "size": receipt.size, "receipt": try JSONColumn.text(receipt),
      ])
  }

  /// What the drops became stands whole: jobs may use it.
  package func noteStored(_ ids: [DropID]) async throws {
    try await write { database in
      let dataset = try database.cachedStatement(sql: "UPDATE dataset_versions SET stored = 1 WHERE drop_id = ?")
      let model = try database.cachedStatement(sql: "UPDATE models SET stored = 1 WHERE drop_id = ?")
      for id in ids {
        try dataset.execute(arguments: [id.text])
        try model.execute(arguments: [id.text])
      }
    }
  }

  /// Every file is in its place and the receipts are published.
  package func finish(_ ids: [DropID]) async throws {
    try await write { database in
      let finish = try database.cachedStatement(sql: "UPDATE drops SET state = 'done' WHERE id = ? AND state = 'decided'")
      for id in ids { try finish.execute(arguments: [id.text]) }
    }
  }

  /// The receipts of those drops whose fate stands.
  package func verdicts(on ids: [DropID]) async throws -> [DropID: Receipt] {
    try await read { database in
      let statement = try database.cachedStatement(sql: "SELECT receipt FROM drops WHERE id = ?")
      var verdicts: [DropID: Receipt] = [:]
      for id in ids {
        let text = try (String?).fetchOne(statement, arguments: [id.text]) ?? nil
        verdicts[id] = try text.map { try JSONColumn.value(Receipt.self, $0) }
      }
      return verdicts
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
