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
  private var controls: ControlFolders
  var stops: [JobID: StopRequest] = [:]
  /// What a running job is being stopped for.
  var stoppingFor: [JobID: SchedulePolicy.Wish] = [:]
  private let stop = StopRequest()
  var isShuttingDown = false
  var board: StatusBoard
  /// Jobs that the disk had no room for a moment ago.
  private var waitingForRoom: Set<JobID> = []
  /// Workers of a job that died one after the other without getting further, and how far the last one got.
  var crashes: [JobID: (count: Int, step: Int)] = [:]

  package init(
    layout: RootLayout, files: any FileSystem, catalogue: Catalogue, engine: any Engine, settings: AgentSettings, reports: SchedulerReports,
    clock: WallClock, log: Logger, defaultThreads: Int
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
    policy = SchedulePolicy(runningLimit: settings.runningJobs)
    (wakeUps, wakeUpSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    (statusChanges, statusChangeSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    controls = ControlFolders(layout: layout, files: files, log: log)
    board = StatusBoard(layout: layout, files: files)
  }

  var now: Timestamp { Timestamp(nanoseconds: clock.now()) }

  /// Something changed that a decision may depend on. Cheap: many calls make one pass.
  package nonisolated func wake() { wakeUpSink.yield() }

  /// Jobs that ran when the agent ended go on: they are pending again, first in the queue. To be called before `run`.
  package func recover() async throws {
    for job in try await catalogue.openJobs() {
      if job.state.isRunning {
        try await catalogue.transition(job.id, from: job.state, to: .pending, reason: PendingReason.resumes.sentence, at: now)
        log.notice("job goes on", metadata: ["job": "\(job.id)", "was": "\(job.state.rawValue)"])
      }
      try await announce(job.id)
    }
    // The agent may have ended between the catalogue's word and the file. No more jobs than may run can have been at that, and
    // one that was cancelled while it waited.
    for job in try await catalogue.latestEnded(65) where try board.publishedState(of: job.id) != job.state {
      try await announce(job.id)
    }
  }

  /// Works until `shutDown` and the end of every worker: they are asked to leave a checkpoint, and their jobs go on at the
  /// next start.
  package func run() async {
    controls.wake = { [wakeUpSink] in wakeUpSink.yield() }
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await self.stop.wait()
        if self.stop.isMade { await self.stopWorkers() }
      }
      group.addTask { await self.controls.listen() }
      group.addTask { await self.publishStatuses() }
      wake()
      for await _ in wakeUps {
        for id in await pass() { group.addTask { await self.runJob(id) } }
        if isShuttingDown { break }
      }
      controls.stop()
      while !stops.isEmpty, await group.next() != nil {}
      statusChangeSink.finish()
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
    wakeUpSink.yield()
    wakeUpSink.finish()
  }

  /// Returns when the scheduler has time: for a watchdog that asks whether it lives.
  package func ping() {}

  /// The open jobs as `workspace/status.json` tells them.
  package var lines: [JobStatus] { board.all }

  /// One look at every open job. Returns those to start.
  private func pass() async -> [JobID] {
    guard !isShuttingDown else { return [] }
    do {
      try await takeControlWords()
      let jobs = try await catalogue.openJobs()
      var open: [SchedulePolicy.OpenJob] = []
      for job in jobs { open.append(try await describe(job)) }
      var starts: [JobID] = []
      for decision in policy.decide(open) {
        switch decision {
        case .start(let id):
          if stops[id] == nil {
            stops[id] = StopRequest()
            starts.append(id)
          }
        case .stop(let id, let wish):
          stoppingFor[id] = wish
          stops[id]?.make()
        case .carryOut(let id, let wish):
          try await carryOut(wish, on: id)
        case .explain(let id, let reason):
          if jobs.first(where: { $0.id == id })?.reason != reason.sentence {
            try await catalogue.setReason(id, reason.sentence)
            try await announce(id)
          }
        }
      }
      return starts
    } catch {
      log.error("the queue could not be looked through", metadata: ["error": "\(error)"])
      return []
    }
  }

  private func describe(_ job: JobRecord) async throws -> SchedulePolicy.OpenJob {
    var missing: PendingReason? = waitingForRoom.contains(job.id) ? .waitingForRoom : nil
    if missing == nil, job.state == .pending, let file = try? decode(job) {
      missing = try await catalogue.needs(of: file, pinned: job.pins).missing
    }
    return .init(
      id: job.id, state: stops[job.id] != nil && job.state == .pending ? .preparing : job.state,
      wanted: job.wanted.map { $0 == .cancel ? .cancel : .pause },
      missing: missing, wasStarted: job.starts > 0)
  }

  /// Holds a job back for as long as a drop is that the disk has no room for. Ends early where the agent stops.
  func waitForRoom(_ id: JobID) async {
    waitingForRoom.insert(id)
    wake()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await Task.sleep(for: .seconds(self.settings.retrySeconds)) }  // ended by the stop below, or by itself
      group.addTask { await self.stop.wait() }
      await group.next()
      group.cancelAll()
    }
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
    try board.update(job, at: now)
    if !job.state.isFinal { controls.watch(id) } else { controls.unwatch(id) }
    await reports.changed()
  }

  // MARK: wishes

  private func takeControlWords() async throws {
    for job in try await catalogue.openJobs() {
      for word in try controls.words(in: job.id) {
        switch word {
        case .cancel: try await catalogue.want(.cancel, for: job.id)
        case .pause: try await catalogue.want(.pause, for: job.id)
        case .resume: _ = try await resume(job)
        }
        try controls.clear(word, of: job.id)
        log.notice("control", metadata: ["job": "\(job.id)", "word": "\(word.rawValue)"])
      }
    }
  }

  /// Carries out a request of the inbox.
  package func carryOut(_ request: InboxRequest) async throws -> SchedulerAnswer {
    switch request {
    case .rescan: return .refused(Problem("request.not-a-job", "a rescan is not the scheduler's", mend: "Report this fault."))
    case .cancel(let name):
      return try await withOpenJob(name, to: "cancel") { job in
        try await self.catalogue.want(.cancel, for: job.id)
        return "Job '\(job.id)' is being cancelled."
      }
    case .pause(let name):
      return try await withOpenJob(name, to: "pause") { job in
        try await self.catalogue.want(.pause, for: job.id)
        return "Job '\(job.id)' is being paused."
      }
    case .resume(let name):
      return try await withOpenJob(name, to: "resume") { job in
        try await self.resume(job) ? "Job '\(job.id)' goes on." : "Job '\(job.id)' is not paused: it is \(job.state.rawValue)."
      }
    }
  }

  private func withOpenJob(_ name: String, to verb: String, _ body: (JobRecord) async throws -> String) async throws -> SchedulerAnswer {
    guard let job = try await catalogue.job(called: name) else {
      return .refused(
        Problem(
          "job.unknown", "there is no job '\(name)'", at: .init(field: "job"),
          mend: "`dropforge status` lists the jobs; give a job's identifier or name."))
    }
    guard !job.state.isFinal else {
      return .refused(
        Problem(
          "job.over", "the job '\(job.id)' is over: it is \(job.state.rawValue)", at: .init(field: "job"),
          mend: "There is nothing to \(verb). Drop the job file again for another run."))
    }
    let message = try await body(job)
    wake()
    return .carriedOut(message)
  }

  private func resume(_ job: JobRecord) async throws -> Bool {
    try await catalogue.want(nil, for: job.id)
    guard job.state == .paused else { return false }
    try await catalogue.transition(job.id, from: .paused, to: .pending, reason: "resumed by the user", at: now)
    try await announce(job.id)
    return true
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
  /// Something that `workspace/status.json` tells has changed.
  package var changed: @Sendable () async -> Void

  package init(outputs: @escaping @Sendable (JobFacts) async throws -> Void, changed: @escaping @Sendable () async -> Void) {
    self.outputs = outputs
    self.changed = changed
  }
}
