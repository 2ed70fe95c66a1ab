import Domain
import GRDB

extension Catalogue {
  /// Keeps what a completed job made. A job that is reported twice, after a crash, keeps one.
  package func registerTrainedModel(_ card: TrainedModelCard) async throws {
    let text = try JSONColumn.text(card)
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO trained_models (job_id, name, version, model_type, base, base_sha256, card, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (job_id) DO UPDATE SET card = excluded.card, base = excluded.base, base_sha256 = excluded.base_sha256
          """,
        arguments: [
          card.job.text, card.name.text, card.version, card.kind.rawValue, card.base?.name, card.base?.sha256, text,
          card.createdAt.nanoseconds,
        ])
    }
  }

  package func trainedModel(of job: JobID) async throws -> TrainedModelCard? {
    try await read { database in
      try String.fetchOne(database, sql: "SELECT card FROM trained_models WHERE job_id = ?", arguments: [job.text])
        .map { try JSONColumn.value(TrainedModelCard.self, $0) }
    }
  }

  /// By name, the newest version of each first.
  package func trainedModels() async throws -> [TrainedModelCard] {
    try await read { database in
      try String.fetchAll(database, sql: "SELECT card FROM trained_models ORDER BY name, version DESC")
        .map { try JSONColumn.value(TrainedModelCard.self, $0) }
    }
  }
}
