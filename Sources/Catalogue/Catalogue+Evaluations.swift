import Domain
import GRDB

extension Catalogue {
  /// Keeps the evaluation of a job.
  package func register(_ record: EvaluationRecord, of job: JobID) async throws {
    let text = try JSONColumn.text(record)
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO evaluations (job_id, created_at, loss, record) VALUES (?, ?, ?, ?)
          ON CONFLICT (job_id) DO UPDATE SET created_at = excluded.created_at, loss = excluded.loss, record = excluded.record
          """,
        arguments: [job.text, record.createdAt.nanoseconds, record.metrics.after?.loss, text])
    }
  }

  /// The evaluation of a job, by its identifier or name; of several jobs of that name the newest.
  package func evaluation(of name: String) async throws -> EvaluationRecord? {
    try await read { database in
      try String.fetchOne(
        database,
        sql: """
          SELECT record FROM evaluations JOIN jobs ON jobs.id = job_id WHERE jobs.id = ? OR jobs.name = ?
          ORDER BY jobs.id = ? DESC, jobs.number DESC LIMIT 1
          """,
        arguments: [name, name, name]
      ).map { try JSONColumn.value(EvaluationRecord.self, $0) }
    }
  }

  /// All evaluations, the newest first.
  package func evaluations() async throws -> [EvaluationRecord] {
    try await read { database in
      try String.fetchAll(database, sql: "SELECT record FROM evaluations ORDER BY created_at DESC, job_id").map {
        try JSONColumn.value(EvaluationRecord.self, $0)
      }
    }
  }
}
