import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// What a machine does to an agent: no room on the disk, no events left, a queue that overflows, a folder mounted over.
struct MachineTroubleTests {
  private static func rows(_ topic: String, _ count: Int) -> String { (1...count).map { "{\"text\":\"\(topic) \($0)\"}\n" }.joined() }

  /// Fills a file system to its last page.
  private static func fill(_ path: FilePath) throws {
    let files = LinuxFileSystem()
    let file = try files.open(path, .writing)
    defer { try? files.close(file) }
    for size in [1 << 20, 1 << 12] {
      let zeros = [UInt8](repeating: 0, count: size)
      while (try? zeros.withUnsafeBytes { try file.write($0) }) == size {}
    }
  }

  @Test func on_a_full_disk_a_drop_waits_and_goes_through_when_there_is_room() async throws {
    let disk = try SmallDisk(megabytes: 24)
    let agent = try await RunningAgent.start(on: disk)
    #expect(try await agent.dropAndWait(Self.rows("first", 10), as: "first.jsonl", into: .dataset).status == .accepted)

    // Written while there is room, moved in when there is none: its rows are more than the megabyte that the agent keeps for its own
    // words and gives up when the disk is full.
    let inbox = agent.layout.inbox.folder(of: .dataset)
    let rows = "text\n" + (1...20_000).map { "second \(String(repeating: "x", count: 130)) \($0)\n" }.joined()
    try agent.files.writeInPlace(Array(rows.utf8), to: disk.path.appending("second.csv"))
    let filler = disk.path.appending("filler")
    try Self.fill(filler)
    try agent.files.rename(disk.path.appending("second.csv"), to: inbox.appending("second.csv"))
    // The agent has kept a little room for its own words.
    let waiting = try await Patience.wait(for: "the receipt of a drop that waits") {
      let path = agent.layout.inbox.receipt(forFileNamed: "second.csv")
      return agent.files.exists(path) ? try PublishedJSON.decode(Receipt.self, from: try agent.files.contents(of: path)) : nil
    }
    #expect(waiting.status == .waiting)
    #expect(waiting.problem?.code == "disk.full")
    #expect(waiting.message.hasSuffix("Free space on the disk; the drop is taken in by itself then."), "\(waiting.message)")
    // Whatever stands there is whole, and the drop is in one of its four places.
    try Self.everyPublishedFileIsWhole(agent)
    #expect(try Self.whereabouts(of: "second.csv", agent) == 1)
    #expect(agent.isAlive)

    try agent.files.removeFile(filler)
    let receipt = try await agent.receipt("second.csv")
    #expect(receipt.status == .accepted, "\(receipt)")
    #expect(try agent.rows(of: "second").count == 20_000)
    try Self.everyPublishedFileIsWhole(agent)
    _ = try await agent.stop()  // a claim's folder goes after its receipt
    #expect(try Self.whereabouts(of: "second.csv", agent) == 0)
  }

  @Test func with_every_inotify_limit_used_up_drops_are_found_by_looking_and_events_come_back() async throws {
    for limit in ["instances", "watches"] {
      let disk = try SmallDisk(megabytes: 64)
      try await disk.run("echo 0 > /proc/sys/user/max_inotify_\(limit)")
      let agent = try await RunningAgent.start(on: disk, settings: ["settle_seconds": 1])
      #expect(try await agent.dropAndWait(Self.rows(limit, 10), as: "rows.jsonl", into: .dataset).status == .accepted)
      if limit == "instances" {
        try await agent.says(
          "no events for the inbox, it is looked through every 1 seconds instead: open an inotify instance: Too many open files. The limit fs.inotify.max_user_instances is used up (or the limit on open files): sysctl fs.inotify.max_user_instances=1024 raises it."
        )
      } else {
        try await agent.says("no events for some folders, they are looked through every 1 seconds instead: watch the folder")
        try await agent.says(
          "No space left on device. The limit fs.inotify.max_user_watches is used up: sysctl fs.inotify.max_user_watches=1048576 raises it."
        )
      }
      try await disk.run("echo 1000 > /proc/sys/user/max_inotify_\(limit)")
      try await agent.says("the kernel tells of")
      _ = try await agent.stop()
    }
  }

