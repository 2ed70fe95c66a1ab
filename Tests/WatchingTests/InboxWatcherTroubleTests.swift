import Domain
import Platform
import SystemPackage
import TestSupport
import Testing
import Watching

/// What can happen to an inbox that is no drop: lost events, lost folders, used-up limits.
@Suite(.timeLimit(.minutes(20)))
struct InboxWatcherTroubleTests {
  @Test func without_events_the_rescan_finds_everything() async throws {
    try await Watched.run(
      settleSeconds: 0.05, rescanSeconds: 0.05,
      openInotify: { () throws(SystemError) in throw SystemError(.tooManyOpenFiles, "open an inotify instance") }
    ) { watched in
      #expect(
        watched.log.lines == [
          "error: no events for the inbox, it is looked through every 0.05 seconds instead: open an inotify instance: Too many open files. The limit fs.inotify.max_user_instances is used up (or the limit on open files): sysctl fs.inotify.max_user_instances=1024 raises it."
        ])
      try watched.root.drop("x", as: "rows.csv", into: .dataset)
      #expect(await watched.next()?.displayName == "rows.csv")
      try watched.root.folder.write("x", to: "inbox/datasets/reviews/deep/a.csv")
      #expect(await watched.next()?.displayName == "reviews")
      #expect(watched.log.lines.count == 1)
    }
  }

  @Test func lost_events_make_it_look_through_everything() async throws {
    let root = try TemporaryRoot()
    var settings = AgentSettings()
    settings.settleSeconds = 0
    let log = CollectedLog()
    // It does not run: no event reaches it but the one below.
    let watcher = InboxWatcher(layout: root.layout, settings: settings, logger: log.logger)
    let path = try root.drop("x", as: "rows.csv", into: .dataset)
    await watcher.handle([Inotify.Event(watch: -1, mask: 0x4000, name: [])])
    var drops = watcher.drops.makeAsyncIterator()
    #expect(await drops.next()?.path == path)
    #expect(log.lines == ["notice: the kernel's queue of events overflowed: everything is looked through"])
  }

  @Test func a_rescan_that_is_asked_for_finds_what_no_event_told() async throws {
    try await Watched.run(settleSeconds: 3_600) { watched in
      // Delivered, then changed through another name outside of the inbox: the kernel tells nobody.
      let path = try watched.root.drop("one", as: "rows.csv", into: .dataset)
      #expect(await watched.next()?.path == path)
      let other = watched.root.folder.path.appending("other-name.csv")
      try SpecialFiles.makeHardLink(path, other)
      let file = try LinuxFileSystem().open(other, .appending)
      var text = "more"
      try text.withUTF8 { try LinuxFileSystem().writeAll(file, UnsafeRawBufferPointer($0)) }
      try LinuxFileSystem().close(file)
      await watched.watcher.rescan()
      #expect(await watched.watcher.waiting.map(\.path) == [path])
    }
  }

  @Test func a_folder_that_is_deleted_is_made_anew_and_watched() async throws {
    try await Watched.run(settleSeconds: 3_600) { watched in
      let files = LinuxFileSystem()
      try files.removeTree(watched.folder(.dataset))
      await watched.log.wait(for: "notice: made the folder '\(watched.folder(.dataset))'")
      await watched.watcher.rescan()
      try watched.root.drop("x", as: "rows.csv", into: .dataset)
      #expect(await watched.next()?.displayName == "rows.csv")
    }
  }

  @Test func an_inbox_that_is_moved_away_is_made_anew_and_its_old_folders_are_left() async throws {
    try await Watched.run(settleSeconds: 0.02) { watched in
      let files = LinuxFileSystem()
      let old = watched.root.folder.path.appending("old-inbox")
      try files.rename(watched.root.inbox.folder, to: old)
      await watched.log.wait(for: "notice: made the folder '\(watched.root.inbox.folder)'")
      await watched.watcher.rescan()
      // The old watches would tell of this one under a path that it does not have.
      try files.writeInPlace([1], to: old.appending("datasets").appending("old.csv"))
      try watched.root.drop("x", as: "new.csv", into: .dataset)
      #expect(await watched.next()?.displayName == "new.csv")
      try watched.root.drop("x", as: "newer.csv", into: .dataset)
      #expect(await watched.next()?.displayName == "newer.csv")
    }
  }

  @Test func a_folder_replaced_by_another_is_watched_in_its_place() async throws {
    try await Watched.run(settleSeconds: 3_600) { watched in
      let files = LinuxFileSystem()
      let folder = watched.folder(.dataset)
      let other = try watched.root.folder.makeFolder("other")
      try files.rename(folder, to: watched.root.folder.path.appending("aside"))
      _ = try? files.removeFolder(folder)  // the watcher may have made it anew by now
      try? files.rename(other, to: folder)
      await watched.watcher.rescan()
      try watched.root.drop("x", as: "rows.csv", into: .dataset)
      #expect(await watched.next()?.displayName == "rows.csv")
    }
  }

  @Test func a_folder_that_cannot_be_listed_is_told_once() async throws {
    let root = try TemporaryRoot()
    let files = FaultyFileSystem()
    let log = CollectedLog()
    let watcher = InboxWatcher(layout: root.layout, settings: AgentSettings(), fileSystem: files, logger: log.logger)
    for _ in 0..<3 {
      files.fail(.ioError, at: 2, of: [.names])
      await watcher.rescan()
    }
    let folder = root.inbox.folder(of: .dataset)
    #expect(
      log.lines == [
        "error: the folder '\(folder)' cannot be looked through: names '\(folder)': Input/output error. The disk reported a failure: look at the system's log (journalctl -k) before anything else."
      ])
    await watcher.rescan()
    files.fail(.ioError, at: 2, of: [.names])
    await watcher.rescan()
    #expect(log.lines.count == 2)
  }

  @Test func what_waits_in_a_folder_that_cannot_be_listed_is_not_forgotten() async throws {
    let root = try TemporaryRoot()
    let files = FaultyFileSystem()
    let watcher = InboxWatcher(layout: root.layout, settings: AgentSettings(), fileSystem: files, logger: CollectedLog().logger)
    let path = try root.folder.write("x", to: "inbox/datasets/rows.csv")
    await watcher.rescan()
    files.fail(.ioError, at: 2, of: [.names])
    await watcher.rescan()
    #expect(await watcher.waiting.map(\.path) == [path])
  }

  @Test func a_drop_that_was_put_back_is_delivered_again_when_it_has_settled() async throws {
    try await Watched.run(settleSeconds: 0.1) { watched in
      let path = try watched.root.drop("one", as: "rows.csv", into: .dataset)
      let drop = try #require(await watched.next())
      let claim = Claim(
        layout: watched.root.inbox, fileSystem: FaultyFileSystem(), clock: .system, random: { 1 },
        openForWriting: { $0 == path ? .no : .yes })
      let before = WallClock.system.monotonic()
      #expect(try claim.take(drop) == .changed)
      #expect(await watched.next()?.path == path)
      #expect(WallClock.system.monotonic() - before >= 100_000_000)
    }
  }

  @Test func a_drop_that_is_offered_again_is_delivered_again() async throws {
    try await Watched.run(settleSeconds: 0.05) { watched in
      let path = try watched.root.drop("one", as: "rows.csv", into: .dataset)
      #expect(await watched.next()?.path == path)
      await watched.watcher.offerAgain(path)
      #expect(await watched.next()?.path == path)
    }
  }

  @Test func a_claimed_drop_is_not_delivered_again() async throws {
    try await Watched.run(settleSeconds: 0.02) { watched in
      try watched.root.drop("one", as: "rows.csv", into: .dataset)
      let drop = try #require(await watched.next())
      let claim = Claim(layout: watched.root.inbox, fileSystem: FaultyFileSystem(), clock: .system, random: { 1 })
      guard case .claimed = try claim.take(drop) else {
        Issue.record("not claimed")
        return
      }
      await watched.watcher.rescan()
      try watched.root.drop("two", as: "rows.csv", into: .dataset)
      let second = await watched.next()
      #expect(second?.status.inode != drop.status.inode)
      #expect(second?.displayName == "rows.csv")
    }
  }

  @Test func when_it_is_cancelled_the_stream_ends() async throws {
    let root = try TemporaryRoot()
    let log = CollectedLog()
    let watcher = InboxWatcher(layout: root.layout, settings: AgentSettings(), logger: log.logger)
    let service = Task { try await watcher.run() }
    await log.wait(for: "info: watching '\(root.inbox.folder)'")
    service.cancel()
    try await service.value
    var drops = watcher.drops.makeAsyncIterator()
    #expect(await drops.next() == nil)
  }
}
