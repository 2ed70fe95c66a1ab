import Domain
import Engines
import TestSupport
import Testing

struct StoppingTests {
  @Test func a_worker_that_is_asked_leaves_its_checkpoint_and_ends() async throws {
    let worker = try ScriptedWorker(ScriptedWorker.patient)
    let stop = StopRequest()
    #expect(await worker.run(stop: stop) { _ in stop.make() } == .stopped)
  }

  @Test func what_it_says_while_it_stops_is_heard() async throws {
    let worker = try ScriptedWorker(
      """
      finish() {
        echo '{"checkpoint":{"step":7,"path":"checkpoints/checkpoint-step-7"}}'
        exit 85
      }
      trap finish TERM
      echo '{"warning":{"_0":"ready"}}'
      while :; do sleep 0.02; done
      """)
    let stop = StopRequest()
    #expect(await worker.run(stop: stop) { _ in stop.make() } == .stopped)
    #expect(worker.told == [.warning("ready"), .checkpoint(step: 7, path: "checkpoints/checkpoint-step-7")])
  }

  @Test func a_worker_that_does_not_end_is_killed_when_its_grace_is_over() async throws {
    let worker = try ScriptedWorker("trap '' TERM\necho '{\"warning\":{\"_0\":\"ready\"}}'\nwhile :; do sleep 0.02; done")
    let stop = StopRequest()
    let outcome = await worker.run(stop: stop, graceSeconds: 0.1) { _ in stop.make() }
    #expect(outcome == .crashed(.init(signal: 9, exitCode: nil, lastWords: "")))
  }

  @Test func a_worker_that_knows_no_stop_dies_of_it() async throws {
    let stop = StopRequest()
    stop.make()
    let worker = try ScriptedWorker("exec sleep 3000")
    // It may be the shell on its way to the program that is met, which says so.
    let outcome = await worker.run(stop: stop)
    guard case .crashed(let crash) = outcome else {
      Issue.record("it did not die: \(outcome)")
      return
    }
    #expect(crash.signal == 15, "\(crash)")
  }

  /// A fault that was: the end of one worker cancelled its wait, and with it the waits of all others.
  @Test func a_worker_that_ends_leaves_the_others_and_their_stop_alone() async throws {
    let stop = StopRequest()
    #expect(await (try ScriptedWorker("exit 0")).run(stop: stop) == .done)
    #expect(await (try ScriptedWorker("sleep 0.1")).run(stop: stop) == .done)
    #expect(!stop.isMade)

    let workers = try (0..<3).map { _ in try ScriptedWorker(ScriptedWorker.patient) }
    let ready = StopRequest()
    let outcomes = try await withThrowingTaskGroup(of: WorkerOutcome.self) { group in
      for worker in workers {
        group.addTask { await worker.run(stop: stop) { _ in if workers.allSatisfy({ !$0.told.isEmpty }) { ready.make() } } }
      }
      group.addTask {
        // It ends while the others run and wait.
        let outcome = await (try ScriptedWorker("exit 0")).run(stop: stop)
        await ready.wait()
        stop.make()
        return outcome
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.count { $0 == .stopped } == 3)
    #expect(outcomes.count { $0 == .done } == 1)
  }

  @Test func a_worker_whose_task_is_cancelled_is_ended() async throws {
    let worker = try ScriptedWorker("echo '{\"warning\":{\"_0\":\"ready\"}}'\nexec sleep 3000")
    let ready = StopRequest()
    let task = Task { await worker.run { _ in ready.make() } }  // ended below
    await ready.wait()
    task.cancel()
    guard case .crashed = await task.value else {
      Issue.record("it was to end without having done its work")
      return
    }
  }
}

struct StopRequestTests {
  @Test func a_wish_that_was_made_is_not_waited_for() async {
    let stop = StopRequest()
    #expect(!stop.isMade)
    stop.make()
    await stop.wait()
    stop.make()
    await stop.wait()
    #expect(stop.isMade)
  }

  @Test func everybody_who_waits_hears_it() async {
    let stop = StopRequest()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<100 { group.addTask { await stop.wait() } }
      group.addTask { stop.make() }
    }
    #expect(stop.isMade)
  }

  @Test func a_wait_that_is_cancelled_ends_and_the_others_go_on() async {
    let stop = StopRequest()
    let others = (0..<10).map { _ in Task { await stop.wait() } }
    for _ in 0..<50 {
      let cancelled = Task { await stop.wait() }
      cancelled.cancel()
      await cancelled.value
    }
    #expect(!stop.isMade)
    stop.make()
    for other in others { await other.value }
  }

  @Test func a_task_that_is_cancelled_already_does_not_wait() async {
    let stop = StopRequest()
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      await stop.wait()
      await stop.wait()
      return stop.isMade
    }
    task.cancel()
    #expect(await task.value == false)
  }

  @Test func cancelling_and_making_at_the_same_time_leaves_nobody_waiting() async {
    for _ in 0..<200 {
      let stop = StopRequest()
      let waiting = (0..<4).map { _ in Task { await stop.wait() } }
      await withTaskGroup(of: Void.self) { group in
        group.addTask { stop.make() }
        group.addTask { for task in waiting { task.cancel() } }
      }
      for task in waiting { await task.value }
      #expect(stop.isMade)
    }
  }
}
