import Catalogue
import Domain
import Engines
import Platform
import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Intake

/// What is not the drop's own fault makes it wait; what kills three workers is put aside.
struct TroubleTests {
  private let reception: Reception
  private static let rows = "first row\nsecond row\n"

  init() throws { reception = try Reception() }

  @Test func a_full_disk_makes_a_drop_wait_and_room_lets_it_in() async throws {
    let drop = try reception.claim(Specimen.config, as: "small.json", into: .config)
    let files = FaultyFileSystem()
    files.setRoom(5_000)
    let waiting = try await reception.live(files: files, retrySeconds: 5) { life in
      files.fail(.noSpace, at: 1, of: [.makeFolder])
      life.intake.receive(drop)
      return await life.told.receipt { $0.id == drop.id }
    }
    #expect(waiting.status == .waiting && waiting.kind == .config)
    #expect(waiting.problem?.code == "disk.full")
    #expect(
      waiting.message
        == "It is kept in inbox/.claimed/\(drop.id) and tried again every 5 seconds: the disk is full. 5000 bytes are free on it, and taking in small.json needs about 100.0 kB. Free space on the disk; the drop is taken in by itself then."
    )
    #expect(try reception.receipt("small.json") == waiting)
    let receipt = try await reception.live(recovers: true) { await $0.told.verdict(on: drop.id) }
    #expect(receipt.status == .accepted)
    #expect(try reception.receipt("small.json") == receipt)
    #expect(reception.leftovers().isEmpty)
  }

  @Test func room_that_is_left_tells_that_something_else_is_used_up() {
    let drop = ClaimedDrop(
      id: Specimen.drop(), kind: .dataset, name: "rows.tar.gz", path: "/claimed/rows.tar.gz", isFolder: false, size: 1_000_000,
      receivedAt: Specimen.time)
    #expect(
      Problem(diskFull: DiskSpace(free: 50_000_000, total: 90_000_000), for: drop, cause: "…").why
        == "50.0 MB are free on it, and taking in rows.tar.gz needs about 5100.0 kB, so that a quota or the number of files (df -i) is used up"
    )
  }

  /// An agent that ends with the worker each time, as one does whose machine runs out of memory, is not caught by counting workers.
  @Test func what_takes_the_agent_with_it_is_put_aside_too() async throws {
    let drop = try reception.claim(Self.rows, as: "poison.csv", into: .dataset)
    for _ in 1...20 {
      // As a killed agent leaves it: the attempt is noted, its end is not.
      try await reception.live { life in
        try await life.catalogue.noteClaim(
          DropRecord(id: drop.id, name: drop.name, kind: drop.kind, receivedAt: drop.receivedAt, size: drop.size))
        _ = try await life.catalogue.noteAttempt(drop.id)
      }
    }
    let receipt = try await reception.live(recovers: true) { await $0.told.verdict(on: drop.id) }
    #expect(receipt.status == .rejected && receipt.problem?.code == "worker.interrupted")
    #expect(
      receipt.message
        == "the agent ended 20 times while a worker was reading poison.csv. What ended it may be what the file needs: memory, above all. Look into the system's log for what ended the agent (journalctl -k tells of memory), and drop the file again to have it tried again."
    )
    #expect(reception.leftovers().isEmpty)
  }

  @Test func it_is_tried_again_by_itself() async throws {
    let drop = try reception.claim(Self.rows, as: "rows.csv", into: .dataset)
    let files = FaultyFileSystem()
    try await reception.live(files: files) { life in
      files.fail(.noSpace, at: 1, of: [.makeFolder])
      let receipt = try await life.take(drop)
      #expect(receipt.status == .accepted)
      #expect(life.told.receipts.map(\.status) == [.waiting, .accepted])
      #expect(life.told.receipts[0].problem?.code == "disk.full")
    }
  }

  @Test func a_worker_without_room_on_the_disk_is_tried_again_and_never_counts_as_a_crash() async throws {
    let full = Problem("disk.full", "the rows could not be written", mend: "Free space.")
    let engine = FakeEngine { work in
      if work.number <= 5 { return .refused(full) }
      if work.number <= 7 { return .crashed(.init(signal: 11, exitCode: nil, lastWords: "")) }
      return await FakeReading.read(work)
    }
    let drop = try reception.claim(Self.rows, as: "rows.csv", into: .dataset)
    try await reception.live(engine: engine) { life in
      let receipt = try await life.take(drop)
      #expect(receipt.status == .accepted)
      #expect(life.told.receipts.map(\.status) == [Receipt.Verdict](repeating: .waiting, count: 7) + [.accepted])
      #expect(life.told.receipts[0].problem?.code == "disk.full")
      #expect(life.told.receipts[0].problem?.cause == full.what)
      #expect(life.told.receipts[5].problem?.code == "worker.crashed")
    }
  }

  @Test func what_kills_three_workers_is_put_aside() async throws {
    let engine = FakeEngine { _ in .crashed(.init(signal: 11, exitCode: nil, lastWords: "Fatal error: out of range\n")) }
    let drop = try reception.claim(Self.rows, as: "poison.csv", into: .dataset)
    let receipt = try await reception.live(engine: engine) { try await $0.take(drop) }
    #expect(engine.calls.count == 3)
    #expect(receipt.status == .rejected && receipt.problem?.code == "worker.crashed")
    #expect(
      receipt.message
        == "the worker that was reading poison.csv died of signal 11, 3 times. This is a fault of Dropforge, not of your files: please report it with the text below."
    )
    let folder = try #require(receipt.path)
    #expect(reception.text("\(folder)/poison.csv") == Self.rows)
    #expect(reception.text("\(folder)/REASON.md")?.contains("Fatal error: out of range") == true)
    #expect(reception.leftovers().isEmpty)
  }

  @Test func crashes_are_counted_over_restarts_of_the_agent() async throws {
    let engine = FakeEngine { _ in .crashed(.init(signal: 9, exitCode: nil, lastWords: "")) }
    let drop = try reception.claim(Self.rows, as: "poison.csv", into: .dataset)
    for life in 1...3 {
      let receipt = try await reception.live(recovers: true, engine: engine, retrySeconds: 3_600) { now in
        await now.told.receipt { $0.id == drop.id }
      }
      #expect(receipt.status == (life < 3 ? .waiting : .rejected))
    }
    #expect(engine.calls.count == 3)
  }

  /// SIGTERM ends a reading worker as a signal does; that the agent was told to stop is no fault of the drop.
  @Test func a_stop_of_the_agent_is_no_crash_however_often() async throws {
    let drop = try reception.claim(Self.rows, as: "rows.csv", into: .dataset)
    for life in 1...4 {
      let begun = StopRequest()
      let engine = FakeEngine { work in
        begun.make()
        await work.stop.wait()
        return .crashed(.init(signal: 15, exitCode: nil, lastWords: ""))
      }
      try await reception.live(recovers: true, engine: engine) { _ in await begun.wait() }
      #expect(try reception.receipt("rows.csv") == nil, "life \(life)")
    }
    #expect(reception.log.lines.filter { $0.hasPrefix("error") }.isEmpty)
    let engine = FakeEngine { work in
      work.number <= 2 ? .crashed(.init(signal: 11, exitCode: nil, lastWords: "")) : await FakeReading.read(work)
    }
    let receipt = try await reception.live(recovers: true, engine: engine) { await $0.told.verdict(on: drop.id) }
    #expect(receipt.status == .accepted)
  }

  @Test func a_worker_that_stops_by_itself_leaves_the_drop_for_the_next_life() async throws {
    let engine = FakeEngine { work in
      await work.stop.wait()
      return .stopped
    }
    let drop = try reception.claim(Self.rows, as: "rows.csv", into: .dataset)
    try await reception.live(engine: engine) { $0.intake.receive(drop) }
    #expect(try await reception.live(recovers: true) { await $0.told.verdict(on: drop.id) }.status == .accepted)
  }

  /// An installation that is broken must not cost anybody a dataset.
  @Test func a_worker_that_is_missing_makes_every_drop_wait() async throws {
    let engine = FakeEngine { work in
      work.number <= 5 ? .crashed(.init(signal: nil, exitCode: nil, lastWords: "no such file")) : await FakeReading.read(work)
    }
    let drop = try reception.claim(Self.rows, as: "rows.csv", into: .dataset)
    try await reception.live(engine: engine) { life in
      let receipt = try await life.take(drop)
      #expect(receipt.status == .accepted)
      #expect(life.told.receipts.map(\.status) == [Receipt.Verdict](repeating: .waiting, count: 5) + [.accepted])
      #expect(life.told.receipts[0].problem?.code == "worker.missing")
    }
  }

  @Test func small_files_are_not_held_up_by_one_that_takes_long() async throws {
    let long = StopRequest()
    let engine = FakeEngine { work in
      await long.wait()
      return await FakeReading.read(work)
    }
    let dataset = try reception.claim(Self.rows, as: "rows.csv", into: .dataset)
    let config = try reception.claim(Specimen.config, as: "small.json", into: .config)
    try await reception.live(engine: engine) { life in
      life.intake.receive(dataset)
      let receipt = try await life.take(config)
      #expect(receipt.status == .accepted)
      #expect(await life.intake.openNames.contains("rows.csv"))
      long.make()
      #expect(await life.told.verdict(on: dataset.id).status == .accepted)
    }
  }

  @Test func so_many_datasets_are_read_at_once_as_the_settings_say() async throws {
    var settings = AgentSettings()
    settings.runningIngests = 2
    let go = StopRequest(), bothRun = StopRequest()
    let engine = FakeEngine { work in
      if work.number == 2 { bothRun.make() }
      await go.wait()
      return await FakeReading.read(work)
    }
    let drops = try (1...5).map { try reception.claim("row \($0)\n", as: "rows\($0).csv", into: .dataset) }
    try await reception.live(engine: engine, settings: settings) { life in
      for drop in drops { life.intake.receive(drop) }
      await bothRun.wait()
      go.make()
      for drop in drops { #expect(await life.told.verdict(on: drop.id).status == .accepted) }
    }
    #expect(engine.mostAtOnce == 2)
  }
}
