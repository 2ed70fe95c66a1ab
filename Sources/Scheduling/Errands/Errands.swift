import Catalogue
import Domain
import Engines
import Logging
import Platform
import SystemPackage

/// Work in the background that is no job (tokenizing, downloading …): a queue in the catalogue, a worker an errand, a status file each.
///
/// An errand that was cut off by the end of the agent begins anew at its next start; one whose worker dies three times ends in error.
package actor Errands {
  let layout: RootLayout
  let files: any FileSystem
  let catalogue: Catalogue
  let engine: any Engine
  let settings: AgentSettings
  let works: [ErrandKind: any ErrandWork]
  /// Something that `workspace/status.json` tells has changed.
  let changed: @Sendable () async -> Void
  let clock: WallClock
  let log: Logger

  let wakeUpSink: AsyncStream<Void>.Continuation
  private let wakeUps: AsyncStream<Void>
  private let statusChanges: AsyncStream<Void>
  let statusChangeSink: AsyncStream<Void>.Continuation
  /// Errands that are under way, by the wish that stops their worker.
  var stops: [ErrandID: StopRequest] = [:]
  /// Errands that wait for a trouble to pass.
  var resting: Set<ErrandID> = []
  /// How often each has, since the agent began.
  var rests: [ErrandID: Int] = [:]
  let stop = StopRequest()
  var isShuttingDown = false
  var board: ErrandBoard

  package init(
    layout: RootLayout, files: any FileSystem, catalogue: Catalogue, engine: any Engine, settings: AgentSettings,
    works: [ErrandKind: any ErrandWork], changed: @escaping @Sendable () async -> Void, clock: WallClock, log: Logger
  ) {
    self.layout = layout
    self.files = files
    self.catalogue = catalogue
    self.engine = engine
    self.settings = settings
    self.works = works
    self.changed = changed
    self.clock = clock
    self.log = log
    (wakeUps, wakeUpSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    (statusChanges, statusChangeSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    board = ErrandBoard(layout: layout, files: files)
  }

  var now: Timestamp { Timestamp(nanoseconds: clock.now()) }

  /// Errands that ran when the agent ended begin anew. To be called before `run`.
  package func recover() async throws {
    for errand in try await catalogue.openErrands() {
      if errand.state == .running {
        try await works[errand.kind]?.abandon(errand, in: layout.workspace.errand(errand.id))
        try await catalogue.transition(errand: errand.id, from: .running, to: .pending, reason: Self.goesOn, at: now)
        log.notice("errand goes on", metadata: ["errand": "\(errand.id)"])
      }
      try await announce(errand.id)
    }
    // The agent may have ended between the catalogue's word and the file.
    let mostAtOnce = ErrandKind.allCases.reduce(1) { $0 + $1.mostAtOnce }
    for errand in try await catalogue.latestEndedErrands(mostAtOnce) where board.published(errand.id)?.state != errand.state {
      try await announce(errand.id)
    }
  }

  static let goesOn = "goes on after an interruption"

  /// Works until `shutDown` and the end of every worker.
  package func run() async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await self.stop.wait()
        if self.stop.isMade { await self.stopWorkers() }
      }
      group.addTask { await self.publishStatuses() }
      wake()
      for await _ in wakeUps {
        for errand in await pass() { group.addTask { await self.runErrand(errand) } }
        if isShuttingDown { break }
      }
      while !stops.isEmpty, await group.next() != nil {}
      statusChangeSink.finish()
    }
  }

  /// Something came or ended. Cheap: many calls make one pass.
  package nonisolated func wake() { wakeUpSink.yield() }

  package nonisolated func shutDown() { stop.make() }

  /// Open errands as `workspace/status.json` tells them.
  package var lines: [ErrandStatus] { board.all }

  private func stopWorkers() {
    isShuttingDown = true
    for stop in stops.values { stop.make() }
    wakeUpSink.yield()
    wakeUpSink.finish()
  }

  /// Readers are promised the newest values within 500 ms; writing twice as often is enough.
  private static let publishInterval = Duration.milliseconds(250)

  private func publishStatuses() async {
    for await _ in statusChanges {
      do {
        try board.publishChanges()
      } catch {
        log.error("an errand's status could not be written", metadata: ["error": "\(error)"])
      }
      await changed()
      try? await Task.sleep(for: Self.publishInterval)  // ends early where the agent stops
    }
  }

  /// One look at every open errand. Returns those to start.
  private func pass() async -> [ErrandRecord] {
    guard !isShuttingDown else { return [] }
    do {
      var starts: [ErrandRecord] = []
      let open = try await catalogue.openErrands()
      var free = Dictionary(
        uniqueKeysWithValues: ErrandKind.allCases.map { kind in
          (kind, kind.mostAtOnce - open.count { $0.kind == kind && stops[$0.id] != nil })
        })
      for errand in open where works[errand.kind] != nil {
        if errand.isUnwanted {
          if let stop = stops[errand.id] { stop.make() } else { try await end(errand, .cancelled, reason: Self.cancelled) }
        } else if errand.state == .pending, stops[errand.id] == nil, !resting.contains(errand.id), free[errand.kind, default: 0] > 0,
          !isShuttingDown  // since this pass began: who starts now would not hear of it
        {
          free[errand.kind, default: 0] -= 1
          stops[errand.id] = StopRequest()
          starts.append(errand)
        }
      }
      return starts
    } catch {
      log.error("the errands could not be looked through", metadata: ["error": "\(error)"])
      return []
    }
  }

  static let cancelled = "cancelled by the user"

  /// Writes an errand's `status.json` anew from the catalogue and what is known of its progress.
  package func announce(_ id: ErrandID) async throws {
    guard let errand = try await catalogue.errand(id) else { return }
    try board.update(errand, at: now)
    await changed()
  }
}
