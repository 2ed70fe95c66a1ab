import Catalogue
import Domain
import Engines
import Platform
import Scheduling
import StrictJSON
import Synchronization
import SystemPackage
import TestSupport

/// A root with one stored dataset, and a scheduler on it that is wired as the agent wires it.
final class Office: Sendable {
  let root: TemporaryRoot
  let clock = ManualClock()
  let log = CollectedLog()
  private let drops = Mutex<UInt32>(0)

  init() async throws {
    root = try TemporaryRoot()
    try await open { try await self.store("rows", in: $0) }
  }

  /// The catalogue alone, while no scheduler runs.
  @discardableResult
  func open<Result: Sendable>(_ body: (Catalogue) async throws -> Result) async throws -> Result {
    let catalogue = try Catalogue(path: root.workspace.catalogue.string)
    let result = try await body(catalogue)
    try catalogue.close()
    return result
  }

  private func nextDrop() -> DropID {
    Specimen.drop(
      drops.withLock {
        $0 += 1; return $0
      })
  }

  /// Registers a dataset as the intake does, its folder standing.
  func store(_ name: String, in catalogue: Catalogue) async throws {
    let drop = nextDrop()
    _ = try await catalogue.registerDataset(
      named: SafeName(from: name), drop: drop, fileName: "\(name).csv", reading: "", description: nil,
      result: Specimen.ingest(sha256: "hash of \(name)"), at: Specimen.time
    ) { _ in Specimen.receipt(drop) }
    try await catalogue.noteStored([drop])
  }

  /// Registers a job as the intake does.
  func submit(
    _ name: String, on dataset: String = "rows", priority: Int = 0, secondsLater: Double = 0, file: String? = nil, in catalogue: Catalogue
  ) async throws -> JobID {
    let drop = nextDrop()
    return try await catalogue.registerJob(
      named: SafeName(from: name), drop: drop, file: file ?? Specimen.jobFile(name, on: dataset), priority: priority, reason: "starts next",
      at: Specimen.time + secondsLater
    ) { _ in Specimen.receipt(drop, kind: .job) }
  }

  /// Registers a sweep over seeds as the intake does.
  func sweep(_ name: String, seeds: [Int], in catalogue: Catalogue) async throws -> SweepID {
    let drop = nextDrop()
    let text =
      #"{"name": "\#(name)", "dataset": "rows", "config": \#(Specimen.config), "overrides": {"seed": \#(seeds)}}"#
    let node = try JSONParser.parse(text)
    let sweep = JobFile.decode(node, source: .none, fallbackName: name).0?.sweep
    return try await catalogue.registerSweep(
      named: SafeName(from: name), drop: drop, file: text, priority: 0, reason: "starts next", waits: false, at: Specimen.time,
      files: { id in sweep?.points.map { JobFile.member(of: node, named: id.text, at: $0).text() } ?? [] },
      receipt: { _, _ in Specimen.receipt(drop, kind: .job) })
  }

  func layout(_ id: JobID) -> JobLayout { root.workspace.job(id) }

  func status(_ id: JobID) throws -> JobStatus? {
    let (files, path) = (LinuxFileSystem(), layout(id).status)
    return files.exists(path) ? try PublishedJSON.decode(JobStatus.self, from: try files.contents(of: path)) : nil
  }

  /// One life of the agent's scheduler: it works while the body runs, and has ended when this returns.
  @discardableResult
  func live<Result: Sendable>(
    engine: FakeEngine, settings: AgentSettings = Office.settings, room: (@Sendable () -> MachineRoom)? = nil,
    plansAhead: Bool = false,
    openInotify: @escaping @Sendable () throws(SystemError) -> Inotify = { () throws(SystemError) in try Inotify() },
    isolation: isolated (any Actor)? = #isolation,
    _ body: (Life) async throws -> Result
  ) async throws -> Result {
    let catalogue = try Catalogue(path: root.workspace.catalogue.string)
    let told = Told()
    let scheduler = Scheduler(
      layout: root.layout, files: FaultyFileSystem(), catalogue: catalogue, engine: engine, settings: settings,
      reports: SchedulerReports(
        outputs: { told.note($0) }, config: { told.note($0) }, sweep: { told.note($0) }, changed: { told.noteChange() }),
      clock: clock.clock,
      log: log.logger, defaultThreads: 3, room: room ?? { MachineRoom(freeDisk: nil, availableMemory: nil) },
      plansAhead: plansAhead, openInotify: openInotify)
    try await scheduler.recover()
    let running = Task { await scheduler.run() }  // awaited below, whatever the body does
    let result: Result
    do {
      result = try await body(Life(office: self, scheduler: scheduler, catalogue: catalogue, told: told))
    } catch {
      scheduler.shutDown()
      await running.value
      throw error
    }
    scheduler.shutDown()
    await running.value
    try catalogue.close()
    return result
  }

