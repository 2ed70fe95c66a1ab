import Catalogue
import Domain
import Platform
import SystemPackage

/// The `status.json` of every open job: the newest values in memory, and which of them are not published yet.
struct StatusBoard {
  private let layout: RootLayout
  private let files: any FileSystem
  private var statuses: [JobID: JobStatus] = [:]
  private var unpublished: Set<JobID> = []

  init(layout: RootLayout, files: any FileSystem) {
    self.layout = layout
    self.files = files
  }

  func status(of id: JobID) -> JobStatus? { statuses[id] }
  var all: [JobStatus] { statuses.values.sorted { $0.id < $1.id } }

  mutating func apply(_ event: WorkerEvent, to id: JobID, at now: Timestamp) {
    statuses[id]?.apply(event, at: now)
    unpublished.insert(id)
  }

  /// Publishes what has changed since it was published last.
  mutating func publishChanges() throws {
    let changed = unpublished
    unpublished = []
    for id in changed { if let status = statuses[id] { try publish(status) } }
  }

  /// Takes in the catalogue's word and publishes at once. What an earlier process of the agent wrote of the progress is kept.
  mutating func update(_ job: JobRecord, at now: Timestamp) throws {
    var status =
      try statuses[job.id] ?? earlier(job)
      ?? JobStatus(id: job.id, name: job.name.text, state: job.state, createdAt: job.createdAt, updatedAt: now)
    status.apply(
      state: job.state, reason: job.reason, problem: job.problem, startedAt: job.startedAt, finishedAt: job.finishedAt, at: now)
    statuses[job.id] = job.state.isFinal ? nil : status
    unpublished.remove(job.id)
    try publish(status)
  }

  /// What the job's `status.json` says; nil where there is none.
  func publishedState(of id: JobID) throws -> JobState? {
    let path = layout.workspace.job(id).status
    guard files.exists(path) else { return nil }
    return (try? PublishedJSON.decode(JobStatus.self, from: try files.contents(of: path)))?.state  // of another version: none
  }

  private func earlier(_ job: JobRecord) throws -> JobStatus? {
    let path = layout.workspace.job(job.id).status
    guard files.exists(path) else { return nil }
    return try? PublishedJSON.decode(JobStatus.self, from: try files.contents(of: path))  // of another version: made anew
  }

  private func publish(_ status: JobStatus) throws {
    let folder = layout.workspace.job(status.id)
    if !files.exists(folder.folder) { for path in folder.folders { try files.makeFolders(path) } }
    try files.publish(try PublishedJSON.bytes(of: status), to: folder.status)
  }
}
