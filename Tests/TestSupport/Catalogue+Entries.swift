import Catalogue
import Domain
import Synchronization

/// One entry at a time, with what the catalogue decided: tests look at that, the agent only at the receipt.
extension Catalogue {
  @discardableResult
  package func enter(_ entry: Entry) async throws -> Receipt { try await enter([entry])[0].get() }

  package func registerConfig(
    named name: SafeName, drop: DropID, sha256: String, body: String, findings: [Finding], at now: Timestamp,
    receipt: @escaping @Sendable (ConfigDecision) -> Receipt
  ) async throws -> ConfigDecision {
    try await decision(receipt) {
      Catalogue.config(named: name, drop: drop, sha256: sha256, body: body, findings: findings, at: now, receipt: $0)
    }
  }

  package func registerDataset(
    named name: SafeName, drop: DropID, fileName: String, reading: String, description: String?, result: IngestResult, at now: Timestamp,
    receipt: @escaping @Sendable (DatasetDecision) -> Receipt
  ) async throws -> DatasetDecision {
    try await decision(receipt) {
      Catalogue.dataset(
        named: name, drop: drop, fileName: fileName, reading: reading, description: description, result: result, at: now, receipt: $0)
    }
  }

  package func registerModel(
    named name: SafeName, drop: DropID, sha256: String, card: ModelCard, at now: Timestamp,
    receipt: @escaping @Sendable (ModelDecision) -> Receipt
  ) async throws -> ModelDecision {
    try await decision(receipt) { Catalogue.model(named: name, drop: drop, sha256: sha256, card: card, at: now, receipt: $0) }
  }

  package func registerJob(
    named name: SafeName, drop: DropID, file: String, priority: Int, reason: String, waits: Bool = false, at now: Timestamp,
    receipt: @escaping @Sendable (JobID) -> Receipt
  ) async throws -> JobID {
    try await decision(receipt) {
      Catalogue.job(named: name, drop: drop, file: file, priority: priority, reason: reason, waits: waits, at: now, receipt: $0)
    }
  }

  package func registerSweep(
    named name: SafeName, drop: DropID, file: String, priority: Int, reason: String, waits: Bool, at now: Timestamp,
    files: @escaping @Sendable (SweepID) -> [String], receipt: @escaping @Sendable (SweepID, [JobID]) -> Receipt
  ) async throws -> SweepID {
    let made = Made<SweepID>()
    try await enter(
      Catalogue.sweep(
        named: name, drop: drop, file: file, priority: priority, reason: reason, waits: waits, at: now, files: files
      ) { id, jobs in
        made.value.withLock { $0 = id }
        return receipt(id, jobs)
      })
    guard let id = made.value.withLock({ $0 }) else { throw CancellationError() }
    return id
  }

  /// A claim of which no worker has been started.
  package func noteClaim(_ drop: DropRecord) async throws {
    _ = try await noteAttempts([drop])
    try await noteEnds([drop.id])
  }

  package func noteAttempt(_ id: DropID) async throws -> Int {
    let drop = DropRecord(id: id, name: "rows.csv", kind: .dataset, receivedAt: Specimen.time, size: 12)
    return try await noteAttempts([drop])[id] ?? 0
  }

  package func datasetCard(_ name: SafeName, data: @escaping @Sendable (Int) -> String) async throws -> DatasetCard? {
    try await datasetCards([name]) { data($1) }.first
  }

  private func decision<Decision: Sendable>(
    _ receipt: @escaping @Sendable (Decision) -> Receipt, _ entry: (@escaping @Sendable (Decision) -> Receipt) -> Entry
  ) async throws -> Decision {
    let made = Made<Decision>()
    try await enter(
      entry { decision in
        made.value.withLock { $0 = decision }
        return receipt(decision)
      })
    guard let decision = made.value.withLock({ $0 }) else { throw CancellationError() }
    return decision
  }

  private final class Made<Decision: Sendable>: Sendable { let value = Mutex<Decision?>(nil) }
}
