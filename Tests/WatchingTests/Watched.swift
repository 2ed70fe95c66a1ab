import Domain
import Platform
import SystemPackage
import TestSupport
import Testing
import Watching

/// A running watcher on a root of its own, with short times. It ends with the closure.
struct Watched {
  let root: TemporaryRoot
  let watcher: InboxWatcher
  let log: CollectedLog
  private let drops: Iterator

  /// The stream's iterator, in a box: a test reads one drop after another.
  private final class Iterator {
    var base: AsyncStream<SettledDrop>.AsyncIterator
    init(_ base: AsyncStream<SettledDrop>.AsyncIterator) { self.base = base }
  }

  /// - Parameter rescanSeconds: long, so that what is found is found by events, unless a test is about the rescan.
  static func run(
    settleSeconds: Double = 0.1, rescanSeconds: Double = 3_600, root: TemporaryRoot? = nil,
    openInotify: @escaping @Sendable () throws(SystemError) -> Inotify = { () throws(SystemError) in try Inotify() },
    isolation: isolated (any Actor)? = #isolation, _ body: (Watched) async throws -> Void
  ) async throws {
    let root = try root ?? TemporaryRoot()
    var settings = AgentSettings()
    settings.settleSeconds = settleSeconds
    settings.settleSecondsWhole = min(settleSeconds, 0.02)
    settings.rescanSeconds = rescanSeconds
    let log = CollectedLog()
    let watcher = InboxWatcher(layout: root.layout, settings: settings, logger: log.logger, openInotify: openInotify)
    let service = Task { try await watcher.run() }  // owned by this function: cancelled below, whatever the body does
    defer { service.cancel() }
    await log.wait(for: "info: watching '\(root.inbox.folder)'")
    try await body(Watched(root: root, watcher: watcher, log: log, drops: Iterator(watcher.drops.makeAsyncIterator())))
    service.cancel()
    try await service.value
  }

  func next() async -> SettledDrop? { await drops.base.next(isolation: #isolation) }

  /// The next so many drops.
  func next(_ count: Int) async -> [SettledDrop] {
    var found: [SettledDrop] = []
    while found.count < count, let drop = await next() { found.append(drop) }
    return found
  }

  func folder(_ kind: DropKind) -> FilePath { root.inbox.folder(of: kind) }
}
