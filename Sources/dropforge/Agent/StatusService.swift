import Catalogue
import Domain
import Intake
import Logging
import Platform
import Reporting
import Scheduling
import ServiceLifecycle
import Synchronization
import Watching

/// `workspace/status.json` and systemd's signs of life: written when something changed, and at least every ten seconds.
actor StatusService: Service {
  private let layout: RootLayout
  private let files: any FileSystem
  private let reserve: DiskReserve
  private let publisher: Publisher
  private let catalogue: Catalogue
  private let clock: WallClock
  private let log: Logger
  private let since: Timestamp
  private let notifier = ServiceNotifier()
  private var scheduler: Scheduler?
  private var errands: Errands?
  private var intake: Intake?
  private var watcher: InboxWatcher?
  private let changes: AsyncStream<Void>
  private let changeSink: AsyncStream<Void>.Continuation

  private static let heartbeatSeconds = 10.0
  /// Readers are promised 500 ms.
  private static let pause = Duration.milliseconds(250)

  init(
    layout: RootLayout, files: any FileSystem, reserve: DiskReserve, publisher: Publisher, catalogue: Catalogue, clock: WallClock,
    log: Logger
  ) {
    self.layout = layout
    self.files = files
    self.reserve = reserve
    self.publisher = publisher
    self.catalogue = catalogue
    self.clock = clock
    self.log = log
    since = Timestamp(nanoseconds: clock.now())
    (changes, changeSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func connect(scheduler: Scheduler, errands: Errands, intake: Intake, watcher: InboxWatcher) {
    self.scheduler = scheduler
    self.errands = errands
    self.intake = intake
    self.watcher = watcher
  }

  /// Something changed that the file tells.
  nonisolated func note() { changeSink.yield() }

  func run() async throws {
    await write(state: "running")
    notifier.ready("watching \(layout.inbox.folder)")
    let beat = min(Self.heartbeatSeconds, (notifier.watchdogSeconds ?? .infinity) / 2)
    await withGracefulShutdownHandler {
      await cancelWhenGracefulShutdown {
        await withTaskGroup(of: Void.self) { group in
          group.addTask { await self.beat(every: beat) }
          for await _ in self.changes {
            await self.write(state: "running")
            try? await Task.sleep(for: Self.pause)  // ends early where the agent stops
          }
          group.cancelAll()
        }
      }
    } onGracefulShutdown: { [notifier] in
      notifier.stopping()
    }
    await write(state: "stopped")
  }

  private func beat(every seconds: Double) async {
    while !Task.isCancelled {
      await scheduler?.ping()  // a scheduler that hangs must not look alive
      notifier.alive()
      note()
      Machine.returnFreeMemory()  // takes a millisecond at most; an idle agent is to stay small
      try? await Task.sleep(for: .seconds(seconds))  // ends early where the agent stops
    }
  }

  private func write(state: String) async {
    reserve.adapt()
    do {
      let status = try await status(state: state)
      try reserve.writing { try publisher.publish(status) }
      isTold = false
    } catch {
      if !isTold { log.error("workspace/status.json cannot be written; it is tried again", metadata: ["error": "\(error)"]) }
      isTold = true
    }
  }

  /// A trouble that lasts is told once.
  private var isTold = false

  private func status(state: String) async throws -> AgentStatus {
    let jobs = await scheduler?.lines ?? []
    let errands = await errands?.lines ?? []
    let counts = try await catalogue.counts()
    let space = try files.space(at: layout.root)
    let failures = try await catalogue.latestFailures(5)
    let waiting = await watcher?.waiting.map(\.sentence) ?? []
    return AgentStatus(
      version: DropforgeVersion.text, pid: Int(ProcessNumber.own), since: since, heartbeat: Timestamp(nanoseconds: clock.now()),
      state: state,
      running: jobs.filter(\.state.isRunning).map(Self.line),
      queue: jobs.filter { !$0.state.isRunning && !$0.state.isFinal }.map(Self.line), errands: errands.map(AgentStatus.ErrandLine.init),
      datasets: counts.datasets, jobs: counts.jobs, drops: (await intake?.openNames ?? []) + waiting,
      disk: .init(freeBytes: space.free, totalBytes: space.total),
      lastErrors: failures.map { .init(at: $0.at, what: "\($0.job): \($0.reason)") })
  }

  private static func line(_ job: JobStatus) -> AgentStatus.JobLine {
    .init(id: job.id, state: job.state, progress: job.progress, loss: job.loss, eta: job.eta, reason: job.reason)
  }
}
