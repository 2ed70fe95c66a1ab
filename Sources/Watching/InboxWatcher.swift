import Domain
import Logging
import Platform
import SystemPackage

/// The inbox's long-running service: finds drops however they arrive and hands on each once, when it is whole.
///
/// Events are wake-ups, looks are the truth. An event makes the watcher look at the path it names; a start-up scan, a rescan
/// every so often, and one after lost events find what no event told. Between events it sleeps: one timer stands for the
/// earliest deadline.
///
/// A path is delivered at most once until it disappears or changes. To claim it is the receiver's business: `Claim`.
package actor InboxWatcher {
  /// Whole drops, in the order in which they became so. For one reader; ends with `run()`.
  package nonisolated let drops: AsyncStream<SettledDrop>
  private let sink: AsyncStream<SettledDrop>.Continuation

  let layout: RootLayout
  let fileSystem: any FileSystem
  let scanner: InboxScanner
  let clock: WallClock
  let logger: Logger
  let openInotify: @Sendable () throws(SystemError) -> Inotify
  private let hasRemoteFolders: Bool
  private let pace: (withEvents: Int64, without: Int64)

  private var tracker: SettleTracker
  var watches = WatchTable()
  var inotify: Inotify?
  /// Hands the kernel's batches to this actor; owned here, ended with `inotify`.
  var pump: Task<Void, Never>?
  /// Some folder has no watch: the limit is used up.
  var lacksWatches = false
  /// What was logged and has not mended itself since: each trouble is told once.
  var told: Set<String> = []

  /// Sleeps until the next deadline; owned here, cancelled by every earlier deadline and by the end of `run()`.
  private var alarm: Task<Void, Never>?
  private var alarmAt: Int64?
  private var nextRescan: Int64 = 0
  private(set) var isRunning = false

  package init(
    layout: RootLayout, settings: AgentSettings, fileSystem: any FileSystem = LinuxFileSystem(), clock: WallClock = .system, logger: Logger,
    openForWriting: @escaping @Sendable (FilePath) -> OpenForWriting.Answer = OpenForWriting.ask,
    openInotify: @escaping @Sendable () throws(SystemError) -> Inotify = { () throws(SystemError) in try Inotify() }
  ) {
    self.layout = layout
    self.fileSystem = fileSystem
    self.clock = clock
    self.logger = logger
    self.openInotify = openInotify
    scanner = InboxScanner(layout: layout.inbox, fileSystem: fileSystem, openForWriting: openForWriting)
    hasRemoteFolders = layout.inbox.watched.contains { FileSystemType.isRemote($0) }
    tracker = SettleTracker(rules: SettleRules(settings, trustsChangeTimes: !hasRemoteFolders))
    pace = (Int64(settings.rescanSeconds * 1e9), Int64(settings.secondsBetweenLooks * 1e9))
    (drops, sink) = AsyncStream.makeStream()
  }

  /// Watches until the task is cancelled. A trouble with the inbox is logged and tried again; it does not end the service.
  package func run() async throws {
    isRunning = true
    rescan()
    logger.info("watching '\(layout.inbox.folder)'")
    for await _ in AsyncStream(Never.self, { _ in }) {}  // until the task is cancelled
    isRunning = false
    inotify?.stop()
    inotify = nil
    pump?.cancel()
    alarm?.cancel()
    sink.finish()
  }

  /// Drops that are not taken yet, and why.
  package var waiting: [WaitingDrop] { tracker.waiting(now: Moment(clock)) }

  /// Whether the kernel tells of everything that happens in the inbox. Where it does not (another machine writes there, or a
  /// limit is used up), looking is all there is.
  package var hasEvents: Bool { !hasRemoteFolders && inotify != nil && !lacksWatches }

  /// Looks through everything now: for a request, and for who knows more than the events said.
  package func rescan() {
    let start = Moment(clock)
    if isRunning, inotify == nil { startInotify() }
    renewWatches()
    nextRescan = start.monotonic + (hasEvents ? pace.withEvents : pace.without)
    var found: Set<FilePath> = []
    for folder in layout.inbox.watched {
      do throws(SystemError) {
        for path in try scanner.drops(in: folder) {
          found.insert(path)
          look(at: path)
        }
        recovered("list \(folder)")
      } catch {
        // Removed since it was made anew above; a folder that cannot be made has been told of there.
        if error.code == .noSuchFileOrDirectory { continue }
        tell("list \(folder)", .error, "the folder '\(folder)' cannot be looked through: \(error). \(error.mend ?? "It is tried again.")")
        found.formUnion(tracker.paths.filter { $0.removingLastComponent() == folder })
      }
    }
    for path in tracker.keepOnly(found, now: Moment(clock)) { unwatch(path) }
    for drop in tracker.newlyStale(now: Moment(clock)) { logger.warning("a drop has waited for an hour: \(drop.sentence)") }
    setAlarm()
  }

  /// For a drop that was delivered and not claimed (it had changed, or the disk was full): it is delivered again after
  /// the settle time, if it is whole then.
  package func offerAgain(_ path: FilePath) {
    tracker.offerAgain(path, now: Moment(clock))
    look(at: path)
    setAlarm()
  }

  // MARK: events

  /// What the kernel told since the last time.
  package func handle(_ batch: [Inotify.Event]) {
    var paths: [FilePath] = []
    var seen: Set<FilePath> = []
    var mustRescan = false
    let now = Moment(clock)
    func note(_ trace: SettleTracker.Trace, _ path: FilePath) {
      if tracker.note(trace, at: path, now: now), seen.insert(path).inserted { paths.append(path) }
    }
    for event in batch {
      if event.isOverflow {
        logger.notice("the kernel's queue of events overflowed: everything is looked through")
        tracker.eventsWereLost(now: now)
        mustRescan = true
        continue
      }
      switch watches[event.watch] {
      case nil: continue
      case .root?:
        if event.component == layout.inbox.folder.lastComponent, event.isComingOrGoing { mustRescan = true }
      case .watched(let folder)?:
        if event.isWatchGone {
          if event.isIgnored { watches.remove(event.watch) }
          mustRescan = true
        } else if let name = event.component {
          if !scanner.isDrop(name, in: folder) {
            if event.isComingOrGoing { mustRescan = true }
          } else {
            for trace in event.traces { note(trace, folder.appending(name)) }
          }
        }
      case .inside(let folder, let drop)?:
        if event.isIgnored { watches.remove(event.watch) }
        if event.isFolder, event.isAppearing, let name = event.component { watchTree(folder.appending(name), drop: drop) }
        note(.inside, drop)
      }
    }
    if mustRescan { rescan() }
    for path in paths { look(at: path) }
    setAlarm()
  }

  /// Looks, and does what follows.
  private func look(at path: FilePath) {
    do throws(SystemError) {
      guard var sighting = try scanner.sight(path, entering: { watchInside($0, drop: path) }) else {
        tracker.isGone(path, now: Moment(clock))
        unwatch(path)
        return
      }
      recovered("look \(path)")
      while true {
        switch tracker.decide(sighting, now: Moment(clock)) {
        case .ask(let question): sighting = scanner.answer(question, for: sighting)
        case .take: return deliver(sighting, nil)
        case .refuse(let problem): return deliver(sighting, problem)
        case .wait, .ignore: return
        }
      }
    } catch {
      tell("look \(path)", .error, "'\(path.displayName)' cannot be looked at: \(error). \(error.mend ?? "It is tried again.")")
    }
  }

  private func deliver(_ sighting: Sighting, _ refusal: Problem?) {
    unwatch(sighting.path)
    let firstSeen = tracker.firstSeen(sighting.path)?.wall ?? clock.now()
    sink.yield(
      SettledDrop(
        path: sighting.path, kind: sighting.kind, status: sighting.status, summary: sighting.summary,
        firstSeen: Timestamp(nanoseconds: firstSeen), refusal: refusal))
  }

  // MARK: time

  var paceInWords: String { "every \(Figures.general(Double(pace.without) / 1e9)) seconds" }

  /// No event tells of some folder any more: the next look does not wait for the long pace.
  func lookSooner() { nextRescan = min(nextRescan, clock.monotonic() + pace.without) }

  private func setAlarm() {
    if !isRunning { return }
    // Rounded up to 10 ms: drops that came together settle in one wake-up.
    let grain: Int64 = 10_000_000
    let at = (min(tracker.nextDeadline ?? .max, nextRescan) + grain - 1) / grain * grain
    if let alarmAt, alarmAt <= at { return }
    alarm?.cancel()
    alarmAt = at
    let pause = Duration.nanoseconds(max(0, at - clock.monotonic()))
    alarm = Task { [weak self] in
      guard (try? await Task.sleep(for: pause)) != nil else { return }  // cancelled: another alarm stands
      await self?.ring()
    }
  }

  private func ring() {
    if Task.isCancelled { return }
    alarmAt = nil
    let now = Moment(clock)
    if now.monotonic >= nextRescan { rescan() }
    for path in tracker.due(now: now) { look(at: path) }
    setAlarm()
  }
}