  static var settings: AgentSettings {
    var settings = AgentSettings()
    settings.retrySeconds = 0.005
    return settings
  }
}

/// The scheduler while it lives.
struct Life: Sendable {
  let office: Office
  let scheduler: Scheduler
  let catalogue: Catalogue
  let told: Told

  /// Drops a job and tells the scheduler, as the intake does.
  func submit(
    _ name: String, on dataset: String = "rows", priority: Int = 0, secondsLater: Double = 0, file: String? = nil
  ) async throws -> JobID {
    let id = try await office.submit(
      name, on: dataset, priority: priority, secondsLater: secondsLater, file: file, in: catalogue)
    try await scheduler.announce(id)
    scheduler.wake()
    return id
  }

  /// The job's published status, once it is as wished for.
  func status(_ id: JobID, where isMeant: (JobStatus) -> Bool) async throws -> JobStatus {
    while true {
      let seen = told.changes
      if let status = try office.status(id), isMeant(status) { return status }
      await told.change(after: seen)
    }
  }

  func end(of id: JobID) async throws -> JobStatus { try await status(id) { $0.state.isFinal } }
}

/// What the scheduler had others write.
final class Told: Sendable {
  private struct State {
    var facts: [JobFacts] = []
    var configs: [SafeName] = []
    var sweeps: [SweepResults] = []
    var changes = 0
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  var facts: [JobFacts] { state.withLock(\.facts) }
  var changes: Int { state.withLock(\.changes) }

  var configs: [SafeName] { state.withLock(\.configs) }
  var sweeps: [SweepResults] { state.withLock(\.sweeps) }

  func note(_ config: SafeName) { state.withLock { $0.configs.append(config) } }
  func note(_ sweep: SweepResults) { state.withLock { $0.sweeps.append(sweep) } }
  func note(_ facts: JobFacts) { state.withLock { $0.facts.append(facts) } }

  func noteChange() {
    let waiting = state.withLock { state in
      state.changes += 1
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func change(after count: Int) async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLock { state in
        if state.changes > count { return true }
        state.waiting.append(continuation)
        return false
      }
      if isOver { continuation.resume() }
    }
  }
}

/// Workers that train nothing and say what real ones say.
enum FakeTraining {
  static func layout(_ work: FakeEngine.Work) -> JobLayout { JobLayout(folder: work.call.path) }

  /// Leaves the summary that the agent reads when the work is done.
  static func finish(_ work: FakeEngine.Work) -> WorkerOutcome {
    do {
      try FaultyFileSystem().publish(try PublishedJSON.bytes(of: Specimen.metrics()), to: layout(work).metrics)
    } catch {
      return .crashed(.init(signal: nil, exitCode: 70, lastWords: "\(error)"))
    }
    return .done
  }

  static func step(_ step: Int, of steps: Int = 4) -> WorkerEvent {
    .step(
      StepReport(
        epoch: 1, step: step, loss: 2.5, lr: 0.25, accuracy: 0.5, gradNorm: 1.5, tokensPerSecond: 100, elapsed: Double(step),
        eta: Double(steps - step)))
  }

  static let planned = WorkerEvent.planned(
    RunShape(parameters: 10, trainSequences: 8, trainTokens: 64, evalTokens: 8, epochs: 1, steps: 4, resumedFrom: 0))

  /// Says all that a run says.
  @Sendable static func run(_ work: FakeEngine.Work) async -> WorkerOutcome {
    await work.say(.phase(.loading, share: nil))
    await work.say(.phase(.tokenizing, share: 0.5))
    await work.say(planned)
    await work.say(.phase(.training, share: nil))
    for count in 1...4 { await work.say(step(count)) }
    await work.say(.phase(.evaluating, share: nil))
    var row = MetricsRow(step: 4, epoch: 1)
    row.evalLoss = 1.5
    row.evalPerplexity = 4.5
    await work.say(.evaluated(row))
    await work.say(.checkpoint(step: 4, path: "checkpoints/checkpoint-step-4"))
    await work.say(.phase(.exporting, share: nil))
    return finish(work)
  }

  /// Trains until it is asked to stop, and leaves a checkpoint then.
  @Sendable static func untilStopped(_ work: FakeEngine.Work) async -> WorkerOutcome {
    await work.say(planned)
    await work.say(.phase(.training, share: nil))
    await work.say(step(2))
    await work.stop.wait()
    return .stopped
  }
}
