import Domain
import GRDB

/// A row of `sweeps`.
package struct SweepRecord: Sendable, Equatable {
  package var id: SweepID
  package var name: SafeName
  /// The job file's text as dropped.
  package var file: String
  package var createdAt: Timestamp
  /// All of its jobs are over.
  package var isOver: Bool
  /// The best of them; nil where none is.
  package var winner: JobID?
}

extension Catalogue {
  /// A sweep and its jobs, pending.
  ///
  /// - Parameter files: of the sweep's identifier, the job file of each of its jobs.
  package static func sweep(
    named name: SafeName, drop: DropID, file: String, priority: Int, reason: String, waits: Bool, at now: Timestamp,
    files: @escaping @Sendable (SweepID) -> [String], receipt: @escaping @Sendable (SweepID, [JobID]) -> Receipt
  ) -> Entry {
    Entry { database in
      let number =
        // an aggregate always has a row
        try Int.fetchOne(database, sql: "SELECT coalesce(max(number), 0) + 1 FROM sweeps WHERE name = ?", arguments: [name.text])!
      let id = SweepID(name: name, number: number)
      try database.execute(
        sql: "INSERT INTO sweeps (id, name, number, drop_id, file, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [id.text, name.text, number, drop.text, file, now.nanoseconds])
      var jobs: [JobID] = []
      for file in files(id) {
        jobs.append(
          try insertJob(
            named: id.jobName, drop: drop, file: file, priority: priority, reason: reason, waits: waits, sweep: id, at: now, in: database))
      }
      return receipt(id, jobs)
    }
  }

  /// The sweep that a user means: by identifier, else the newest of that name.
  package func sweep(called text: String) async throws -> SweepRecord? {
    try await read { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM sweeps WHERE id = ? OR name = ? ORDER BY id = ? DESC, number DESC LIMIT 1",
        arguments: [text, text, text]
      ).map(SweepRecord.init(row:))
    }
  }

  /// Its jobs, in the order of its points.
  package func jobs(of sweep: SweepID) async throws -> [JobRecord] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM jobs WHERE sweep_id = ? ORDER BY number", arguments: [sweep.text]).map(
        JobRecord.init(row:))
    }
  }

  /// The sweep that a user's word means; nil where it means a job, or nothing.
  package func sweep(meantBy name: String) async throws -> SweepRecord? {
    guard let sweep = try await sweep(called: name) else { return nil }
    guard let job = try await job(called: name) else { return sweep }
    return job.sweep == sweep.id && job.id.text != name ? sweep : nil
  }

  /// Keeps how a sweep stands.
  package func note(_ results: SweepResults) async throws {
    try await write { database in
      try database.execute(
        sql: "UPDATE sweeps SET is_over = ?, winner = ? WHERE id = ?",
        arguments: [results.isOver, results.winner?.text, results.id.text])
    }
  }

  /// Sweeps of which a job is not over, or of which it is not known yet which is the best.
  package func openSweeps() async throws -> [SweepID] {
    try await read { database in
      try String.fetchAll(
        database, sql: "SELECT id FROM sweeps WHERE is_over = 0 ORDER BY id"
      ).compactMap(SweepID.init)
    }
  }
}

extension SweepRecord {
  init(row: Row) throws {
    guard let id = SweepID(row["id"]), let name = SafeName(exactly: row["name"]) else {
      throw DamagedRow(table: "sweeps", row: "\(row)")
    }
    self.init(
      id: id, name: name, file: row["file"], createdAt: Timestamp(nanoseconds: row["created_at"]), isOver: row["is_over"],
      winner: (row["winner"] as String?).flatMap(JobID.init))
  }
}
