import Catalogue
import Domain
import Engines
import Platform
import Scheduling
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Work in the background that is no job, from its arrival to its end, with workers that are closures.
struct ErrandsTests {
  private let office: ErrandOffice

  init() throws { office = try ErrandOffice() }

  private static let crash = WorkerOutcome.crashed(.init(signal: 9, exitCode: nil, lastWords: ""))

  @Test func an_errand_from_its_arrival_to_its_end() async throws {
    let (begun, goOn) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
    let engine = FakeEngine { work in
      office.clock.advance(seconds: 2)
      await work.say(.progress(.init(phase: "tokenizing", done: 50, total: 200, unit: .rows, note: "half of the first part")))
      begun.continuation.yield()
      for await _ in goOn.stream { break }
      return .done
    }
    let work = FakeErrandWork()
    try await office.live(engine: engine, work: work) { life in
      let id = try await life.add()
      #expect(id.text == "tokenize-rows-1")
      for await _ in begun.stream { break }
      let halfway = try await life.status(id) { $0.done == 50 }
      var expected = ErrandStatus(
        id: id, kind: .tokenize, about: SafeName(from: "rows"), state: .running, createdAt: Specimen.time, updatedAt: halfway.updatedAt)
      expected.createdAt = halfway.createdAt
      expected.startedAt = halfway.createdAt
      (expected.phase, expected.progress, expected.done, expected.total, expected.unit) = ("tokenizing", 25, 50, 200, .rows)
      (expected.rate, expected.elapsed, expected.eta, expected.note) = (25, 2, 6, "half of the first part")
      #expect(halfway == expected)
      #expect(await life.errands.lines.map(\.id) == [id])
      goOn.continuation.yield()
      let end = try await life.end(of: id)
      #expect(end.state == .completed && end.progress == 100 && end.result == .init(path: "made", message: "It is made."))
      #expect(end.phase == nil && end.eta == nil && end.finishedAt != nil)
      #expect(await life.errands.lines.isEmpty)
      #expect(engine.calls == [.errand(.tokenize, office.root.workspace.errand(id).folder)])
    }
    #expect(work.calls == ["begin tokenize-rows-1", "conclude tokenize-rows-1"])
  }

  @Test func what_is_there_already_takes_no_worker() async throws {
    let engine = FakeEngine()
    try await office.live(engine: engine, work: FakeErrandWork(isDone: true)) { life in
      let end = try await life.endOfNew()
      #expect(end.state == .completed && end.result?.message == "It was there.")
    }
    #expect(engine.calls.isEmpty)
  }

  @Test func what_cannot_be_done_ends_in_error_and_leaves_nothing() async throws {
    let problem = Problem("rows.gone", "the rows are gone", mend: "Bring them back.")
    let work = FakeErrandWork(problem: problem)
    try await office.live(engine: FakeEngine(), work: work) { life in
      let end = try await life.endOfNew()
      #expect(end.state == .error && end.problem == problem && end.reason == "the rows are gone. Bring them back.")
    }
    #expect(work.calls == ["begin tokenize-rows-1", "abandon tokenize-rows-1"])
  }

  @Test func what_means_the_same_is_one_errand_while_it_is_open() async throws {
    let release = StopRequest()
    let engine = FakeEngine { _ in
      await release.wait()
      return .done
    }
    try await office.live(engine: engine) { life in
      let first = try await life.errands.add(.tokenize, about: SafeName(from: "rows"), likeness: "a", body: "{}")
      let second = try await life.errands.add(.tokenize, about: SafeName(from: "rows"), likeness: "a", body: "{}")
      #expect(first.isNew && !second.isNew && first.errand.id == second.errand.id)
      let other = try await life.errands.add(.download, about: SafeName(from: "rows"), likeness: "a", body: "{}")
      #expect(other.isNew)
      release.make()
      _ = try await life.end(of: first.errand.id)
      let third = try await life.errands.add(.tokenize, about: SafeName(from: "rows"), likeness: "a", body: "{}")
      #expect(third.isNew && third.errand.id.text == "tokenize-rows-2")
      _ = try await life.end(of: third.errand.id)
    }
  }

  @Test func kinds_do_not_wait_for_one_another_and_errands_of_a_kind_do() async throws {
    let release = StopRequest()
    let engine = FakeEngine { _ in
      await release.wait()
      return .done
    }
    try await office.live(engine: engine) { life in
      let first = try await life.add(likeness: "a")
      let second = try await life.add(likeness: "b")
      var downloads: [ErrandID] = []
      for likeness in ["a", "b", "c", "d", "e"] { downloads.append(try await life.add(.download, likeness: likeness)) }
      for id in [first] + downloads.prefix(4) { _ = try await life.status(id) { $0.state == .running } }
      let waiting = [try office.status(second), try office.status(downloads[4])]
      #expect(waiting.map(\.?.state) == [.pending, .pending])
      while engine.calls.count < 5 { await Task.yield() }  // what is said to run is about to
      release.make()
      for id in [first, second] + downloads { #expect(try await life.end(of: id).state == .completed) }
      #expect(engine.mostAtOnce == 5)
    }
  }

  @Test(.timeLimit(.minutes(20))) func one_that_is_starting_when_the_agent_stops_is_stopped_too() async throws {
    for round in 0..<12 {
      try await office.live(
        engine: FakeEngine { work in
          await work.stop.wait(); return .stopped
        }
      ) { life in
        _ = try await life.add(likeness: "\(round)")
      }
    }
  }

  @Test func a_cancelled_errand_stops_its_worker_and_leaves_nothing() async throws {
    let engine = FakeEngine { work in
      await work.stop.wait()
      return .stopped
    }
    let work = FakeErrandWork()
    try await office.live(engine: engine, work: work) { life in
      let running = try await life.add(likeness: "a")
      let waiting = try await life.add(likeness: "b")
      _ = try await life.status(running) { $0.state == .running }
      #expect(try await life.errands.cancel("rows") == .carriedOut("'tokenize-rows-2', 'tokenize-rows-1' are being cancelled."))
      for id in [running, waiting] {
        let end = try await life.end(of: id)
        #expect(end.state == .cancelled && end.reason == "cancelled by the user")
      }
      guard case .refused(let over) = try await life.errands.cancel(running.text) else {
        Issue.record("an errand that is over was cancelled")
        return
      }
      #expect(over.description == "errand: the errand 'tokenize-rows-1' is over: it is cancelled. There is nothing to cancel.")
      guard case .refused(let unknown) = try await life.errands.cancel("nobody") else {
        Issue.record("nobody was cancelled")
        return
      }
      #expect(
        unknown.description
          == "errand: there is no errand 'nobody'. `dropforge status` lists what runs in the background; give an identifier, or the name of what it is about."
      )
    }
    #expect(work.calls.filter { $0 == "abandon tokenize-rows-1" }.count == 1)
    #expect(!work.calls.contains("conclude tokenize-rows-1") && !work.calls.contains("begin tokenize-rows-2"))
  }

