import Domain
import Scheduling
import Testing

/// Which job runs next: a plain decision.
struct SchedulePolicyTests {
  private func id(_ name: String) -> JobID { JobID(name: SafeName(from: name), number: 1) }

  private func job(
    _ name: String, _ state: JobState = .pending, wanted: SchedulePolicy.Wish? = nil, missing: PendingReason? = nil,
    wasStarted: Bool = false
  ) -> SchedulePolicy.OpenJob {
    .init(id: id(name), state: state, wanted: wanted, missing: missing, wasStarted: wasStarted)
  }

  private func decide(_ jobs: SchedulePolicy.OpenJob..., limit: Int = 1) -> [SchedulePolicy.Decision] {
    SchedulePolicy(runningLimit: limit).decide(jobs)
  }

  @Test func nothing_to_do() { #expect(decide() == []) }

  @Test func the_first_starts_and_the_others_say_behind_how_many() {
    #expect(
      decide(job("a"), job("b"), job("c")) == [
        .start(id("a")), .explain(id("b"), .queued(behind: 1)), .explain(id("c"), .queued(behind: 2)),
      ])
  }

  @Test func so_many_start_as_may_run() {
    #expect(decide(job("a"), job("b"), job("c"), limit: 2) == [.start(id("a")), .start(id("b")), .explain(id("c"), .queued(behind: 2))])
  }

  @Test(arguments: [JobState.preparing, .training, .evaluating])
  func a_job_that_runs_takes_a_place(state: JobState) {
    #expect(decide(job("a", state), job("b")) == [.explain(id("b"), .queued(behind: 1))])
    #expect(decide(job("a", state), job("b"), limit: 2) == [.start(id("b"))])
  }

  @Test func a_paused_job_takes_none() {
    #expect(decide(job("a", .paused), job("b")) == [.start(id("b"))])
  }

  @Test func what_waits_for_something_says_so_and_holds_nobody_up() {
    #expect(
      decide(job("a", missing: .waitingForDataset("rows")), job("b"))
        == [.explain(id("a"), .waitingForDataset("rows")), .start(id("b"))])
  }

  @Test func what_never_can_run_is_given_up_unless_a_user_wants_otherwise() {
    let problem = Problem("job.after-failed", "it failed", mend: "Mend it.")
    var impossible = job("a")
    impossible.impossible = problem
    #expect(decide(impossible, job("b")) == [.giveUp(id("a"), problem), .start(id("b"))])
    impossible.wanted = .cancel
    #expect(decide(impossible) == [.carryOut(id("a"), .cancel)])
  }

  @Test func a_job_that_was_interrupted_goes_first() {
    #expect(
      decide(job("new"), job("old", wasStarted: true)) == [.start(id("old")), .explain(id("new"), .queued(behind: 1))])
    #expect(
      decide(job("new"), job("old", missing: .waitingForRoom, wasStarted: true)) == [
        .explain(id("old"), .waitingForRoom), .start(id("new")),
      ])
  }

  @Test(arguments: [SchedulePolicy.Wish.cancel, .pause])
  func a_wish_stops_the_worker_where_one_runs_and_is_carried_out_where_none_does(wish: SchedulePolicy.Wish) {
    #expect(decide(job("a", .training, wanted: wish), job("b")) == [.stop(id("a"), wish), .explain(id("b"), .queued(behind: 1))])
    #expect(decide(job("a", wanted: wish), job("b")) == [.carryOut(id("a"), wish), .start(id("b"))])
  }

  @Test func a_paused_job_can_be_cancelled_and_not_paused_again() {
    #expect(decide(job("a", .paused, wanted: .pause)) == [])
    #expect(decide(job("a", .paused, wanted: .cancel)) == [.carryOut(id("a"), .cancel)])
  }
}
