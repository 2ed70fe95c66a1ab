import Catalogue
import Domain
import Engines
import Intake
import Logging
import Platform
import ServiceLifecycle
import SystemPackage

/// Looks through stored datasets behind their receipts: samples, a preview, and what is odd in the rows. Nobody waits for it, so it lets
/// others go first: while drops are taken in it does not begin, and its worker has a low priority.
actor SurveyService: Service {
  private let layout: RootLayout
  private let files: any FileSystem
  private let catalogue: Catalogue
  private let engine: any Engine
  private let views: DatasetViews
  private let retrySeconds: Double
  private let log: Logger
  private var intake: Intake?
  private let calls: AsyncStream<Void>
  private let caller: AsyncStream<Void>.Continuation
  private let stop = StopRequest()

  /// Versions that one worker looks through.
  private static let groupSize = 64
  /// How long drops may keep it from beginning, in pauses.
  private static let pause = Duration.milliseconds(50)
  private static let mostPauses = 1_200

  init(
    layout: RootLayout, files: any FileSystem, catalogue: Catalogue, engine: any Engine, views: DatasetViews, retrySeconds: Double,
    log: Logger
  ) {
    (self.layout, self.files, self.catalogue, self.engine, self.views) = (layout, files, catalogue, engine, views)
    (self.retrySeconds, self.log) = (retrySeconds, log)
    (calls, caller) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func connect(_ intake: Intake) { self.intake = intake }

  /// There may be something to look through.
  nonisolated func wake() { caller.yield() }

  func run() async throws {
    wake()  // what an earlier agent left
    await withGracefulShutdownHandler {
      await withTaskGroup(of: Void.self) { group in
        group.addTask { await self.emptyTrash() }
        for await _ in calls {
          if stop.isMade { break }
          await work()
        }
        group.cancelAll()
      }
    } onGracefulShutdown: { [stop, caller] in
      stop.make()
      caller.finish()
    }
  }

  /// Also where nothing is dropped or deleted for weeks.
  private func emptyTrash() async {
    while !Task.isCancelled {
      try? await Task.sleep(for: .seconds(views.settings.rescanSeconds))  // ends early where the agent stops
      if Task.isCancelled { return }
      do {
        try await views.empty()
      } catch {
        log.error("the trash cannot be emptied", metadata: ["error": "\(error)"])
      }
    }
  }

  private func work() async {
    do {
      while !stop.isMade {
        for _ in 0..<Self.mostPauses {
          guard let intake, await !intake.openNames.isEmpty, !stop.isMade else { break }
          try await Task.sleep(for: Self.pause)
        }
        let versions = try await catalogue.unsurveyed(Self.groupSize)
        if versions.isEmpty { return }
        try await survey(versions)
      }
    } catch is CancellationError {
      return
    } catch {
      log.error("datasets cannot be looked through yet", metadata: ["error": "\(error)"])
      try? await Task.sleep(for: .seconds(retrySeconds))  // ends early where the agent stops
      if !stop.isMade { wake() }
    }
  }

  private func survey(_ versions: [DatasetVersionRecord]) async throws {
    switch try await look(versions) {
    case .done: break
    case .stopped: throw CancellationError()
    case .refused(let problem) where Problem.machineTroubles.contains(problem.code): throw problem
    case .refused, .crashed:
      if stop.isMade { throw CancellationError() }
      // Whose fault it is shows when each is looked through by itself; that one is given up, and keeps its rows.
      guard versions.count == 1, let version = versions.first else {
        for version in versions { try await survey([version]) }
        return
      }
      log.error("a dataset cannot be looked through", metadata: ["dataset": "\(version.dataset)", "version": "\(version.number)"])
    }
    // In this order: after a crash between the two they are looked through once more, and told.
    try await views.publish(Set(versions.map(\.dataset)))
    try await catalogue.noteSurveyed(versions)
  }

  private func look(_ versions: [DatasetVersionRecord]) async throws -> WorkerOutcome {
    let orders = versions.map {
      SurveyOrder(dataset: $0.dataset, version: $0.number, folder: layout.workspace.dataset($0.dataset).version($0.number).folder.string)
    }
    let path = layout.workspace.surveyOrder
    try files.publish(try PublishedJSON.bytes(of: orders), to: path)
    let outcome = await engine.run(.survey(path), threads: nil, stop: stop, graceSeconds: 1) { _ in }
    try files.removeFile(path)
    // One that was killed leaves what it was making.
    if outcome != .done {
      for version in versions { try views.sweep(layout.workspace.dataset(version.dataset).version(version.number)) }
    }
    return outcome
  }
}
