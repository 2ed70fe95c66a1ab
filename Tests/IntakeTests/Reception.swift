import Catalogue
import Domain
import Engines
import Foundation
import Intake
import Platform
import Reporting
import Synchronization
import SystemPackage
import TestSupport
import Watching

/// A root with an inbox, and an intake on it that is wired as the agent wires it.
final class Reception: Sendable {
  let root: TemporaryRoot
  let clock = ManualClock()
  let log = CollectedLog()
  private let numbers = Mutex<UInt32>(0)

  init() throws { root = try TemporaryRoot() }

  var inbox: InboxLayout { root.inbox }
  var workspace: WorkspaceLayout { root.workspace }

  /// Drops a text and claims it, as the watcher's service does.
  func claim(_ text: String, as name: String, into kind: DropKind?, files: FaultyFileSystem = FaultyFileSystem()) throws -> ClaimedDrop {
    try claim(try root.drop(text, as: name, into: kind), files: files)
  }

  /// Claims what lies in the inbox.
  func claim(_ path: FilePath, files: FaultyFileSystem = FaultyFileSystem()) throws -> ClaimedDrop {
    let scanner = InboxScanner(layout: inbox, fileSystem: files)
    guard let sighting = try scanner.sight(path) else { throw NotThere(path: path) }
    let settled = SettledDrop(path: path, kind: sighting.kind, status: sighting.status, summary: sighting.summary, firstSeen: Specimen.time)
    let claim = Claim(
      layout: inbox, fileSystem: files, clock: clock.clock,
      random: {
        self.numbers.withLock {
          $0 += 1; return $0
        }
      }, openForWriting: { _ in .no })
    guard case .claimed(let drop) = try claim.take(settled) else { throw NotThere(path: path) }
    return drop
  }

  struct NotThere: Error { var path: FilePath }

  /// One life of the agent: it works while the body runs, and has ended when this returns.
  ///
  /// - Parameter recovers: whether it takes up what stands, as the agent does at every start; else the body hands drops over.
  @discardableResult
  func live<Result: Sendable>(
    recovers: Bool = false, files: any FileSystem = FaultyFileSystem(), engine: any Engine = FakeEngine(FakeReading.read),
    retrySeconds: Double = 0.005,
    settings: AgentSettings = AgentSettings(),
    request: @escaping @Sendable (InboxRequest) async throws -> RequestAnswer = { _ in .carriedOut("Done.") },
    isolation: isolated (any Actor)? = #isolation, _ body: (Life) async throws -> Result
  ) async throws -> Result {
    let layout = root.layout
    var settings = settings
    settings.retrySeconds = retrySeconds
    let catalogue = try Catalogue(path: workspace.catalogue.string)
    let publisher = Publisher(layout: layout, files: files)
    let told = Told()
    let intake = Intake(
      layout: layout, files: files, catalogue: catalogue, engine: engine, settings: settings,
      reports: IntakeReports(
        receipts: { receipts in
          defer { for receipt in receipts { told.note(receipt) } }
          try publisher.publish(receipts)
        },
        datasets: { names in
          try publisher.publish(
            try await catalogue.datasetCards(names) { layout.relative(layout.workspace.dataset($0).version($1).data) })
        },
        job: { told.note($0) },
        configs: { names in
          try publisher.publish(
            try await catalogue.configVersions(of: names).map { name, versions in
              .init(card: ConfigCard(name: name, records: versions), bodies: versions.map { ($0.number, $0.body) }, isRestored: false)
            })
        }, changed: { told.noteChange() }, request: request),
      clock: clock.clock, log: log.logger)
    if recovers { try await intake.recover(try ClaimedDrop.list(inbox, files)) }
    let running = Task { await intake.run() }  // awaited below, whatever the body does
    let result: Result
    do {
      result = try await body(Life(reception: self, intake: intake, catalogue: catalogue, told: told))
    } catch {
      intake.shutDown()
      await running.value
      throw error
    }
    intake.shutDown()
    await running.value
    try catalogue.close()
    return result
  }

  /// Drops one text, waits for its verdict, and lets the agent end.
  func take(_ text: String, as name: String, into kind: DropKind?, engine: any Engine = FakeEngine(FakeReading.read)) async throws
    -> Receipt
  {
    try await live(engine: engine) { try await $0.take(text, as: name, into: kind) }
  }