  @Test func an_overflow_of_the_kernels_queue_loses_nothing() async throws {
    let agent = try await RunningAgent.start()
    let pid = try #require(agent.pid)
    // A queue is needed for it to overflow: beside many other tests the limit on them may be used up for a while.
    _ = try await Patience.wait(for: "a watch on the inbox") { agent.watches >= agent.layout.inbox.watched.count ? true : nil }
    kill(pid, SIGSTOP)
    // More events than the queue holds, while nobody reads it: none of the drop's own is in it.
    let inbox = agent.layout.inbox.folder(of: .dataset)
    let limit = Int((try agent.text("/proc/sys/fs/inotify/max_queued_events")).trimmingCharacters(in: .whitespacesAndNewlines)) ?? 16_384
    let names = (0..<2).map { inbox.appending("noise-\($0).part") }
    for _ in 0..<limit / 6 + 1_000 {
      for name in names { try agent.files.writeInPlace([0x2E], to: name) }  // created, modified, closed, deleted: never twice the same
      for name in names { try agent.files.removeFile(name) }
    }
    try agent.drop(Self.rows("overflow", 10), as: "rows.jsonl", into: .dataset)
    kill(pid, SIGCONT)
    #expect(try await agent.receipt("rows.jsonl").status == .accepted)
    try await agent.says("the kernel's queue of events overflowed: everything is looked through")
    _ = try await agent.stop()
  }

  @Test func an_inbox_folder_that_is_deleted_replaced_or_mounted_over_goes_on_taking_drops() async throws {
    let disk = try SmallDisk(megabytes: 64)
    let agent = try await RunningAgent.start(on: disk, settings: ["settle_seconds": 0.5, "rescan_seconds": 1])
    let inbox = agent.layout.inbox.folder(of: .dataset)
    try agent.files.removeTree(inbox)
    _ = try await Patience.wait(for: "the folder made anew") { agent.files.isFolder(inbox) ? true : nil }
    #expect(try await agent.dropAndWait(Self.rows("deleted", 10), as: "deleted.jsonl", into: .dataset).status == .accepted)

    try agent.files.makeFolders(disk.path.appending("other"))
    try agent.files.rename(inbox, to: disk.path.appending("away"))
    try agent.files.rename(disk.path.appending("other"), to: inbox)
    #expect(try await agent.dropAndWait(Self.rows("replaced", 10), as: "replaced.jsonl", into: .dataset).status == .accepted)

    let folder = disk.inside.pushing("inbox/datasets")
    try await disk.run("mount -t tmpfs -o size=8m none '\(folder)'")
    #expect(try await agent.dropAndWait(Self.rows("mounted", 10), as: "mounted.jsonl", into: .dataset).status == .accepted)
    try await disk.run("umount -l '\(folder)'")
    #expect(try await agent.dropAndWait(Self.rows("unmounted", 10), as: "unmounted.jsonl", into: .dataset).status == .accepted)
    _ = try await agent.stop()  // a claim's folder goes after its receipt
    #expect(try agent.files.names(in: agent.layout.inbox.claimed).isEmpty)
  }

  @Test func a_hang_up_signal_and_a_request_look_through_the_inbox_now() async throws {
    let disk = try SmallDisk(megabytes: 64)
    try await disk.run("echo 0 > /proc/sys/user/max_inotify_instances")
    let agent = try await RunningAgent.start(on: disk, settings: ["settle_seconds": 0, "rescan_seconds": 3_600])
    // settle_seconds 0 makes a look every second, which is the least: SIGHUP is told apart by its line in the log.
    kill(try #require(agent.pid), SIGHUP)
    try await agent.says("SIGHUP: the inbox is looked through")
    #expect(
      try await agent.dropAndWait("{\"action\":\"rescan\"}", as: "look.json", into: .request).message
        == "The inbox has been looked through.")
    #expect(agent.isAlive)
    _ = try await agent.stop()
  }

  /// In how many of inbox, claimed and rejected a drop of this name lies.
  private static func whereabouts(of name: String, _ agent: RunningAgent) throws -> Int {
    try agent.files.walk(agent.layout.inbox.folder).count { $0.0.lastComponent?.string == name }
  }

  private static func everyPublishedFileIsWhole(_ agent: RunningAgent) throws {
    for (name, status) in try agent.files.walk(agent.layout.root) where status.kind == .file && name.extension == "json" {
      if name.string.contains("/.") || name.string.hasPrefix(".") { continue }
      _ = try JSONParser.parse(try agent.files.contents(of: agent.layout.root.pushing(name)))
    }
  }
}
