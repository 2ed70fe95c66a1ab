import Catalogue
import Domain
import Platform
import SystemPackage

/// The `status.json` of every open errand: the newest values in memory, and which of them are not published yet.
struct ErrandBoard {
  private let layout: RootLayout
  private let files: any FileSystem
  private var statuses: [ErrandID: ErrandStatus] = [:]
  private var unpublished: Set<ErrandID> = []

  init(layout: RootLayout, files: any FileSystem) {
    self.layout = layout
    self.files = files
  }

  var all: [ErrandStatus] { statuses.values.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) } }

  mutating func apply(_ progress: ErrandProgress, to id: ErrandID, after seconds: Double, at now: Timestamp) {
    statuses[id]?.apply(progress, after: seconds, at: now)
    unpublished.insert(id)
  }

  /// Publishes what has changed since it was published last.
  mutating func publishChanges() throws {
    let changed = unpublished
    unpublished = []
    for id in changed { if let status = statuses[id] { try publish(status) } }
  }

  /// Takes in the catalogue's word and publishes at once.
  mutating func update(_ errand: ErrandRecord, at now: Timestamp) throws {
    var status =
      statuses[errand.id] ?? published(errand.id)
      ?? ErrandStatus(
        id: errand.id, kind: errand.kind, about: errand.about, state: errand.state, createdAt: errand.createdAt, updatedAt: now)
    status.state = errand.state
    (status.reason, status.problem, status.result) = (errand.reason, errand.problem, errand.result)
    (status.startedAt, status.finishedAt, status.updatedAt) = (errand.startedAt, errand.finishedAt, now)
    if errand.state != .running { (status.phase, status.eta, status.rate, status.note) = (nil, nil, nil, nil) }
    if errand.state == .completed { status.progress = 100 }
    statuses[errand.id] = errand.state.isFinal ? nil : status
    unpublished.remove(errand.id)
    try publish(status)
  }

  /// What `status.json` says; nil where there is none, or one of another version.
  func published(_ id: ErrandID) -> ErrandStatus? {
    let path = layout.workspace.errand(id).status
    return files.exists(path) ? try? PublishedJSON.decode(ErrandStatus.self, from: files.contents(of: path)) : nil
  }

  private func publish(_ status: ErrandStatus) throws {
    let folder = layout.workspace.errand(status.id)
    if !files.exists(folder.folder) { try files.makeFolders(folder.folder) }
    try files.publish(try PublishedJSON.bytes(of: status), to: folder.status)
  }
}
