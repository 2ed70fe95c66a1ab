import Catalogue
import Domain
import Engines
import Logging
import Platform
import SystemPackage

/// The agent's side of a drop, from its claim to its receipt: tells what it is, has a worker read it where it is foreign
/// bytes, registers what came of it, and puts every file into its place.
///
/// A drop goes claimed -> decided -> done (Schema/v0001). Up to the decision everything may be done again from the start;
/// from the decision on, `carryOut` does what is left. So a crash at any instruction loses nothing and makes nothing twice.
package actor Intake {
  let layout: RootLayout
  let files: any FileSystem
  let catalogue: Catalogue
  let engine: any Engine
  let settings: AgentSettings
  let reports: IntakeReports
  let clock: WallClock
  let log: Logger

  private let arrivals: AsyncStream<ClaimedDrop>
  private let arrivalSink: AsyncStream<ClaimedDrop>.Continuation
  private let reading: AsyncStream<(ClaimedDrop, DropKind)>
  private let readingSink: AsyncStream<(ClaimedDrop, DropKind)>.Continuation
  private let stop = StopRequest()
  /// Drops that a worker reads or will read, for `status.json`.
  private(set) var open: [DropID: String] = [:]

  package init(
    layout: RootLayout, files: any FileSystem, catalogue: Catalogue, engine: any Engine, settings: AgentSettings, reports: IntakeReports,
    clock: WallClock, log: Logger
  ) {
    self.layout = layout
    self.files = files
    self.catalogue = catalogue
    self.engine = engine
    self.settings = settings
    self.reports = reports
    self.clock = clock
    self.log = log
    (arrivals, arrivalSink) = AsyncStream.makeStream()
    (reading, readingSink) = AsyncStream.makeStream()
  }

  var now: Timestamp { Timestamp(nanoseconds: clock.now()) }

  /// Takes over a claimed drop. Returns at once; `run` does the work.
  package nonisolated func receive(_ drop: ClaimedDrop) { arrivalSink.yield(drop) }

  package var openNames: [String] { open.values.sorted() }

  /// Works until `shutDown`. Small JSON is handled in the order of arrival, by itself: archives in the other lanes do not
  /// hold it up.
  package func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for await drop in self.arrivals { await self.handle(drop) }
      }
      for _ in 0..<settings.runningIngests {
        group.addTask {
          // Several tasks on one AsyncStream: each element goes to one of them.
          for await (drop, kind) in self.reading { await self.read(drop, kind) }
        }
      }
    }
  }

  /// No new work; workers that read are stopped. What they were at is done again at the next start.
  package nonisolated func shutDown() {
    stop.make()
    arrivalSink.finish()
    readingSink.finish()
  }

  private func handle(_ drop: ClaimedDrop) async {
    open[drop.id] = drop.name
    await attempt(drop) {
      // Its fate stands already, and only carrying it out was interrupted: by an error a moment ago, or by the end of an agent.
      if let receipt = try await self.catalogue.drop(drop.id)?.receipt {
        try await self.carryOut(receipt, of: drop)
        return true
      }
      if let refusal = drop.refusal {
        try await self.makeDurable(drop)
        try await self.reject(drop, kind: drop.kind, refusal)
        return true
      }
      switch try DropSorter(files: self.files).sort(drop.path, kind: drop.kind, isFolder: drop.isFolder, size: drop.size) {
      case .foreign(let kind):
        self.readingSink.yield((drop, kind))
        return false
      case .json(let kind, let document):
        try await self.makeDurable(drop)
        try await self.take(drop, kind, document)
        return true
      case .refused(let problem, let kind):
        try await self.makeDurable(drop)
        try await self.reject(drop, kind: kind, problem)
        return true
      }
    }
  }

  private func read(_ drop: ClaimedDrop, _ kind: DropKind) async {
    await attempt(drop) {
      try await self.makeDurable(drop)
      // Noted before a worker touches it: the attempts are counted.
      try await self.catalogue.noteClaim(
        DropRecord(id: drop.id, name: drop.name, kind: drop.kind, receivedAt: drop.receivedAt, size: drop.size))
      if kind == .model { try await self.readModel(drop) } else { try await self.readDataset(drop) }
      return true
    }
  }

  /// Whoever wrote the drop need not have made its bytes durable, and a receipt promises them. Off the actor: what is large
  /// takes its time, and small JSON goes by meanwhile.
  @concurrent
  private nonisolated func makeDurable(_ drop: ClaimedDrop) async throws {
    try files.makeDurable(drop.path, spare: layout.inbox.spare(drop.id))
    KillPoint.pass(.originalDurable)
  }

  /// Runs a step; whatever goes wrong beyond a verdict leaves the drop claimed, says so, and is tried again.
  private func attempt(_ drop: ClaimedDrop, _ step: () async throws -> Bool) async {
    do {
      if try await step() { open[drop.id] = nil }
    } catch is CancellationError {
      open[drop.id] = nil  // the agent stops; recovery takes the drop up again
    } catch {
      log.error("a drop cannot be taken in yet", metadata: ["drop": "\(drop.name)", "id": "\(drop.id)", "error": "\(error)"])
      let problem = trouble(error, with: drop)
      let receipt = Receipt(
        id: drop.id, name: drop.name, kind: drop.kind, status: .waiting, receivedAt: drop.receivedAt, decidedAt: now, size: drop.size,
        message:
          "It is kept in \(layout.relative(layout.inbox.claim(drop.id))) and tried again every \(Figures.general(settings.retrySeconds)) seconds: \(problem?.description ?? "\(error)")",
        problem: problem)
      try? await reports.receipt(receipt)  // the disk may be what fails; the log line above stands
      retryLater(drop)
    }
  }

  /// What keeps a drop from being taken in, where that can be said.
  private func trouble(_ error: any Error, with drop: ClaimedDrop) -> Problem? {
    let problem = (error as? RepeatLater)?.problem ?? (error as? Problem) ?? (error as? SystemError).map { Problem(storing: $0) }
    guard let problem, problem.code == Problem.diskFullCode, let space = try? files.space(at: layout.root) else { return problem }
    return Problem(diskFull: space, for: drop, cause: problem.cause ?? problem.what)
  }

  private var retries: [DropID: Task<Void, Never>] = [:]

  private func retryLater(_ drop: ClaimedDrop) {
    // Owned: kept in `retries` until it has run; ends at once when the intake shuts down, its stream being finished.
    retries[drop.id] = Task {
      try? await Task.sleep(for: .seconds(settings.retrySeconds))
      retries[drop.id] = nil
      receive(drop)
    }
  }

  /// Runs a worker on a drop that is foreign bytes.
  ///
  /// - Returns: nil where it did its work, else why not.
  /// - Throws: `CancellationError` where the agent stops; `RepeatLater` after a crash, on a disk that is full or fails, or where
  ///   there is no worker.
  func runWorker(_ call: WorkerCall, for drop: ClaimedDrop) async throws -> Problem? {
    if stop.isMade { throw CancellationError() }
    let attempt = try await catalogue.noteAttempt(drop.id)
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
    try await catalogue.noteEnd(drop.id)
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
}

