import Platform
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

struct OpenForWritingTests {
  let folder: TemporaryFolder
  let files = LinuxFileSystem()

  init() throws { folder = try TemporaryFolder() }

  @Test func the_kernel_says_whether_anybody_writes() throws {
    let path = try folder.write("x", to: "a")
    #expect(OpenForWriting.ask(path) == .no)
    let reader = try files.open(path, .reading)
    #expect(OpenForWriting.ask(path) == .no)
    let writer = try files.open(path, .appending)
    let other = try files.open(path, .readingAndWriting)
    #expect(OpenForWriting.ask(path) == .yes)
    try files.close(writer)
    #expect(OpenForWriting.ask(path) == .yes)
    try files.close(other)
    #expect(OpenForWriting.ask(path) == .no)
    try files.close(reader)
  }

  @Test func a_mapping_that_can_be_written_counts_after_its_file_was_closed() throws {
    let path = try folder.write(String(repeating: "x", count: 4_096), to: "a")
    let file = try files.open(path, .readingAndWriting)
    let address = mmap(nil, 4_096, PROT_READ | PROT_WRITE, MAP_SHARED, file.rawValue, 0)
    try #require(address != MAP_FAILED)
    try files.close(file)
    #expect(OpenForWriting.ask(path) == .yes)
    munmap(address, 4_096)
    #expect(OpenForWriting.ask(path) == .no)
  }

  @Test func nothing_can_be_said_of_links_and_of_what_is_not_there() throws {
    let path = try folder.write("x", to: "a")
    try SpecialFiles.makeSymbolicLink(folder.path.appending("link"), to: path)
    #expect(OpenForWriting.ask(folder.path.appending("link")) == .unknown)
    #expect(OpenForWriting.ask(folder.path.appending("nothing")) == .unknown)
  }

  /// Who opens a file for writing in the moment in which the question is asked makes the kernel send a signal to the asker;
  /// by default it is one that ends the process, and this test with it.
  @Test func a_writer_that_comes_while_it_is_asked_ends_nobody() async throws {
    let path = try folder.write("x", to: "a")
    await withTaskGroup(of: Int.self) { group in
      group.addTask {
        var answers = 0
        for _ in 0..<4_000 where OpenForWriting.ask(path) != .unknown { answers += 1 }
        return answers
      }
      group.addTask {
        var opened = 0
        for _ in 0..<4_000 {
          guard let file = try? LinuxFileSystem().open(path, .appending) else { continue }
          try? LinuxFileSystem().close(file)
          opened += 1
        }
        return opened
      }
      for await count in group { #expect(count == 4_000) }
    }
    #expect(OpenForWriting.ask(path) == .no)
  }
}

struct ExclusiveLockTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func one_holder_at_a_time() throws {
    let path = folder.path.appending("lock")
    #expect(ExclusiveLock.holder(of: path) == nil)
    var first = try ExclusiveLock(path)
    #expect(first != nil)
    #expect(try ExclusiveLock(path) == nil)
    #expect(ExclusiveLock.holder(of: path) == getpid())
    first = nil
    #expect(ExclusiveLock.holder(of: path) == nil)
    let again = try ExclusiveLock(path)
    #expect(again != nil)
    #expect(ExclusiveLock.holder(of: path) == getpid())
  }

  @Test func a_lock_that_cannot_be_opened_is_an_error() {
    let path = folder.path.pushing("nothing/lock")
    #expect(throws: SystemError(.noSuchFileOrDirectory, "open for locking", path)) { try ExclusiveLock(path) }
  }

  /// Who asks for the holder takes a shared lock in passing: an agent that starts in that moment is not turned away.
  @Test func asking_for_the_holder_keeps_nobody_out() async throws {
    let path = folder.path.appending("lock")
    _ = try ExclusiveLock(path)
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        for _ in 0..<300 { _ = ExclusiveLock.holder(of: path) }
        return true
      }
      group.addTask {
        for _ in 0..<100 where (try? ExclusiveLock(path)) == nil { return false }
        return true
      }
      for await isFine in group { #expect(isFine) }
    }
  }
}

struct ServiceNotifierTests {
  /// A datagram socket of our own in systemd's place.
  private final class Listener {
    let descriptor: Int32
    init(_ path: FilePath) throws {
      descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      let bytes = Array(path.string.utf8)
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
      let length = socklen_t(MemoryLayout<sockaddr_un>.size)
      let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
      }
      try #require(result == 0)
    }
    deinit { close(descriptor) }

    func next() -> String {
      var bytes = [UInt8](repeating: 0, count: 500)
      let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
  }

  @Test func each_sign_of_life_is_one_datagram() throws {
    let folder = try TemporaryFolder()
    let path = folder.path.appending("notify")
    let listener = try Listener(path)
    let notifier = ServiceNotifier { ["NOTIFY_SOCKET": path.string, "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "\(getpid())"][$0] }
    #expect(notifier.watchdogSeconds == 3)
    notifier.ready("watching")
    #expect(listener.next() == "READY=1\nSTATUS=watching")
    notifier.status("2 jobs")
    #expect(listener.next() == "STATUS=2 jobs")
    notifier.alive()
    #expect(listener.next() == "WATCHDOG=1")
    notifier.extend(seconds: 20)
    #expect(listener.next() == "EXTEND_TIMEOUT_USEC=20000000")
    notifier.stopping()
    #expect(listener.next() == "STOPPING=1\nSTATUS=stopping: workers write their checkpoints")
    #expect(notifier.send("X=1"))
  }

  @Test func without_systemd_nothing_happens() {
    let notifier = ServiceNotifier { _ in nil }
    #expect(!notifier.send("READY=1"))
    #expect(notifier.watchdogSeconds == nil)
    #expect(!ServiceNotifier { ["NOTIFY_SOCKET": "/nothing/there"][$0] }.send("READY=1"))
    #expect(!ServiceNotifier { ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)][$0] }.send("READY=1"))
  }

  @Test func a_watchdog_meant_for_another_process_is_not_ours() {
    #expect(ServiceNotifier { ["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"][$0] }.watchdogSeconds == nil)
    #expect(ServiceNotifier { ["WATCHDOG_USEC": "3000000"][$0] }.watchdogSeconds == 3)
  }
}

struct WallClockTests {
  @Test func the_systems_clocks_go_forward() {
    let clock = WallClock.system
    let (now, monotonic) = (clock.now(), clock.monotonic())
    #expect(now > 1_700_000_000_000_000_000)
    #expect(clock.monotonic() >= monotonic)
  }

  @Test func a_manual_clock_moves_when_it_is_told_to() {
    let manual = ManualClock(now: 10, monotonic: 5)
    manual.advance(seconds: 1)
    #expect(manual.clock.now() == 1_000_000_010)
    #expect(manual.clock.monotonic() == 1_000_000_005)
    manual.setBack(seconds: 1)
    #expect(manual.clock.now() == 10)
    #expect(manual.clock.monotonic() == 1_000_000_005)
  }
}
