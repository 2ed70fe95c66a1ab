import Catalogue
import Domain
import Engines
import Platform
import Scheduling
import Synchronization
import SystemPackage
import TestSupport

/// A root, and the agent's errands on it with workers and works that are closures.
final class ErrandOffice: Sendable {
  let root: TemporaryRoot
  let clock = ManualClock()
  let log = CollectedLog()

  init() throws { root = try TemporaryRoot() }

  /// The catalogue alone, while nothing runs.
  @discardableResult
  func open<Result: Sendable>(_ body: (Catalogue) async throws -> Result) async throws -> Result {
    let catalogue = try Catalogue(path: root.workspace.catalogue.string)
    let result = try await body(catalogue)
    try catalogue.close()
    return result
  }

  func status(_ id: ErrandID) throws -> ErrandStatus? {
    let (files, path) = (LinuxFileSystem(), root.workspace.errand(id).status)
    return files.exists(path) ? try PublishedJSON.decode(ErrandStatus.self, from: try files.contents(of: path)) : nil
  }

  /// One life of the agent's errands: they are worked on while the body runs, and have ended when this returns.
  @discardableResult
  func live<Result: Sendable>(
    engine: FakeEngine, work: FakeErrandWork = FakeErrandWork(), settings: AgentSettings = Office.settings,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (ErrandLife) async throws -> Result
  ) async throws -> Result {
    let catalogue = try Catalogue(path: root.workspace.catalogue.string)
    let told = Told()
    let works = Dictionary(uniqueKeysWithValues: ErrandKind.allCases.map { ($0, work as any ErrandWork) })
    let errands = Errands(
      layout: root.layout, files: LinuxFileSystem(), catalogue: catalogue, engine: engine, settings: settings, works: works,
      changed: { told.noteChange() }, clock: clock.clock, log: log.logger)
    try await errands.recover()
    let running = Task { await errands.run() }  // awaited below, whatever the body does
    let result: Result
    do {
      result = try await body(ErrandLife(office: self, errands: errands, catalogue: catalogue, told: told))
    } catch {
      errands.shutDown()
      await running.value
      throw error
    }
    errands.shutDown()
    await running.value
    try catalogue.close()
    return result
  }
}

/// The errands while they live.
struct ErrandLife: Sendable {
  let office: ErrandOffice
  let errands: Errands
  let catalogue: Catalogue
  let told: Told

  func add(_ kind: ErrandKind = .tokenize, about name: String = "rows", likeness: String = "a") async throws -> ErrandID {
    try await errands.add(kind, about: SafeName(from: name), likeness: likeness, body: "{}").errand.id
  }

  /// The published status, once it is as wished for.
  func status(_ id: ErrandID, where isMeant: (ErrandStatus) -> Bool) async throws -> ErrandStatus {
    while true {
      let seen = told.changes
      if let status = try office.status(id), isMeant(status) { return status }
      await told.change(after: seen)
    }
  }

  func end(of id: ErrandID) async throws -> ErrandStatus { try await status(id) { $0.state.isFinal } }

  /// Adds an errand and waits for its end.
  func endOfNew() async throws -> ErrandStatus {
    let id = try await add()
    return try await end(of: id)
  }
}

/// What a kind does before its worker and after, written down.
final class FakeErrandWork: ErrandWork {
  private let said = Mutex<[String]>([])
  private let problem: Problem?
  private let isDone: Bool

  /// - Parameters:
  ///   - problem: why it cannot be done.
  ///   - isDone: what it is to make is here.
  init(problem: Problem? = nil, isDone: Bool = false) {
    (self.problem, self.isDone) = (problem, isDone)
  }

  var calls: [String] { said.withLock(\.self) }
  private func say(_ call: String, _ errand: ErrandRecord) { said.withLock { $0.append("\(call) \(errand.id)") } }

  func begin(_ errand: ErrandRecord, in folder: ErrandLayout) async throws -> ErrandStart {
    say("begin", errand)
    if let problem { throw problem }
    if isDone { return .done(.init(path: "there", message: "It was there.")) }
    return .worker(.errand(errand.kind, folder.folder), threads: 2)
  }

  func conclude(_ errand: ErrandRecord, in folder: ErrandLayout) async throws -> ErrandResult {
    say("conclude", errand)
    return .init(path: "made", message: "It is made.")
  }

  func abandon(_ errand: ErrandRecord, in folder: ErrandLayout) async throws { say("abandon", errand) }
}