  // MARK: what stands on the disk

  /// Every file with its text, the catalogue's left out.
  func files() -> [String: String] { standing().files }

  /// Names alone, those of receipts left out too.
  func names() -> [String] { standing().names }

  func text(_ path: String) -> String? { files()[path] }

  func standing() -> Standing { Standing(root: root.folder.path.string) }

  func receipt(_ name: String) throws -> Receipt? {
    let path = inbox.receipt(forFileNamed: name)
    let files = LinuxFileSystem()
    return files.exists(path) ? try PublishedJSON.decode(Receipt.self, from: try files.contents(of: path)) : nil
  }

  /// What is to be gone when nothing is under way.
  func leftovers() -> [String] { standing().leftovers }
}

/// One look at everything below a root, by Foundation and with plain strings: some tests look hundreds of times.
struct Standing {
  /// Relative path to text, the catalogue's files left out.
  private(set) var files: [String: String] = [:]
  private var folders: [String] = []

  init(root: String) {
    guard let enumerator = FileManager.default.enumerator(atPath: root) else { return }
    while let path = enumerator.nextObject() as? String {
      switch enumerator.fileAttributes?[.type] as? FileAttributeType {
      case .typeDirectory?: folders.append(path)
      case .typeRegular? where !path.hasPrefix("workspace/catalogue.sqlite"):
        files[path] = String(decoding: FileManager.default.contents(atPath: "\(root)/\(path)") ?? Data(), as: UTF8.self)
      default: break
      }
    }
  }

  /// Without receipts.
  var names: [String] { files.keys.filter { !$0.hasPrefix("inbox/receipts/") }.sorted() }

  var leftovers: [String] {
    (folders + files.keys).filter { $0.hasPrefix("inbox/.claimed/") || $0.hasPrefix("workspace/.staging/") || $0.hasSuffix(".publishing") }
      .sorted()
  }
}

/// The agent while it lives.
struct Life: Sendable {
  let reception: Reception
  let intake: Intake
  let catalogue: Catalogue
  let told: Told

  func take(_ text: String, as name: String, into kind: DropKind?) async throws -> Receipt {
    try await take(try reception.claim(text, as: name, into: kind))
  }

  func take(_ drop: ClaimedDrop) async throws -> Receipt {
    intake.receive(drop)
    return await told.verdict(on: drop.id)
  }
}

/// What the intake had others write, and whom it woke.
final class Told: Sendable {
  private struct State {
    var receipts: [Receipt] = []
    var jobs: [JobID] = []
    var changes = 0
    var waiting: [(@Sendable (Receipt) -> Bool, CheckedContinuation<Receipt, Never>)] = []
  }

  private let state = Mutex(State())

  var receipts: [Receipt] { state.withLock(\.receipts) }
  var jobs: [JobID] { state.withLock(\.jobs) }
  var changes: Int { state.withLock(\.changes) }

  func note(_ receipt: Receipt) {
    let ready = state.withLock { state in
      state.receipts.append(receipt)
      // Asked once each: one that counts would else answer twice.
      let asked = state.waiting.map { (isMet: $0.0(receipt), wait: $0) }
      state.waiting = asked.filter { !$0.isMet }.map(\.wait)
      return asked.filter(\.isMet).map(\.wait.1)
    }
    for continuation in ready { continuation.resume(returning: receipt) }
  }

  func note(_ job: JobID) { state.withLock { $0.jobs.append(job) } }
  func noteChange() { state.withLock { $0.changes += 1 } }

  /// The first receipt of which that holds, which may have been written long ago.
  func receipt(where isMeant: @escaping @Sendable (Receipt) -> Bool) async -> Receipt {
    await withCheckedContinuation { continuation in
      let known = state.withLock { state in
        let known = state.receipts.first(where: isMeant)
        if known == nil { state.waiting.append((isMeant, continuation)) }
        return known
      }
      if let known { continuation.resume(returning: known) }
    }
  }

  func verdict(on id: DropID) async -> Receipt { await receipt { $0.id == id && $0.status != .waiting } }
}
