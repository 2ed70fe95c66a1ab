import Domain
import GRDB

/// A row of `jobs`.
package struct JobRecord: Sendable, Equatable {
  package enum Wish: String, Sendable, Codable { case cancel, pause }

  package var id: JobID
  package var name: SafeName
  /// Among the jobs of that name.
  package var number: Int
  package var drop: DropID
  /// The sweep that it is a part of.
  package var sweep: SweepID?
  /// The job file's text as dropped.
  package var file: String
  package var state: JobState
  package var reason: String?
  /// It waits for something that is to come, and not for its turn.
  package var waits: Bool
  package var problem: Problem?
  /// Asked for by a user and not carried out yet.
  package var wanted: Wish?
  package var priority: Int
  package var starts: Int
  package var pins: JobPins?
  package var createdAt: Timestamp
  package var startedAt: Timestamp?
  package var finishedAt: Timestamp?
}

extension Catalogue {
  /// A job, pending. The identifier is the name and the next number.
  package static func job(
    named name: SafeName, drop: DropID, file: String, priority: Int, reason: String, waits: Bool = false, at now: Timestamp,
    receipt: @escaping @Sendable (JobID) -> Receipt
  ) -> Entry {
    Entry { database in
      receipt(
        try insertJob(
          named: name, drop: drop, file: file, priority: priority, reason: reason, waits: waits, sweep: nil, at: now, in: database))
    }
  }

  static func insertJob(
    named name: SafeName, drop: DropID, file: String, priority: Int, reason: String, waits: Bool, sweep: SweepID?, at now: Timestamp,
    in database: Database
  ) throws -> JobID {
    // an aggregate always has a row
    let number = try Int.fetchOne(database, sql: "SELECT coalesce(max(number), 0) + 1 FROM jobs WHERE name = ?", arguments: [name.text])!
    let id = JobID(name: name, number: number)
    try database.execute(
      sql: """
        INSERT INTO jobs (id, name, number, drop_id, file, state, reason, waits, priority, sweep_id, created_at)
          VALUES (?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?)
        """,
      arguments: [id.text, name.text, number, drop.text, file, reason, waits, priority, sweep?.text, now.nanoseconds])
    return id
  }

  /// Jobs that run, or are ready to and run before a new one of that priority.
  package func jobsAhead(ofPriority priority: Int) async throws -> Int {
    try await read { database in
      try Int.fetchOne(
        database,
        sql: """
          SELECT count(*) FROM jobs WHERE finished_at IS NULL AND state <> 'paused'
            AND (state <> 'pending' OR (waits = 0 AND wanted IS NULL AND (starts > 0 OR priority >= ?)))
          """, arguments: [priority]) ?? 0
    }
  }

  package func job(_ id: JobID) async throws -> JobRecord? {
    try await read { database in
      try Row.fetchOne(database, sql: "SELECT * FROM jobs WHERE id = ?", arguments: [id.text]).map(JobRecord.init(row:))
    }
  }