  @Test func a_worker_that_dies_is_started_again_and_the_third_death_ends_the_errand() async throws {
    let engine = FakeEngine { work in work.number == 1 ? Self.crash : .done }
    try await office.live(engine: engine) { life in
      let end = try await life.endOfNew()
      #expect(end.state == .completed)
    }
    let dying = FakeEngine { _ in Self.crash }
    try await office.live(engine: dying) { life in
      let end = try await life.endOfNew()
      #expect(end.state == .error && end.problem?.code == "worker.crashed")
      #expect(end.problem?.what == "the worker that was tokenizing 'rows' was killed (signal 9)")
    }
    #expect(dying.calls.count == 3)
  }

  @Test func a_full_disk_makes_it_wait_and_go_on_by_itself() async throws {
    let engine = FakeEngine { work in
      work.number == 1 ? .refused(Problem(Problem.diskFullCode, "the disk is full", mend: "Free some.")) : .done
    }
    let work = FakeErrandWork()
    try await office.live(engine: engine, work: work) { life in
      let end = try await life.endOfNew()
      #expect(end.state == .completed)
    }
    #expect(work.calls == ["begin", "abandon", "begin", "conclude"].map { "\($0) tokenize-rows-1" })
  }

  @Test func what_waits_says_for_what_and_until_when() async throws {
    var settings = Office.settings
    settings.retrySeconds = 3_600
    let again = (Timestamp(nanoseconds: office.clock.clock.now()) + 3_600).timeOfDay
    let full = FakeEngine { _ in .refused(Problem(Problem.diskFullCode, "the disk is full", mend: "Free some.", cause: "ENOSPC")) }
    try await office.live(engine: full, settings: settings) { life in
      let status = try await life.status(try await life.add()) { $0.state == .pending && $0.reason != "starts next" }
      #expect(status.reason == "waits, and is tried again at \(again): the disk is full (ENOSPC)")
    }
    let dying = FakeEngine { _ in Self.crash }
    try await office.live(engine: dying, settings: settings) { life in
      let id = try await life.add(about: "others", likeness: "b")
      let status = try await life.status(id) { $0.state == .pending && $0.reason != "starts next" }
      #expect(status.reason == "is tried again at \(again): the worker that was tokenizing 'others' was killed (signal 9)")
    }
  }

  @Test func an_errand_that_ran_when_the_agent_ended_begins_anew() async throws {
    let id = try await office.open { catalogue in
      let errand = try await catalogue.addErrand(
        .tokenize, about: SafeName(from: "rows"), likeness: "a", body: "{}", reason: "starts next", at: Specimen.time
      ).errand
      try await catalogue.transition(errand: errand.id, from: .pending, to: .running, at: Specimen.time)
      return errand.id
    }
    let work = FakeErrandWork()
    try await office.live(engine: FakeEngine(), work: work) { life in
      let end = try await life.end(of: id)
      #expect(end.state == .completed)
    }
    #expect(work.calls == ["abandon", "begin", "conclude"].map { "\($0) tokenize-rows-1" })
  }

  @Test func the_end_of_the_agent_stops_workers_and_the_next_one_goes_on() async throws {
    let work = FakeErrandWork()
    let stopping = FakeEngine { work in
      await work.stop.wait()
      return .stopped
    }
    let id = try await office.live(engine: stopping, work: work) { life in
      let id = try await life.add()
      _ = try await life.status(id) { $0.state == .running }
      return id
    }
    let status = try office.status(id)
    #expect(status?.state == .pending && status?.reason == "goes on after an interruption")
    try await office.live(engine: FakeEngine(), work: work) { life in
      let end = try await life.end(of: id)
      #expect(end.state == .completed)
    }
  }

  @Test func a_status_that_was_not_written_any_more_is_written_at_the_next_start() async throws {
    let id = try await office.open { catalogue in
      let errand = try await catalogue.addErrand(
        .tokenize, about: SafeName(from: "rows"), likeness: "a", body: "{}", reason: "starts next", at: Specimen.time
      ).errand
      try await catalogue.transition(errand: errand.id, from: .pending, to: .running, at: Specimen.time)
      try await catalogue.transition(
        errand: errand.id, from: .running, to: .completed, result: .init(path: nil, message: "Done."), at: Specimen.time)
      return errand.id
    }
    try await office.live(engine: FakeEngine()) { _ in }
    #expect(try office.status(id)?.result?.message == "Done.")
  }
}
