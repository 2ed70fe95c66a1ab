import Catalogue
import Domain
import Engines
import Intake
import Logging
import Platform
import Reporting
import Scheduling
import ServiceLifecycle
import StrictJSON
import SystemPackage
import UnixSignals
import Watching

/// The daemon, put together: the rooms know nothing of one another, and here each is handed what it needs of the others.
struct Agent {
  let layout: RootLayout
  let settings: AgentSettings
  let log: Logger
  private let files = LinuxFileSystem()
  private let clock = WallClock.system

  /// Runs until SIGTERM or SIGINT; workers have written their checkpoints then.
  func run() async throws {
    let reserve = DiskReserve(layout.workspace.reserve, files: files)
    reserve.giveUp()  // what starts on a full disk needs a little room itself
    for folder in layout.folders { try files.makeFolders(folder) }
    for folder in [layout.root, layout.inbox.folder, layout.workspace.folder] { try files.syncFolder(folder) }
    guard let lock = try ExclusiveLock(layout.workspace.lock) else {
      let holder = ExclusiveLock.holder(of: layout.workspace.lock) ?? 0
      throw CommandFailure("An agent runs on \(layout.root) already: process \(holder). One root has one agent.", code: .saidNo)
    }
    defer { withExtendedLifetime(lock) {} }
    let catalogue = try Catalogue(path: layout.workspace.catalogue.string)
    let publisher = Publisher(layout: layout, files: files)
    let engine = NativeEngine(worker: Program.worker)
    let status = StatusService(
      layout: layout, files: files, reserve: reserve, publisher: publisher, catalogue: catalogue, clock: clock, log: log)

    let datasets = DatasetViews(
      layout: layout, files: files, catalogue: catalogue, publisher: publisher, settings: settings, clock: clock)
    let shelf = TokenizationShelf(
      layout: layout, files: files, catalogue: catalogue, publish: { names in try await datasets.publish(names) }, clock: clock, log: log)
    let configs = ConfigViews(layout: layout, files: files, catalogue: catalogue, publisher: publisher)
    let scheduler = Scheduler(
      layout: layout, files: files, catalogue: catalogue, engine: engine, settings: settings,
      reports: SchedulerReports(
        outputs: { facts in try publisher.publish(facts) },
        config: { name in try await configs.publish(name) },
        tokenized: { dataset, id in try await shelf.use(id, of: dataset) },
        sweep: { results in try publisher.publish(results) },
        changed: { status.note() }),
      clock: clock, log: log, defaultThreads: Machine.processors, plansAhead: true)

    let downloaded = Mailbox<ClaimedDrop>()
    let downloads = DownloadWork(
      layout: layout, files: files, catalogue: catalogue, settings: settings, handOver: { downloaded.put($0) },
      receipts: { receipts in try reserve.writing { try publisher.publish(receipts) } }, clock: clock)
    let surveys = SurveyService(
      layout: layout, files: files, catalogue: catalogue, engine: engine, views: datasets, retrySeconds: settings.retrySeconds, log: log)
    let rows = RowsErrands(layout: layout, files: files, catalogue: catalogue, limits: settings.ingestLimits)
    let tokenizing = TokenizeWork(
      layout: layout, files: files, catalogue: catalogue, shelf: shelf, settings: settings, defaultThreads: Machine.processors)
    let errands = Errands(
      layout: layout, files: files, catalogue: catalogue, engine: engine, settings: settings,
      works: [.tokenize: tokenizing, .download: downloads, .convert: rows, .exportRows: rows],
      changed: { status.note() }, clock: clock, log: log)

    let watcher = InboxWatcher(layout: layout, settings: settings, fileSystem: files, clock: clock, logger: log)
    let intake = Intake(
      layout: layout, files: files, catalogue: catalogue, engine: engine, settings: settings,
      reports: IntakeReports(
        receipts: { receipts in
          try reserve.writing { try publisher.publish(receipts) }
          status.note()
        },
        datasets: { names in try await datasets.publish(names) },
        job: { id in try await scheduler.announce(id) },
        configs: { names in try await configs.publish(names) },
        sweep: { id in try await scheduler.publish(id) },
        changed: {
          scheduler.wake()
          surveys.wake()
        },
        request: { request in
          switch request {
          case .rescan:
            await watcher.rescan()
            return .carriedOut("The inbox has been looked through.")
          case .deleteConfig(let name, let isForced): return try await configs.delete(name, isForced: isForced)
          case .renameConfig(let name, let new, let isForced): return try await configs.rename(name, to: new, isForced: isForced)
          case .tokenize(let order): return .init(try await tokenizing.accept(order, by: errands))
          case .dataset(let request): return try await datasets.carryOut(request, rows, errands)
          case .deleteTokenization(let id, let dataset, let isForced):
            return .init(
              try await shelf.delete(id, of: dataset, isForced: isForced, cancel: { id in _ = try await errands.cancel(id.text) }))
          case .cancelErrand(let name): return .init(try await errands.cancel(name))
          default: break
          }
          let answer = try await scheduler.carryOut(request)
          // `dropforge cancel NAME` need not know which of the two it is.
          if case .cancel(let name) = request, case .refused(let problem) = answer, problem.code == "job.unknown",
            try await errands.knows(name)
          {
            return .init(try await errands.cancel(name))
          }
          return .init(answer)
        },
        download: { wish, asker in try await errands.download(wish, for: asker) }),
      clock: clock, log: log)

    await status.connect(scheduler: scheduler, errands: errands, intake: intake, watcher: watcher)
    await surveys.connect(intake)
    try await configs.restore()
    try await datasets.recover()
    try await scheduler.recover()
    try await shelf.recover()
    try await errands.recover()
    try await intake.recover(try ClaimedDrop.list(layout.inbox, files))

    let claim = Claim(layout: layout.inbox, fileSystem: files, clock: clock, random: { UInt32.random(in: 0...UInt32.max) })
    let services: [any Service] = [
      status,
      SchedulerService(scheduler: scheduler),
      ErrandsService(errands: errands),
      surveys,
      IntakeService(intake: intake),
      DownloadsService(downloaded: downloaded, intake: intake),
      WatchService(watcher: watcher, claim: claim, intake: intake, log: log),
      HangUpService(watcher: watcher, log: log),
    ]
    var configuration = ServiceGroupConfiguration(
      services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: log)
    configuration.maximumGracefulShutdownDuration = .seconds(settings.stopSeconds + 10)
    log.notice("agent starts", metadata: ["root": "\(layout.root)", "version": "\(DropforgeVersion.text)"])
    try await ServiceGroup(configuration: configuration).run()
    try catalogue.close()
    log.notice("agent ends")
  }
}

extension RequestAnswer {
  init(_ answer: SchedulerAnswer) {
    switch answer {
    case .carriedOut(let message): self = .carriedOut(message)
    case .refused(let problem): self = .refused(problem)
    }
  }
}
