import Catalogue
import Domain
import Engines
import Logging
import Platform
import SystemPackage

/// Runs jobs: decides which (`SchedulePolicy`), starts their workers, follows what they say, carries out users' wishes.
package actor Scheduler {
  let layout: RootLayout
  let files: any FileSystem
  let catalogue: Catalogue
  let engine: any Engine
  let settings: AgentSettings
  let reports: SchedulerReports
  let clock: WallClock
  let log: Logger
  /// Where neither the config nor the settings say how many.
  let defaultThreads: Int

  private let policy: SchedulePolicy
  private let wakeUps: AsyncStream<Void>
  private let wakeUpSink: AsyncStream<Void>.Continuation
  /// A status on the board changed; `publishStatuses` writes it.
  private let statusChanges: AsyncStream<Void>
  let statusChangeSink: AsyncStream<Void>.Continuation
  var controls: ControlFolders
  var stops: [JobID: StopRequest] = [:]
  /// What a running job is being stopped for.
  var stoppingFor: [JobID: SchedulePolicy.Wish] = [:]
  let stop = StopRequest()
  var isShuttingDown = false
  var board: StatusBoard
  /// Jobs that the disk had no room for a moment ago.
  private var waitingForRoom: Set<JobID> = []
  /// What the machine has left, and what is done about it: `Scheduler+Room`.
  let room: @Sendable () -> MachineRoom
  var roomHolds: [JobID: RoomHold] = [:]
  var stoppingForRoom: [JobID: RoomShortage] = [:]
  var isShort = false
  /// Jobs that run, in the order in which they started.
  var running: [JobID] = []
  /// Workers of a job that died one after the other without getting further, and how far the last one got.
  var crashes: [JobID: (count: Int, step: Int)] = [:]
  /// Whether jobs that wait in the queue are planned by workers of their own: `Scheduler+Plans`.
  let plansAhead: Bool
  var planning: JobID?
  var planned: Set<JobID> = []
  let planStop = StopRequest()

  package init(
    layout: RootLayout, files: any FileSystem, catalogue: Catalogue, engine: any Engine, settings: AgentSettings, reports: SchedulerReports,
    clock: WallClock, log: Logger, defaultThreads: Int, room: (@Sendable () -> MachineRoom)? = nil, plansAhead: Bool = false,
    openInotify: @escaping @Sendable () throws(SystemError) -> Inotify = { () throws(SystemError) in try Inotify() }
  ) {
    self.layout = layout
    self.files = files
    self.catalogue = catalogue
    self.engine = engine
    self.settings = settings
    self.reports = reports
    self.clock = clock
    self.log = log
    self.defaultThreads = defaultThreads
    self.plansAhead = plansAhead
    self.room = room ?? { MachineRoom(of: layout.root, files) }
    policy = SchedulePolicy(runningLimit: settings.runningJobs)
    (wakeUps, wakeUpSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    (statusChanges, statusChangeSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    controls = ControlFolders(files: files, workspace: layout.workspace.folder, log: log, openInotify: openInotify)
    board = StatusBoard(layout: layout, files: files)
  }

  var now: Timestamp { Timestamp(nanoseconds: clock.now()) }

  /// Something changed that a decision may depend on. Cheap: many calls make one pass.
  package nonisolated func wake() { wakeUpSink.yield() }

  /// Jobs that ran when the agent ended go on: they are pending again, first in the queue. To be called before `run`.
  package func recover() async throws {
    for job in try await catalogue.openJobs() {
      try files.removeTree(layout.workspace.job(job.id).planning.folder)  // of a plan that was cut off
      if job.state.isRunning {
        try await catalogue.transition(job.id, from: job.state, to: .pending, reason: interruption(of: job).sentence, at: now)
        log.notice("job goes on", metadata: ["job": "\(job.id)", "was": "\(job.state.rawValue)"])
      }
      try await announce(job.id)
    }
    // The agent may have ended between the catalogue's word and the file. No more jobs than may run can have been at that, and
    // one that was cancelled while it waited.
    for sweep in try await catalogue.openSweeps() { try await publish(sweep) }
    for job in try await catalogue.latestEnded(65) where try board.publishedState(of: job.id) != job.state {
      try await announce(job.id)
    }
  }

  /// Works until `shutDown` and the end of every worker: they are asked to leave a checkpoint, and their jobs go on at the
  /// next start.
  package func run() async {
    controls.start { [wakeUpSink] in wakeUpSink.yield() }
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await self.stop.wait()
        if self.stop.isMade { await self.stopWorkers() }
      }
      group.addTask { await self.lookEverySoOften() }
      group.addTask { await self.publishStatuses() }
      group.addTask { await self.watchRoom() }
      wake()
      for await _ in wakeUps {
        let next = await pass()
        for id in next.starts { group.addTask { await self.runJob(id) } }
        if let id = next.plan { group.addTask { await self.plan(id) } }
        if isShuttingDown { break }
      }
      controls.stop()
      while !stops.isEmpty || planning != nil, await group.next() != nil {}
      statusChangeSink.finish()
    }
  }

  /// Events are wake-ups, looks are the truth: what no event told is found all the same.
  private func lookEverySoOften() async {
    while true {
      await pause(seconds: controls.hasEvents ? settings.rescanSeconds : settings.secondsBetweenLooks)
      if stop.isMade { return }
      controls.renew()
      wake()
    }
  }

  /// Ends early where the agent stops.
  func pause(seconds: Double) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await Task.sleep(for: .seconds(seconds)) }  // ended by the stop below, or by itself
      group.addTask { await self.stop.wait() }
      await group.next()
      group.cancelAll()
    }
  }

  /// Readers are promised the newest values within 500 ms; writing twice as often is enough.
  private static let publishInterval = Duration.milliseconds(250)

  private func publishStatuses() async {
    for await _ in statusChanges {
      do {
        try board.publishChanges()
      } catch {
        log.error("a job's status could not be written", metadata: ["error": "\(error)"])
      }
      await reports.changed()
      try? await Task.sleep(for: Self.publishInterval)  // ends early where the agent stops
    }
  }

  package nonisolated func shutDown() { stop.make() }

  private func stopWorkers() {
    isShuttingDown = true
    for stop in stops.values { stop.make() }
    planStop.make()
    wakeUpSink.yield()
    wakeUpSink.finish()
  }

  /// Returns when the scheduler has time: for a watchdog that asks whether it lives.
  package func ping() {}

  /// The open jobs as `workspace/status.json` tells them.
  package var lines: [JobStatus] { board.all }

  /// One look at every open job. Returns those to start, and one to plan.
  private func pass() async -> (starts: [JobID], plan: JobID?) {
    guard !isShuttingDown else { return ([], nil) }
    do {
      try await takeControlWords()
      let jobs = try await catalogue.openJobs()
      var open: [SchedulePolicy.OpenJob] = []
      for job in jobs { open.append(try await describe(job)) }
      var starts: [JobID] = [], queued: [JobID] = []
      for decision in policy.decide(open) {
        switch decision {
        case .start(let id):
          // A stop of the agent may have come while this pass read the catalogue: who starts now would not hear of it.
          if stops[id] == nil, !isShuttingDown {
            stops[id] = StopRequest()
            running.append(id)
            starts.append(id)
          }
        case .stop(let id, let wish):
          stoppingFor[id] = wish
          stops[id]?.make()
        case .carryOut(let id, let wish):
          try await carryOut(wish, on: id)
        case .explain(let id, let reason):
          if case .queued = reason { queued.append(id) }
          let job = jobs.first { $0.id == id }
          if job?.reason != reason.sentence || job?.waits != reason.isOutOfTheQueue {
            try await catalogue.setReason(id, reason.sentence, waits: reason.isOutOfTheQueue)
            try await announce(id)
          }
        case .giveUp(let id, let problem):
          try await end(id, .error, problem.description, problem)
          wake()  // others may come after this one
        }
      }
      return (starts, nextToPlan(queued))
    } catch {
      log.error("the queue could not be looked through", metadata: ["error": "\(error)"])
      return ([], nil)
    }
  }

  private func describe(_ job: JobRecord) async throws -> SchedulePolicy.OpenJob {
    var missing: PendingReason? = waitingForRoom.contains(job.id) ? .waitingForRoom : shortage(for: job)
    var impossible: Problem?
    if missing == nil, job.state == .pending, let file = try? decode(job) {
      let needs = try await catalogue.needs(of: file, pinned: job.pins)
      (missing, impossible) = (needs.missing, needs.impossible)
    }
    return .init(
      id: job.id, state: stops[job.id] != nil && job.state == .pending ? .preparing : job.state,
      wanted: job.wanted.map { $0 == .cancel ? .cancel : .pause },
      missing: missing, impossible: impossible, wasStarted: job.starts > 0)
  }

  /// Holds a job back for as long as a drop is that the disk has no room for. Ends early where the agent stops.
  func waitForRoom(_ id: JobID) async {
    waitingForRoom.insert(id)
    wake()
    await pause(seconds: settings.retrySeconds)
    waitingForRoom.remove(id)
    wake()
  }

  private func carryOut(_ wish: SchedulePolicy.Wish, on id: JobID) async throws {
    guard let job = try await catalogue.job(id) else { return }
    let next: JobState = wish == .cancel ? .cancelled : .paused
    try await catalogue.transition(id, from: job.state, to: next, reason: Self.sentence(for: wish), at: now)
    try await announce(id)
    wake()
  }

  static func sentence(for wish: SchedulePolicy.Wish) -> String {
    switch wish {
    case .cancel: "cancelled by the user"
    case .pause: "paused by the user: `dropforge resume`, or a file RESUME in its control/ folder, lets it go on"
    }
  }

  /// Writes a job's `status.json` anew from the catalogue and what is known of its progress.
  package func announce(_ id: JobID) async throws {
    guard let job = try await catalogue.job(id) else { return }
    if let sweep = job.sweep, job.state.isFinal || job.state == .preparing {
      // Before the job's own word: who has read that one is over finds it in the table.
      do {
        try await publish(sweep)
      } catch {
        log.error("a sweep's table could not be written", metadata: ["sweep": "\(sweep)", "error": "\(error)"])
      }
    }
    try board.update(job, at: now)
    let control = layout.workspace.job(id).control
    if !job.state.isFinal { controls.watch(control) } else { controls.unwatch(control) }
    await reports.changed()
  }
}