/// Work on a drop that did not come to a verdict and is to be tried again.
struct RepeatLater: Error, CustomStringConvertible {
  let problem: Problem
  var description: String { problem.description }
}

/// What the intake has others write: the views of what it decided. Wired by the roof.
package struct IntakeReports: Sendable {
  package var receipt: @Sendable (Receipt) async throws -> Void
  package var dataset: @Sendable (SafeName) async throws -> Void
  package var job: @Sendable (JobID) async throws -> Void
  /// A config's folder, after its name got another version.
  package var config: @Sendable (SafeName) async throws -> Void
  package var sweep: @Sendable (SweepID) async throws -> Void
  /// Something came that pending jobs may wait for, or a new job.
  package var changed: @Sendable () async -> Void
  package var request: @Sendable (InboxRequest) async throws -> RequestAnswer

  package init(
    receipt: @escaping @Sendable (Receipt) async throws -> Void, dataset: @escaping @Sendable (SafeName) async throws -> Void,
    job: @escaping @Sendable (JobID) async throws -> Void, config: @escaping @Sendable (SafeName) async throws -> Void = { _ in },
    sweep: @escaping @Sendable (SweepID) async throws -> Void = { _ in }, changed: @escaping @Sendable () async -> Void,
    request: @escaping @Sendable (InboxRequest) async throws -> RequestAnswer
  ) {
    self.receipt = receipt
    self.dataset = dataset
    self.job = job
    self.config = config
    self.sweep = sweep
    self.changed = changed
    self.request = request
  }
}

package enum RequestAnswer: Sendable, Equatable {
  case carriedOut(String)
  case refused(Problem)
}
