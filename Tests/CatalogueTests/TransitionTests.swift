import Catalogue
import Domain
import TestSupport
import Testing

/// The one door through which a job's state changes.
struct TransitionTests {
  /// A way of the machine from `pending` to each state.
  private static let ways: [JobState: [JobState]] = [
    .pending: [], .preparing: [.preparing], .training: [.preparing, .training], .evaluating: [.preparing, .training, .evaluating],
    .paused: [.paused], .completed: [.preparing, .training, .completed], .error: [.error], .cancelled: [.cancelled],
  ]

  /// What docs/job-lifecycle.md draws, written once more by hand.
  private static let allowed: [JobState: Set<JobState>] = [
    .pending: [.preparing, .paused, .error, .cancelled],
    .preparing: [.training, .evaluating, .pending, .paused, .error, .cancelled],
    .training: [.evaluating, .completed, .pending, .paused, .error, .cancelled],
    .evaluating: [.training, .completed, .pending, .paused, .error, .cancelled],
    .paused: [.pending, .cancelled],
    .completed: [], .error: [], .cancelled: [],
  ]

  @Test(arguments: JobState.allCases)
  func exactly_the_steps_of_the_machine_are_made(from: JobState) async throws {
    let ledger = try Ledger()
    for (number, next) in JobState.allCases.enumerated() {
      let id = try await ledger.job("job", drop: UInt32(number + 1))
      for step in try #require(Self.ways[from]) {
        let now = try #require(await ledger.catalogue.job(id)).state
        #expect(try await ledger.catalogue.transition(id, from: now, to: step, reason: nil, at: Ledger.time))
      }
      let isAllowed = try #require(Self.allowed[from]).contains(next)
      #expect(from.mayBecome(next) == isAllowed, "\(from) to \(next)")
      let before = try #require(await ledger.catalogue.job(id))
      let steps = try await ledger.catalogue.transitions(of: id).count
      #expect(
        try await ledger.catalogue.transition(id, from: from, to: next, reason: "why", at: Ledger.time + 5) == isAllowed,
        "\(from) to \(next)")
      let after = try #require(await ledger.catalogue.job(id))
      if isAllowed {
        #expect(after.state == next && after.reason == "why")
        #expect((after.finishedAt == Ledger.time + 5) == next.isFinal)
      } else {
        #expect(after == before)
      }
      #expect(try await ledger.catalogue.transitions(of: id).count == steps + (isAllowed ? 1 : 0))
    }
  }

  @Test func who_expects_a_state_that_is_past_changes_nothing() async throws {
    let ledger = try Ledger()
    let id = try await ledger.job("tiny", drop: 1)
    #expect(try await ledger.catalogue.transition(id, from: .pending, to: .cancelled, reason: "first", at: Ledger.time))
    #expect(try await ledger.catalogue.transition(id, from: .pending, to: .preparing, reason: "second", at: Ledger.time) == false)
    #expect(try await ledger.catalogue.job(id)?.state == .cancelled)
    #expect(try await ledger.catalogue.job(id)?.reason == "first")
    #expect(try await ledger.catalogue.transitions(of: id).map(\.to) == [.cancelled])
    let unknown = try #require(JobID("nobody-1"))
    #expect(try await ledger.catalogue.transition(unknown, from: .pending, to: .cancelled, reason: nil, at: Ledger.time) == false)
  }

  @Test func of_many_that_want_the_same_step_one_makes_it() async throws {
    let ledger = try Ledger()
    let id = try await ledger.job("tiny", drop: 1)
    let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<20 {
        group.addTask {
          try await ledger.catalogue.transition(
            id, from: .pending, to: number % 2 == 0 ? .preparing : .cancelled, reason: nil, at: Ledger.time)
        }
      }
      return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(winners == 1)
    #expect(try await ledger.catalogue.transitions(of: id).count == 1)
  }

  @Test func times_and_the_way_are_kept() async throws {
    let ledger = try Ledger()
    let id = try await ledger.job("tiny", drop: 1)
    let steps: [(JobState, JobState, String?)] = [
      (.pending, .preparing, nil), (.preparing, .pending, "goes on"), (.pending, .preparing, nil), (.preparing, .training, nil),
      (.training, .error, "broke"),
    ]
    let problem = Problem("a.b", "it broke", mend: "Mend it.")
    for (index, step) in steps.enumerated() {
      try await ledger.catalogue.transition(
        id, from: step.0, to: step.1, reason: step.2, problem: step.1 == .error ? problem : nil, at: Ledger.time + Double(index + 1))
    }
    let job = try #require(await ledger.catalogue.job(id))
    #expect(job.startedAt == Ledger.time + 1)  // the first start, not the second
    #expect(job.finishedAt == Ledger.time + 5)
    #expect(job.problem == problem)
    let way = try await ledger.catalogue.transitions(of: id)
    #expect(way.map(\.from) == steps.map(\.0))
    #expect(way.map(\.to) == steps.map(\.1))
    #expect(way.map(\.reason) == steps.map(\.2))
    #expect(way.map(\.at) == (1...5).map { Ledger.time + Double($0) })
  }
}
