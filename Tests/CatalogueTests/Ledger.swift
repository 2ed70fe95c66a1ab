import Catalogue
import Domain
import GRDB
import SystemPackage
import TestSupport

/// A catalogue on the disk, what a test puts into it, and a second connection that sees the rows themselves.
struct Ledger {
  let folder: TemporaryFolder
  let catalogue: Catalogue
  static let time = Specimen.time

  init() throws {
    folder = try TemporaryFolder()
    catalogue = try Catalogue(path: folder.path.appending("catalogue.sqlite").string)
  }

  var path: String { folder.path.appending("catalogue.sqlite").string }

  /// A connection of its own, with foreign keys in force as they are for the agent.
  func rows<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) throws -> Value {
    let queue = try DatabaseQueue(path: path)
    defer { try? queue.close() }  // the test is over either way
    return try queue.write(body)
  }

  func claim(_ number: UInt32 = 1, name: String = "rows.csv", kind: DropKind? = .dataset, secondsLater: Double = 0) async throws -> DropID {
    let id = Specimen.drop(number)
    try await catalogue.noteClaim(DropRecord(id: id, name: name, kind: kind, receivedAt: Self.time + secondsLater, size: 12))
    return id
  }

  /// Registers a dataset's bytes by a drop of their own, carried out unless told otherwise.
  @discardableResult
  func dataset(
    _ name: String, drop: UInt32, bytes: String, reading: String = "", description: String? = nil, isStored: Bool = true, rows: Int = 3
  ) async throws -> Catalogue.DatasetDecision {
    let id = Specimen.drop(drop)
    let decision = try await catalogue.registerDataset(
      named: SafeName(from: name), drop: id, fileName: "\(name).csv", reading: reading, description: description,
      result: Specimen.ingest(sha256: bytes, rows: rows), at: Self.time
    ) { decision in
      if case .newVersion = decision { return Specimen.receipt(id) }
      return Specimen.receipt(id, status: .duplicate)
    }
    if isStored { try await catalogue.noteStored([id]) }
    return decision
  }

  @discardableResult
  func config(_ name: String, drop: UInt32, body: String, findings: [Finding] = []) async throws -> Catalogue.ConfigDecision {
    let id = Specimen.drop(drop)
    return try await catalogue.registerConfig(
      named: SafeName(from: name), drop: id, sha256: "hash of \(body)", body: body, findings: findings, at: Self.time
    ) { _ in Specimen.receipt(id, kind: .config) }
  }

  @discardableResult
  func model(
    _ name: String, drop: UInt32, sha256: String, isStored: Bool = true, architecture: String = "llama"
  ) async throws -> Catalogue.ModelDecision {
    let id = Specimen.drop(drop)
    var card = Specimen.model(name, sha256: sha256)
    card.architecture = architecture
    let decision = try await catalogue.registerModel(
      named: SafeName(from: name), drop: id, sha256: sha256, card: card, at: Self.time
    ) { _ in Specimen.receipt(id, kind: .model) }
    if isStored { try await catalogue.noteStored([id]) }
    return decision
  }

  @discardableResult
  func job(_ name: String, drop: UInt32, file: String? = nil, priority: Int = 0, secondsLater: Double = 0) async throws -> JobID {
    let id = Specimen.drop(drop)
    return try await catalogue.registerJob(
      named: SafeName(from: name), drop: id, file: file ?? Specimen.jobFile(name), priority: priority, reason: "starts next",
      at: Self.time + secondsLater
    ) { _ in Specimen.receipt(id, kind: .job) }
  }

  /// Leads a job through states, each step allowed by the machine.
  func lead(_ id: JobID, through states: JobState..., secondsLater: Double = 1) async throws {
    var now = try await catalogue.job(id)?.state ?? .pending
    for next in states {
      guard try await catalogue.transition(id, from: now, to: next, reason: nil, at: Self.time + secondsLater) else {
        throw Refused(from: now, to: next)
      }
      now = next
    }
  }

  struct Refused: Error {
    var from: JobState
    var to: JobState
  }
}
