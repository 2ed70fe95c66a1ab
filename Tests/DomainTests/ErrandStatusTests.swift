import Domain
import TestSupport
import Testing

/// How far an errand is, how fast, and how long it still takes.
struct ErrandStatusTests {
  private func status(_ progress: ErrandProgress, after seconds: Double) throws -> ErrandStatus {
    var status = ErrandStatus(
      id: try #require(ErrandID("download-rows-1")), kind: .download, about: SafeName(from: "rows"), state: .running,
      createdAt: Specimen.time, updatedAt: Specimen.time)
    status.apply(progress, after: seconds, at: Specimen.time)
    return status
  }

  @Test func the_pace_is_that_of_what_was_done_now() throws {
    let fresh = try status(ErrandProgress(phase: "tokenizing", done: 100, total: 400, unit: .rows), after: 10)
    #expect(fresh.rate == 10 && fresh.eta == 30 && fresh.progress == 25)
    // 900 lay there before: 100 came in ten seconds, and 1,000 are still to come.
    let resumed = try status(ErrandProgress(phase: "downloading", done: 1_000, total: 2_000, unit: .bytes, gained: 100), after: 10)
    #expect(resumed.rate == 10 && resumed.eta == 100 && resumed.progress == 50)
    let begun = try status(ErrandProgress(phase: "downloading", done: 900, total: 2_000, unit: .bytes, gained: 0), after: 1)
    #expect(begun.rate == 0 && begun.eta == nil && begun.progress == 45)
  }

  @Test func what_a_worker_waits_for_is_the_reason_until_it_goes_on() throws {
    var waiting = try status(ErrandProgress(phase: "planning", done: 0, total: nil, unit: .bytes, waits: "the Hub is away"), after: 1)
    #expect(waiting.reason == "the Hub is away")
    waiting.apply(ErrandProgress(phase: "downloading", done: 1, total: 2, unit: .bytes), after: 2, at: Specimen.time)
    #expect(waiting.reason == nil)
  }
}
