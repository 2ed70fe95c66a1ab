import Catalogue
import Domain
import Engines
import Platform
import Scheduling
import StrictJSON
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Jobs from their arrival to their end, with workers that are closures.
struct SchedulerTests {
  private let office: Office

  init() async throws { office = try await Office() }

  @Test func a_job_from_its_arrival_to_its_end() async throws {
    let engine = FakeEngine(FakeTraining.run)
    let (id, status, facts) = try await office.live(engine: engine) { life in
      let id = try await life.submit("tiny")
      return (id, try await life.end(of: id), life.told.facts)
    }
    #expect(engine.calls == [.train(office.layout(id).folder)])
    var expected = JobStatus(id: id, name: "tiny", state: .completed, createdAt: Specimen.time, updatedAt: Specimen.time)
    expected.phase = status.phase
    expected.progress = 100
    (expected.epoch, expected.epochs, expected.step, expected.steps) = (1, 1, 4, 4)
    (expected.loss, expected.lr, expected.accuracy, expected.gradNorm) = (2.5, 0.25, 0.5, 1.5)
    (expected.tokensPerSecond, expected.elapsed, expected.eta) = (100, 4, status.eta)
    (expected.evalLoss, expected.bestEvalLoss, expected.perplexity) = (1.5, 1.5, 4.5)
    (expected.startedAt, expected.finishedAt) = (Specimen.time, Specimen.time)
    expected.checkpoint = "checkpoints/checkpoint-step-4"
    #expect(status == expected)
    #expect(facts.map(\.id) == [id] && facts.first?.trainRows == 3 && facts.first?.metrics == Specimen.metrics())
    #expect(facts.first?.pins.threads == 1)  // the config's
    let record = try await office.open { try await $0.job(id) }
    #expect(record?.state == .completed && record?.starts == 1 && record?.reason == nil)
    #expect(
      try await transitions(of: id) == [
        "pending > preparing", "preparing > training", "training > evaluating", "evaluating > training", "training > completed",
      ])
  }

  @Test func a_job_that_ended_early_is_completed_and_says_why() async throws {
    let end = "at step 3 of 4: eval_loss has not fallen in 1 evaluation; the best is 1.5000, at step 2"
    let engine = FakeEngine { work in
      var metrics = Specimen.metrics()
      metrics.endedEarly = end
      do {
        try LinuxFileSystem().publish(try PublishedJSON.bytes(of: metrics), to: FakeTraining.layout(work).metrics)
      } catch {
        return .crashed(.init(signal: nil, exitCode: 70, lastWords: "\(error)"))
      }
      return .done
    }
    try await office.live(engine: engine) { life in
      let status = try await life.end(of: try await life.submit("tiny"))
      #expect(status.state == .completed && status.reason == "ended early \(end)" && status.problem == nil)
    }
  }

  @Test func the_workers_order_and_the_config_with_every_default_stand_before_it_starts() async throws {
    let engine = FakeEngine { work in
      let job = FakeTraining.layout(work)
      let files = LinuxFileSystem()
      guard let order = try? PublishedJSON.decode(TrainOrder.self, from: files.contents(of: job.order)),
        let config = try? JSONParser.parse(files.contents(of: job.config))
      else { return .crashed(.init(signal: nil, exitCode: 70, lastWords: "no order")) }
      #expect(order.folder == job.folder.string && order.threads == 1 && order.train.name.text == "rows" && order.train.version == 1)
      #expect(order.eval == nil && order.baseModel == nil)
      #expect(config["training"]?["max_steps"]?.int == 4 && config["training"]?["batch_size"]?.int != nil && config["seed"]?.int == 42)
      #expect(work.threads == 1)
      return FakeTraining.finish(work)
    }
    try await office.live(engine: engine) { life in
      let end = try await life.end(of: try await life.submit("tiny"))
      #expect(end.state == .completed, "\(end.reason ?? "")")
    }
  }

  @Test func one_after_the_other_by_priority_and_age() async throws {
    let go = StopRequest()
    let engine = FakeEngine { work in
      await go.wait()
      return await FakeTraining.run(work)
    }
    try await office.live(engine: engine) { life in
      let first = try await life.submit("first")
      _ = try await life.status(first) { $0.state == .preparing }
      let second = try await life.submit("second", secondsLater: 1)
      let third = try await life.submit("third", secondsLater: 2)
      let urgent = try await life.submit("urgent", priority: 1, secondsLater: 3)
      #expect(try await life.status(urgent) { $0.reason == "queued behind 1 job" }.state == .pending)
      _ = try await life.status(second) { $0.reason == "queued behind 2 jobs" }
      _ = try await life.status(third) { $0.reason == "queued behind 3 jobs" }
      go.make()
      for id in [first, second, third, urgent] { #expect(try await life.end(of: id).state == .completed) }
    }
    #expect(engine.calls.map { $0.path.lastComponent?.string } == ["first-1", "urgent-1", "second-1", "third-1"])
    #expect(engine.mostAtOnce == 1)
  }

  @Test func as_many_at_once_as_the_settings_say() async throws {
    var settings = Office.settings
    settings.runningJobs = 2
    let go = StopRequest(), bothRun = StopRequest()
    let engine = FakeEngine { work in
      if work.number == 2 { bothRun.make() }
      await go.wait()
      return await FakeTraining.run(work)
    }
    try await office.live(engine: engine, settings: settings) { life in
      var ids: [JobID] = []
      for name in ["a", "b", "c"] { ids.append(try await life.submit(name)) }
      await bothRun.wait()
      go.make()
      for id in ids { #expect(try await life.end(of: id).state == .completed) }
    }
    #expect(engine.mostAtOnce == 2)
  }

  @Test func a_job_waits_for_its_dataset_and_starts_when_it_is_there() async throws {
    let engine = FakeEngine(FakeTraining.run)
    try await office.live(engine: engine) { life in
      let id = try await life.submit("tiny", on: "later")
      let waiting = try await life.status(id) { $0.reason?.hasPrefix("waiting") == true }
      #expect(waiting.state == .pending && waiting.reason == "waiting for the dataset 'later': drop it into inbox/datasets/")
      #expect(engine.calls.isEmpty)
      try await office.store("later", in: life.catalogue)
      life.scheduler.wake()
      #expect(try await life.end(of: id).state == .completed)
    }
  }

  // MARK: what goes wrong

  @Test func what_a_worker_refuses_is_an_error_with_its_reason() async throws {
    let problem = Problem("data.nothing-to-train", "the dataset has nothing to train on", mend: "Add rows.")
    let engine = FakeEngine { _ in .refused(problem) }
    try await office.live(engine: engine) { life in
      let end = try await life.end(of: try await life.submit("tiny"))
      #expect(end.state == .error && end.problem == problem && end.reason == "the dataset has nothing to train on. Add rows.")
      #expect(end.finishedAt == Specimen.time)
    }
    #expect(engine.calls.count == 1)
  }

  @Test func a_method_that_does_not_fit_the_dataset_is_an_error_before_a_worker_starts() async throws {
    try await office.open { catalogue in
      _ = try await catalogue.registerDataset(
        named: SafeName(from: "table"), drop: Specimen.drop(900), fileName: "table.csv", reading: "", description: nil,
        result: Specimen.ingest(sha256: "table", detected: .table, columns: ["a", "b"]), at: Specimen.time
      ) { _ in Specimen.receipt(Specimen.drop(900)) }
      try await catalogue.noteStored([Specimen.drop(900)])
    }
    let engine = FakeEngine(FakeTraining.run)
    try await office.live(engine: engine) { life in
      let end = try await life.end(of: try await life.submit("tiny", on: "table"))
      #expect(end.state == .error && end.problem?.code == "data.does-not-fit")
      #expect(end.problem?.what == "it cannot be told which columns of the dataset 'table' to train on")
    }
    #expect(engine.calls.isEmpty)
  }

  @Test func a_worker_that_dies_is_started_again_and_given_up_the_third_time_without_a_step() async throws {
    let engine = FakeEngine { _ in .crashed(.init(signal: 11, exitCode: nil, lastWords: "Fatal error\n")) }
    try await office.live(engine: engine) { life in
      let end = try await life.end(of: try await life.submit("tiny"))
      #expect(end.state == .error && end.problem?.code == "worker.crashed")
      #expect(end.reason?.hasPrefix("the worker that was running 'tiny-1' died of signal 11. ") == true, "\(end.reason ?? "")")
    }
    #expect(engine.calls.count == 3)
    #expect(try await transitions(of: JobID(name: SafeName(from: "tiny"), number: 1)).count { $0 == "preparing > pending" } == 2)
  }

  @Test func a_step_forward_begins_the_count_of_deaths_anew() async throws {
    let engine = FakeEngine { work in
      guard work.number <= 6 else { return await FakeTraining.run(work) }
      await work.say(.phase(.training, share: nil))
      await work.say(FakeTraining.step((work.number + 1) / 2))  // two deaths a step
      return .crashed(.init(signal: 9, exitCode: nil, lastWords: ""))
    }
    try await office.live(engine: engine) { life in
      let end = try await life.end(of: try await life.submit("tiny"))
      #expect(end.state == .completed, "\(end.reason ?? "")")
    }
    #expect(engine.calls.count == 7)
  }

  @Test func a_full_disk_makes_a_job_wait_for_room_and_go_on_by_itself() async throws {
    let full = Problem("disk.full", "the job could not go on", mend: "Free space on the disk; work goes on by itself then.")
    let isFull = StopRequest()
    let engine = FakeEngine { work in isFull.isMade ? await FakeTraining.run(work) : .refused(full) }
    try await office.live(engine: engine) { life in
      let id = try await life.submit("tiny")
      let waiting = try await life.status(id) { $0.state == .pending && $0.reason?.hasPrefix("waiting") == true }
      #expect(waiting.reason == "waiting for room on the disk: free some, and it goes on from its last checkpoint by itself")
      isFull.make()
      #expect(try await life.end(of: id).state == .completed)
    }
    #expect(engine.calls.count >= 2)
  }

  // MARK: wishes

  @Test func a_running_job_is_cancelled() async throws {
    try await office.live(engine: FakeEngine(FakeTraining.untilStopped)) { life in
      let id = try await life.submit("tiny")
      _ = try await life.status(id) { $0.state == .training }
      #expect(try await life.scheduler.carryOut(.cancel(job: "tiny")) == .carriedOut("Job 'tiny-1' is being cancelled."))
      let end = try await life.end(of: id)
      #expect(end.state == .cancelled && end.reason == "cancelled by the user" && end.problem == nil)
    }
  }

  @Test func a_paused_job_lets_the_next_one_run_and_goes_on_when_it_is_resumed() async throws {
    let engine = FakeEngine { work in
      if work.call.path.lastComponent?.string == "long-1", work.number == 1 { return await FakeTraining.untilStopped(work) }
      return await FakeTraining.run(work)
    }
    try await office.live(engine: engine) { life in
      let long = try await life.submit("long")
      _ = try await life.status(long) { $0.state == .training }
      let next = try await life.submit("next", secondsLater: 1)
      #expect(try await life.scheduler.carryOut(.pause(job: "long-1")) == .carriedOut("Job 'long-1' is being paused."))
      #expect(try await life.end(of: next).state == .completed)
      let paused = try #require(try office.status(long))
      #expect(paused.state == .paused)
      #expect(paused.reason == "paused by the user: `dropforge resume`, or a file RESUME in its control/ folder, lets it go on")
      #expect(paused.step == 2)
      #expect(try await life.scheduler.carryOut(.resume(job: "long")) == .carriedOut("Job 'long-1' goes on."))
      #expect(try await life.end(of: long).state == .completed)
    }
    #expect(engine.calls.map { $0.path.lastComponent?.string } == ["long-1", "next-1", "long-1"])
  }

  @Test func a_job_that_waits_is_cancelled_at_once() async throws {
    try await office.live(engine: FakeEngine(FakeTraining.run)) { life in
      let id = try await life.submit("tiny", on: "never")
      _ = try await life.scheduler.carryOut(.cancel(job: "tiny"))
      #expect(try await life.end(of: id).state == .cancelled)
    }
  }

  @Test func wishes_that_cannot_be_carried_out_say_why() async throws {
    try await office.live(engine: FakeEngine(FakeTraining.run)) { life in
      #expect(
        try await life.scheduler.carryOut(.cancel(job: "nobody"))
          == .refused(
            Problem(
              "job.unknown", "there is no job 'nobody'", at: .init(field: "job"),
              mend: "`dropforge status` lists the jobs; give a job's identifier or name.")))
      let id = try await life.submit("tiny")
      _ = try await life.end(of: id)
      #expect(
        try await life.scheduler.carryOut(.pause(job: "tiny"))
          == .refused(
            Problem(
              "job.over", "the job 'tiny-1' is over: it is completed", at: .init(field: "job"),
              mend: "There is nothing to pause. Drop the job file again for another run.")))
      let waiting = try await life.submit("later", on: "never")
      #expect(
        try await life.scheduler.carryOut(.resume(job: waiting.text)) == .carriedOut("Job 'later-1' is not paused: it is pending."))
    }
  }

  @Test func a_file_in_the_control_folder_is_a_wish() async throws {
    let engine = FakeEngine(FakeTraining.untilStopped)
    let files = LinuxFileSystem()
    try await office.live(engine: engine) { life in
      let id = try await life.submit("tiny")
      let job = office.layout(id)
      _ = try await life.status(id) { $0.state == .training }
      try files.writeInPlace([], to: job.control(.pause))
      _ = try await life.status(id) { $0.state == .paused }
      #expect(!files.exists(job.control(.pause)))
      try files.writeInPlace([], to: job.control(.resume))
      _ = try await life.status(id) { $0.state == .training }
      try files.writeInPlace([], to: job.control(.cancel))
      #expect(try await life.end(of: id).state == .cancelled)
      #expect(try files.names(in: job.control).isEmpty)
    }
    #expect(engine.calls.count == 2)
  }

  @Test func where_the_kernel_tells_nothing_a_file_in_the_control_folder_is_found_by_looking() async throws {
    let files = LinuxFileSystem()
    let isUsedUp = Mutex(true)
    var settings = Office.settings
    settings.rescanSeconds = 1
    try await office.live(
      engine: FakeEngine(FakeTraining.untilStopped), settings: settings,
      openInotify: { () throws(SystemError) in
        if isUsedUp.withLock(\.self) { throw SystemError(.tooManyOpenFiles, "open an inotify instance") }
        return try Inotify()
      }
    ) { life in
      let id = try await life.submit("tiny")
      _ = try await life.status(id) { $0.state == .training }
      try files.writeInPlace([], to: office.layout(id).control(.pause))
      _ = try await life.status(id) { $0.state == .paused }
      #expect(!office.log.lines.contains("notice: control folders are watched again"))
      isUsedUp.withLock { $0 = false }
      await office.log.wait(for: "notice: control folders are watched again")
      try files.writeInPlace([], to: office.layout(id).control(.cancel))
      #expect(try await life.end(of: id).state == .cancelled)
    }
    // Told once, and once when it has mended itself.
    #expect(
      office.log.lines.filter { $0.contains("control folders") } == [
        "warning: control folders are looked through every few seconds: the kernel tells nothing of them",
        "notice: control folders are watched again",
      ])
  }

  // MARK: stops and restarts

  @Test(.timeLimit(.minutes(20))) func a_job_that_is_starting_when_the_agent_stops_is_stopped_too() async throws {
    for round in 0..<12 {
      try await office.live(engine: FakeEngine(FakeTraining.untilStopped)) { life in
        let id = try await life.submit("tiny-\(round)")
        // At another moment of the start each time.
        for _ in 0..<round { await Task.yield() }
        #expect(try office.status(id) != nil)
      }
    }
  }

  @Test func a_stop_of_the_agent_leaves_the_job_to_go_on_at_the_next_start() async throws {
    let id = try await office.live(engine: FakeEngine(FakeTraining.untilStopped)) { life in
      let id = try await life.submit("tiny")
      _ = try await life.status(id) { $0.state == .training }
      return id
    }
    let stopped = try #require(try office.status(id))
    #expect(stopped.state == .pending && stopped.reason == "goes on from its last checkpoint after an interruption")
    try await office.live(engine: FakeEngine(FakeTraining.run)) { life in
      let end = try await life.end(of: id)
      #expect(end.state == .completed, "\(end.reason ?? "")")
    }
    #expect(try await office.open { try await $0.job(id)?.starts } == 2)
  }

  @Test func a_job_whose_agent_was_killed_goes_on_before_those_that_have_not_started() async throws {
    let (killed, new) = try await office.open { catalogue in
      let new = try await office.submit("new", in: catalogue)
      let killed = try await office.submit("killed", secondsLater: 1, in: catalogue)
      try await catalogue.noteStart(killed, pins: Specimen.pins())
      try await catalogue.transition(killed, from: .pending, to: .preparing, reason: nil, at: Specimen.time + 2)
      try await catalogue.transition(killed, from: .preparing, to: .training, reason: nil, at: Specimen.time + 2)
      return (killed, new)
    }
    let engine = FakeEngine(FakeTraining.run)
    try await office.live(engine: engine) { life in
      for id in [new, killed] {
        let end = try await life.end(of: id)
        #expect(end.state == .completed, "\(end.reason ?? "")")
      }
    }
    #expect(engine.calls.map { $0.path.lastComponent?.string } == ["killed-1", "new-1"])
  }

  /// The catalogue is the truth; a kill between its word and the file's leaves the file behind.
  @Test func a_status_that_was_not_published_any_more_is_published_at_the_next_start() async throws {
    let engine = FakeEngine(FakeTraining.untilStopped)
    let id = try await office.live(engine: engine) { life in
      let id = try await life.submit("tiny")
      _ = try await life.status(id) { $0.state == .training }
      return id
    }
    try await office.open {
      try await $0.transition(id, from: .pending, to: .cancelled, reason: "cancelled by the user", at: Specimen.time + 5)
    }
    #expect(try office.status(id)?.state == .pending)
    try await office.live(engine: engine) { _ in }
    let status = try #require(try office.status(id))
    #expect(status.state == .cancelled && status.reason == "cancelled by the user" && status.finishedAt == Specimen.time + 5)
  }

  private func transitions(of id: JobID) async throws -> [String] {
    try await office.open { try await $0.transitions(of: id).map { "\($0.from.rawValue) > \($0.to.rawValue)" } }
  }
}
