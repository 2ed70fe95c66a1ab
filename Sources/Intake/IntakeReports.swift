import Domain

/// What the intake has others write: the views of what it decided. Wired by the roof.
package struct IntakeReports: Sendable {
  /// Publishes receipts, those of drops that were decided together in one call.
  package var receipts: @Sendable ([Receipt]) async throws -> Void
  package var datasets: @Sendable (Set<SafeName>) async throws -> Void
  package var job: @Sendable (JobID) async throws -> Void
  /// Configs' folders, after their names got another version.
  package var configs: @Sendable (Set<SafeName>) async throws -> Void
  package var sweep: @Sendable (SweepID) async throws -> Void
  /// Something came that pending jobs may wait for, or a new job.
  package var changed: @Sendable () async -> Void
  package var request: @Sendable (InboxRequest) async throws -> RequestAnswer
  /// Something is to be brought from the Hub: takes the wish in, and answers for it.
  package var download: @Sendable (DownloadWish, DownloadAsker) async throws -> String

  package init(
    receipts: @escaping @Sendable ([Receipt]) async throws -> Void, datasets: @escaping @Sendable (Set<SafeName>) async throws -> Void,
    job: @escaping @Sendable (JobID) async throws -> Void,
    configs: @escaping @Sendable (Set<SafeName>) async throws -> Void = { _ in },
    sweep: @escaping @Sendable (SweepID) async throws -> Void = { _ in }, changed: @escaping @Sendable () async -> Void,
    request: @escaping @Sendable (InboxRequest) async throws -> RequestAnswer,
    download: @escaping @Sendable (DownloadWish, DownloadAsker) async throws -> String = { _, _ in throw CancellationError() }
  ) {
    self.receipts = receipts
    self.datasets = datasets
    self.job = job
    self.configs = configs
    self.sweep = sweep
    self.changed = changed
    self.request = request
    self.download = download
  }
}
