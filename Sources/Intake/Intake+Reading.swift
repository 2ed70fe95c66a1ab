import Catalogue
import Domain
import Engines
import Platform
import Synchronization
import SystemPackage

/// Drops that are foreign bytes: a worker reads them.
extension Intake {
  /// One drop, or several small ones that one worker may read.
  func read(_ drops: [DropToRead]) async {
    for drop in drops.count > 1 ? await readTogether(drops) : drops { await readAlone(drop) }
  }

  private func readAlone(_ toRead: DropToRead) async {
    let drop = toRead.drop
    await attempt(drop) {
      try await makeDurableAside(drop)
      var judged = [try await toRead.kind == .model ? readModel(drop) : readDataset(drop)]
      await settle(&judged)
    }
  }

  /// Off the actor: what is large takes its time, and small JSON goes by meanwhile.
  @concurrent
  private nonisolated func makeDurableAside(_ drop: ClaimedDrop) async throws { try makeDurable(drop, files) }

  // MARK: one worker, one drop

  /// Runs a worker on a drop that is foreign bytes.
  ///
  /// - Returns: nil where it did its work, else why not.
  /// - Throws: `CancellationError` where the agent stops; `RepeatLater` after a crash, on a disk that is full or fails, or where
  ///   there is no worker.
  func runWorker(_ call: WorkerCall, for drop: ClaimedDrop) async throws -> Problem? {
    if stop.isMade { throw CancellationError() }
    // Noted before a worker touches it: the attempts are counted.
    try await noteEnds([])
    let attempt = try await catalogue.noteAttempts([DropRecord(drop)])[drop.id] ?? 0
    KillPoint.pass(.attemptNoted)
    guard attempt <= Self.interruptionLimit else { return Self.interruptedTooOften(drop.name, attempt - 1) }
    let outcome = await engine.run(call, threads: nil, stop: stop, graceSeconds: 1) { _ in }
    KillPoint.pass(.workerEnded)
    // A worker that reads dies of the SIGTERM that stops it.
    if case .crashed(let crash) = outcome, crash.wasStarted, !stop.isMade {
      var problem = crash.problem(doing: "reading \(drop.name)")
      let crashes = try await catalogue.noteCrash(drop.id)
      if crashes < Self.crashLimit { throw RepeatLater(problem: problem) }
      problem.what += ", \(crashes) times"
      return problem
    }
    try await noteEnds([drop.id])
    switch outcome {
    case .done: return nil
    case .refused(let problem):
      if Problem.machineTroubles.contains(problem.code) { throw RepeatLater(problem: problem) }
      return problem
    case .crashed(let crash) where !crash.wasStarted: throw RepeatLater(problem: crash.problem(doing: "reading \(drop.name)"))
    case .stopped, .crashed: throw CancellationError()
    }
  }

  private static let crashLimit = 3
  /// A power cut or a reboot says nothing of the drop; but one that takes the agent down with its worker, by using up the
  /// machine's memory say, would do so at every start for ever.
  private static let interruptionLimit = 20

  private static func interruptedTooOften(_ name: String, _ count: Int) -> Problem {
    Problem(
      "worker.interrupted", "the agent ended \(count) times while a worker was reading \(name)",
      why: "what ended it may be what the file needs: memory, above all",
      mend:
        "Look into the system's log for what ended the agent (journalctl -k tells of memory), and drop the file again to have it tried again."
    )
  }

  // MARK: one worker, many drops

  /// Has one worker read small files. A drop that something is wrong with beyond a plain verdict is handed back: read alone, it
  /// harms nobody else, and what went wrong is told of it and of no other.
  ///
  /// - Returns: those that are to be read alone.
  private func readTogether(_ drops: [DropToRead]) async -> [DropToRead] {
    do {
      let entries = try await entriesRead(together: drops.map(\.drop))
      let read = Set(entries.map(\.drop.id))
      var judged = entries
      await settle(&judged)
      return drops.filter { !read.contains($0.drop.id) }
    } catch {
      return drops
    }
  }

  @concurrent
  private nonisolated func entriesRead(together drops: [ClaimedDrop]) async throws -> [Judged] {
    if stop.isMade { throw CancellationError() }
    let failures = makeDurable(drops)
    let harmful = try await catalogue.harmful(among: drops.map(\.id))
    let sound = drops.filter { failures[$0.id] == nil && !harmful.contains($0.id) }
    if sound.isEmpty { return [] }
    let orders = try await orders(toRead: sound)
    let orderPath = layout.workspace.order(drops[0].id)
    try files.publish(try PublishedJSON.bytes(of: orders), to: orderPath)
    let verdicts = ReadVerdicts()
    // Nothing that a full disk makes fail stands between the note and the worker: an attempt that never was is not to count.
    try await noteEnds([])
    _ = try await catalogue.noteAttempts(sound.map(DropRecord.init))
    KillPoint.pass(.attemptNoted)
    let outcome = await engine.run(.ingestMany(orderPath), threads: nil, stop: stop, graceSeconds: 1) { verdicts.note($0) }
    KillPoint.pass(.workerEnded)
    try await noteEnds(sound.map(\.id))
    try files.removeFile(orderPath)
    if outcome != .done, stop.isMade { throw CancellationError() }
    return try zip(sound, orders).compactMap { drop, order in
      switch verdicts.known[drop.id] {
      case nil: nil
      case .refused(let problem): rejection(of: drop, kind: .dataset, problem)
      case .read: try judge(drop, asReadBy: order, name: order.name, reading: "")
      }
    }
  }

  private nonisolated func orders(toRead drops: [ClaimedDrop]) async throws -> [IngestOrder] {
    let names = drops.map { SafeName(from: DroppedFileName($0.name).stem) }
    let sidecars = try await catalogue.sidecars(for: Set(names))
    return try zip(drops, names).map { drop, name in
      let staging = layout.workspace.staging(drop.id)
      try files.removeTree(staging)  // of an attempt that a crash ended
      return IngestOrder(
        drop: drop.id, source: drop.path.string, fileName: drop.name, staging: staging.string, sidecar: sidecars[name],
        limits: settings.ingestLimits, rowsMayStay: true)
    }
  }
}

/// What a worker says of the drops that it reads one after the other.
private final class ReadVerdicts: Sendable {
  enum Verdict: Sendable {
    case read
    case refused(Problem)
  }

  private let verdicts = Mutex<[DropID: Verdict]>([:])

  var known: [DropID: Verdict] { verdicts.withLock { $0 } }

  func note(_ event: WorkerEvent) {
    switch event {
    case .read(let drop): verdicts.withLock { $0[drop] = .read }
    case .refused(let drop, let problem): verdicts.withLock { $0[drop] = .refused(problem) }
    default: break
    }
  }
}

extension IngestOrder {
  var name: SafeName { SafeName(from: DroppedFileName(fileName).stem) }
}

extension DropRecord {
  fileprivate init(_ drop: ClaimedDrop) {
    self.init(id: drop.id, name: drop.name, kind: drop.kind, receivedAt: drop.receivedAt, size: drop.size)
  }
}
