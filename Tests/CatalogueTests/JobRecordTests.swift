import Domain
import TestSupport
import Testing

@testable import Catalogue

struct JobRecordTests {
  @Test func a_new_job_is_pending_and_its_drop_is_decided_with_it() async throws {
    let ledger = try Ledger()
    let id = try await ledger.job("tiny", drop: 1, priority: 3)
    #expect(id.text == "tiny-1")
    let job = try #require(await ledger.catalogue.job(id))
    #expect(
      job
        == JobRecord(
          id: id, name: SafeName(from: "tiny"), number: 1, drop: Specimen.drop(1), sweep: nil, file: Specimen.jobFile("tiny"),
          state: .pending, reason: "starts next", waits: false, problem: nil, wanted: nil, priority: 3, starts: 0, pins: nil,
          createdAt: Ledger.time, startedAt: nil, finishedAt: nil))
    #expect(try await ledger.catalogue.drop(Specimen.drop(1))?.state == .decided)
  }

  @Test func numbers_run_by_name_and_are_never_used_again() async throws {
    let ledger = try Ledger()
    let first = try await ledger.job("tiny", drop: 1)
    try await ledger.lead(first, through: .cancelled)
    #expect(try await ledger.job("tiny", drop: 2).text == "tiny-2")
    #expect(try await ledger.job("other", drop: 3).text == "other-1")
    #expect(try await ledger.job("tiny", drop: 4).text == "tiny-3")
  }

  /// A job called `tiny-1` has the number 1: `tiny-1-1`, and is not the first job called `tiny`.
  @Test func a_name_that_looks_like_an_identifier_is_a_name() async throws {
    let ledger = try Ledger()
    let plain = try await ledger.job("tiny", drop: 1), odd = try await ledger.job("tiny-1", drop: 2)
    #expect([plain.text, odd.text] == ["tiny-1", "tiny-1-1"])
    #expect(try await ledger.catalogue.job(called: "tiny-1")?.id == plain)
    #expect(try await ledger.catalogue.job(called: "tiny-1-1")?.id == odd)
  }

  @Test func users_mean_an_identifier_or_the_newest_of_a_name() async throws {
    let ledger = try Ledger()
    let first = try await ledger.job("tiny", drop: 1), second = try await ledger.job("tiny", drop: 2)
    #expect(try await ledger.catalogue.job(called: "tiny-1")?.id == first)
    #expect(try await ledger.catalogue.job(called: "tiny")?.id == second)
    #expect(try await ledger.catalogue.job(called: "Tiny") == nil)
    #expect(try await ledger.catalogue.job(try #require(JobID("tiny-3"))) == nil)
  }

  @Test func a_models_name_means_the_newest_completed_job() async throws {
    let ledger = try Ledger()
    let first = try await ledger.job("tiny", drop: 1), second = try await ledger.job("tiny", drop: 2)
    try await ledger.job("tiny", drop: 3)
    #expect(try await ledger.catalogue.completedJob(called: "tiny") == nil)
    try await ledger.lead(first, through: .preparing, .training, .completed)
    #expect(try await ledger.catalogue.completedJob(called: "tiny")?.id == first)
    try await ledger.lead(second, through: .preparing, .training, .evaluating, .completed)
    #expect(try await ledger.catalogue.completedJob(called: "tiny")?.id == second)
    #expect(try await ledger.catalogue.completedJob(called: "tiny-1")?.id == first)
    #expect(try await ledger.catalogue.completedJob(called: "tiny-3") == nil)
  }

  @Test func open_jobs_come_by_priority_then_age() async throws {
    let ledger = try Ledger()
    let late = try await ledger.job("late", drop: 1, secondsLater: 9), early = try await ledger.job("early", drop: 2)
    let urgent = try await ledger.job("urgent", drop: 3, priority: 5, secondsLater: 20)
    let lazy = try await ledger.job("lazy", drop: 4, priority: -1), same = try await ledger.job("same", drop: 5)
    let over = try await ledger.job("over", drop: 6, priority: 9)
    try await ledger.lead(over, through: .cancelled)
    #expect(try await ledger.catalogue.openJobs().map(\.id) == [urgent, early, same, late, lazy])
  }

  @Test func starts_are_counted_and_the_first_pins_hold() async throws {
    let ledger = try Ledger()
    let id = try await ledger.job("tiny", drop: 1)
    try await ledger.catalogue.noteStart(id, pins: Specimen.pins(1))
    try await ledger.catalogue.noteStart(id, pins: Specimen.pins(2))
    let job = try #require(await ledger.catalogue.job(id))
    #expect(job.starts == 2)
    #expect(job.pins == Specimen.pins(1))
  }

  @Test func a_wish_is_kept_until_it_is_carried_out_or_taken_back() async throws {
    let ledger = try Ledger()
    let id = try await ledger.job("tiny", drop: 1)
    func wanted() async throws -> JobRecord.Wish? { try await ledger.catalogue.job(id)?.wanted }
    try await ledger.catalogue.want(.pause, for: id)
    #expect(try await wanted() == .pause)
    try await ledger.lead(id, through: .preparing, .training)
    #expect(try await wanted() == .pause)
    try await ledger.lead(id, through: .paused)
    #expect(try await wanted() == nil)
    try await ledger.catalogue.want(.cancel, for: id)
    try await ledger.catalogue.want(nil, for: id)
    #expect(try await wanted() == nil)
    try await ledger.catalogue.want(.cancel, for: id)
    try await ledger.lead(id, through: .cancelled)
    #expect(try await wanted() == nil)
    try await ledger.catalogue.want(.cancel, for: id)
    #expect(try await wanted() == nil)
  }

  @Test func a_reason_is_for_jobs_that_wait() async throws {
    let ledger = try Ledger()
    let id = try await ledger.job("tiny", drop: 1)
    try await ledger.catalogue.setReason(id, "queued behind 2 jobs")
    #expect(try await ledger.catalogue.job(id)?.reason == "queued behind 2 jobs")
    try await ledger.lead(id, through: .preparing)
    try await ledger.catalogue.setReason(id, "queued behind 3 jobs")
    #expect(try await ledger.catalogue.job(id)?.reason == nil)
  }

  @Test func the_latest_failures_come_newest_first() async throws {
    let ledger = try Ledger()
    for number in 1...3 {
      let id = try await ledger.job("bad", drop: UInt32(number))
      try await ledger.catalogue.transition(id, from: .pending, to: .error, reason: "reason \(number)", at: Ledger.time + Double(number))
    }
    let failures = try await ledger.catalogue.latestFailures(2)
    #expect(failures.map(\.job.text) == ["bad-3", "bad-2"])
    #expect(failures.map(\.reason) == ["reason 3", "reason 2"])
    #expect(failures.map(\.at) == [Ledger.time + 3, Ledger.time + 2])
  }
}