  /// The job that a user means: by identifier, else the newest of that name.
  package func job(called text: String) async throws -> JobRecord? {
    try await read { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM jobs WHERE id = ? OR name = ? ORDER BY id = ? DESC, number DESC LIMIT 1",
        arguments: [text, text, text]
      ).map(JobRecord.init(row:))
    }
  }

  /// The newest finished job that a model's name means. Evaluations on request make none.
  package func completedJob(called text: String) async throws -> JobRecord? {
    try await read { database in
      try Row.fetchOne(
        database,
        sql:
          "SELECT * FROM jobs WHERE (id = ? OR name = ?) AND state = 'completed' AND json_extract(file, '$.action') IS NULL ORDER BY id = ? DESC, number DESC LIMIT 1",
        arguments: [text, text, text]
      ).map(JobRecord.init(row:))
    }
  }

  /// Jobs that are not over, in the order in which they are to run.
  package func openJobs() async throws -> [JobRecord] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM jobs WHERE finished_at IS NULL ORDER BY priority DESC, created_at, name, number").map(
        JobRecord.init(row:))
    }
  }

  /// Jobs that are over, the one that ended last first.
  package func latestEnded(_ count: Int) async throws -> [JobRecord] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM jobs WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT ?", arguments: [count]
      ).map(JobRecord.init(row:))
    }
  }

  package func counts() async throws -> (datasets: Int, jobs: Int) {
    try await read { database in
      (
        try Int.fetchOne(database, sql: "SELECT count(*) FROM datasets") ?? 0,
        try Int.fetchOne(database, sql: "SELECT count(*) FROM jobs") ?? 0
      )
    }
  }

  package func latestFailures(_ count: Int) async throws -> [(at: Timestamp, job: JobID, reason: String)] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT id, finished_at, reason FROM jobs WHERE state = 'error' ORDER BY finished_at DESC LIMIT ?",
        arguments: [count]
      ).compactMap { row in JobID(row["id"]).map { (Timestamp(nanoseconds: row["finished_at"]), $0, row["reason"] ?? "") } }
    }
  }

  /// The one door: moves a job from the state it is in to `next`, where the machine allows it.
  ///
  /// - Returns: false where the job's state is not `expected` any more, or the machine refuses the step: nothing was changed then.
  @discardableResult
  package func transition(
    _ id: JobID, from expected: JobState, to next: JobState, reason: String?, problem: Problem? = nil, at now: Timestamp
  ) async throws -> Bool {
    guard expected.mayBecome(next) else { return false }
    let problemText = try problem.map(JSONColumn.text)
    return try await write { database in
      try database.execute(
        sql: """
          UPDATE jobs SET state = :next, reason = :reason, problem = :problem, waits = 0,
            started_at = CASE WHEN :starts THEN coalesce(started_at, :now) ELSE started_at END,
            finished_at = CASE WHEN :ends THEN :now ELSE NULL END,
            wanted = CASE WHEN :ends OR :next = 'paused' THEN NULL ELSE wanted END
          WHERE id = :id AND state = :expected
          """,
        arguments: [
          "next": next.rawValue, "reason": reason, "problem": problemText, "starts": next == .preparing, "now": now.nanoseconds,
          "ends": next.isFinal, "id": id.text, "expected": expected.rawValue,
        ])
      guard database.changesCount == 1 else { return false }
      try database.execute(
        sql: "INSERT INTO job_transitions (job_id, at, from_state, to_state, reason) VALUES (?, ?, ?, ?, ?)",
        arguments: [id.text, now.nanoseconds, expected.rawValue, next.rawValue, reason])
      return true
    }
  }

  /// Why a pending job does not run yet. No transition: the state stays.
  package func setReason(_ id: JobID, _ reason: String, waits: Bool = false) async throws {
    try await write { database in
      try database.execute(
        sql: "UPDATE jobs SET reason = ?, waits = ? WHERE id = ? AND state IN ('pending', 'paused')", arguments: [reason, waits, id.text])
    }
  }

  /// A user's wish, kept until it is carried out. nil takes it back.
  package func want(_ wish: JobRecord.Wish?, for id: JobID) async throws {
    try await write { database in
      try database.execute(sql: "UPDATE jobs SET wanted = ? WHERE id = ? AND finished_at IS NULL", arguments: [wish?.rawValue, id.text])
    }
  }

  /// Counts a start, and pins what it is started with where nothing is pinned yet.
  package func noteStart(_ id: JobID, pins: JobPins) async throws {
    let text = try JSONColumn.text(pins)
    try await write { database in
      try database.execute(sql: "UPDATE jobs SET starts = starts + 1, pins = coalesce(pins, ?) WHERE id = ?", arguments: [text, id.text])
    }
  }

  package func transitions(of id: JobID) async throws -> [(at: Timestamp, from: JobState, to: JobState, reason: String?)] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM job_transitions WHERE job_id = ? ORDER BY at, rowid", arguments: [id.text]).compactMap
      { row in
        guard let from = JobState(rawValue: row["from_state"]), let to = JobState(rawValue: row["to_state"]) else { return nil }
        return (Timestamp(nanoseconds: row["at"]), from, to, row["reason"])
      }
    }
  }
}

extension JobRecord {
  init(row: Row) throws {
    guard let id = JobID(row["id"]), let name = SafeName(exactly: row["name"]), let drop = DropID(row["drop_id"]),
      let state = JobState(rawValue: row["state"])
    else { throw DamagedRow(table: "jobs", row: "\(row)") }
    self.init(
      id: id, name: name, number: row["number"], drop: drop, sweep: (row["sweep_id"] as String?).flatMap(SweepID.init), file: row["file"],
      state: state, reason: row["reason"], waits: row["waits"],
      problem: try (row["problem"] as String?).map { try JSONColumn.value(Problem.self, $0) },
      wanted: (row["wanted"] as String?).flatMap(Wish.init), priority: row["priority"], starts: row["starts"],
      pins: try (row["pins"] as String?).map { try JSONColumn.value(JobPins.self, $0) },
      createdAt: Timestamp(nanoseconds: row["created_at"]),
      startedAt: (row["started_at"] as Int64?).map(Timestamp.init(nanoseconds:)),
      finishedAt: (row["finished_at"] as Int64?).map(Timestamp.init(nanoseconds:)))
  }
}