package enum SchedulerAnswer: Sendable, Equatable {
  case carriedOut(String)
  case refused(Problem)
}

/// What the scheduler has others write. Wired by the roof.
package struct SchedulerReports: Sendable {
  /// The folder of a job that did its work: model card, manifest, README.
  package var outputs: @Sendable (JobFacts) async throws -> Void
  /// A stored config was used.
  package var config: @Sendable (SafeName) async throws -> Void
  /// A job trains on that tokenization of a dataset.
  package var tokenized: @Sendable (SafeName, String) async throws -> Void
  /// Something changed of a sweep.
  package var sweep: @Sendable (SweepResults) async throws -> Void
  /// Something that `workspace/status.json` tells has changed.
  package var changed: @Sendable () async -> Void

  package init(
    outputs: @escaping @Sendable (JobFacts) async throws -> Void, config: @escaping @Sendable (SafeName) async throws -> Void = { _ in },
    tokenized: @escaping @Sendable (SafeName, String) async throws -> Void = { _, _ in },
    sweep: @escaping @Sendable (SweepResults) async throws -> Void = { _ in }, changed: @escaping @Sendable () async -> Void
  ) {
    self.outputs = outputs
    self.tokenized = tokenized
    self.config = config
    self.sweep = sweep
    self.changed = changed
  }
}
