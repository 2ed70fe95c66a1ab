import Domain
import GRDB

/// A row of `errands`.
package struct ErrandRecord: Sendable, Equatable {
  package var id: ErrandID
  package var kind: ErrandKind
  package var about: SafeName
  /// JSON: what is to be done, for the kind's own `ErrandWork`.
  package var body: String
  package var state: ErrandState
  package var reason: String?
  package var problem: Problem?
  package var result: ErrandResult?
  /// A user has cancelled it, and that is not carried out yet.
  package var isUnwanted: Bool
  package var crashes: Int
  package var createdAt: Timestamp
  package var startedAt: Timestamp?
  package var finishedAt: Timestamp?
}

extension Catalogue {
  /// Adds an errand, pending; or gives the open one that means the same.
  ///
  /// - Parameters:
  ///   - likeness: equal for orders that mean the same.
  ///   - body: JSON, for the kind's `ErrandWork`.
  package func addErrand(
    _ kind: ErrandKind, about name: SafeName, likeness: String, body: String, reason: String, at now: Timestamp
  ) async throws -> (errand: ErrandRecord, isNew: Bool) {
    try await write { database in
      let known = try Row.fetchOne(
        database, sql: "SELECT * FROM errands WHERE kind = ? AND likeness = ? AND finished_at IS NULL",
        arguments: [kind.rawValue, likeness])
      if let known { return (try ErrandRecord(row: known), false) }
      let number = try Int.fetchOne(
        database, sql: "SELECT coalesce(max(number), 0) + 1 FROM errands WHERE kind = ? AND about = ?",
        arguments: [kind.rawValue, name.text])!  // an aggregate always has a row
      let id = ErrandID(kind, about: name, number: number)
      try database.execute(
        sql: """
          INSERT INTO errands (id, kind, about, number, likeness, body, state, reason, created_at)
            VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?)
          """,
        arguments: [id.text, kind.rawValue, name.text, number, likeness, body, reason, now.nanoseconds])
      let row = try Row.fetchOne(database, sql: "SELECT * FROM errands WHERE id = ?", arguments: [id.text])!  // inserted above
      return (try ErrandRecord(row: row), true)
    }
  }

  package func errand(_ id: ErrandID) async throws -> ErrandRecord? {
    try await read { database in
      try Row.fetchOne(database, sql: "SELECT * FROM errands WHERE id = ?", arguments: [id.text]).map(ErrandRecord.init(row:))
    }
  }

  /// Errands that are not over, in the order in which they came.
  package func openErrands() async throws -> [ErrandRecord] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM errands WHERE finished_at IS NULL ORDER BY created_at, id").map(
        ErrandRecord.init(row:))
    }
  }

  /// What a user means by a name: the errand of that identifier; else all that are about it, the newest first.
  package func errands(called text: String) async throws -> [ErrandRecord] {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT * FROM errands WHERE id = :text OR (about = :text AND NOT EXISTS (SELECT 1 FROM errands WHERE id = :text))
          ORDER BY created_at DESC, id DESC
          """, arguments: ["text": text]
      ).map(ErrandRecord.init(row:))
    }
  }

  /// Errands that are over, the one that ended last first.
  package func latestEndedErrands(_ count: Int) async throws -> [ErrandRecord] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM errands WHERE finished_at IS NOT NULL ORDER BY finished_at DESC, id LIMIT ?", arguments: [count]
      ).map(ErrandRecord.init(row:))
    }
  }

  /// The one door: moves an errand from the state it is in to `next`, where the machine allows it.
  ///
  /// - Returns: false where the errand's state is not `expected` any more, or the machine refuses the step: nothing was changed then.
  @discardableResult
  package func transition(
    errand id: ErrandID, from expected: ErrandState, to next: ErrandState, reason: String? = nil, problem: Problem? = nil,
    result: ErrandResult? = nil, at now: Timestamp
  ) async throws -> Bool {
    guard expected.mayBecome(next) else { return false }
    let problemText = try problem.map(JSONColumn.text)
    let resultText = try result.map(JSONColumn.text)
    return try await write { database in
      try database.execute(
        sql: """
          UPDATE errands SET state = :next, reason = :reason, problem = :problem, result = :result,
            started_at = CASE WHEN :next = 'running' THEN coalesce(started_at, :now) ELSE started_at END,
            finished_at = CASE WHEN :ends THEN :now ELSE NULL END
          WHERE id = :id AND state = :expected
          """,
        arguments: [
          "next": next.rawValue, "reason": reason, "problem": problemText, "result": resultText, "now": now.nanoseconds,
          "ends": next.isFinal, "id": id.text, "expected": expected.rawValue,
        ])
      return database.changesCount == 1
    }
  }

  /// A user's word that it is not wanted any more, kept until it is carried out.
  package func cancelErrand(_ id: ErrandID) async throws {
    try await write { database in
      try database.execute(sql: "UPDATE errands SET is_unwanted = 1 WHERE id = ? AND finished_at IS NULL", arguments: [id.text])
    }
  }

  /// Counts a worker that died of it.
  package func noteCrash(ofErrand id: ErrandID) async throws -> Int {
    try await write { database in
      try database.execute(sql: "UPDATE errands SET crashes = crashes + 1 WHERE id = ?", arguments: [id.text])
      return try Int.fetchOne(database, sql: "SELECT crashes FROM errands WHERE id = ?", arguments: [id.text]) ?? 0
    }
  }
}

extension ErrandRecord {
  init(row: Row) throws {
    guard let id = ErrandID(row["id"]), let kind = ErrandKind(rawValue: row["kind"]), let about = SafeName(exactly: row["about"]),
      let state = ErrandState(rawValue: row["state"])
    else { throw DamagedRow(table: "errands", row: "\(row)") }
    self.init(
      id: id, kind: kind, about: about, body: row["body"], state: state, reason: row["reason"],
      problem: try (row["problem"] as String?).map { try JSONColumn.value(Problem.self, $0) },
      result: try (row["result"] as String?).map { try JSONColumn.value(ErrandResult.self, $0) },
      isUnwanted: row["is_unwanted"], crashes: row["crashes"], createdAt: Timestamp(nanoseconds: row["created_at"]),
      startedAt: (row["started_at"] as Int64?).map(Timestamp.init(nanoseconds:)),
      finishedAt: (row["finished_at"] as Int64?).map(Timestamp.init(nanoseconds:)))
  }
}
