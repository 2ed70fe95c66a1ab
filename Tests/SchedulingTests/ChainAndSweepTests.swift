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

/// Jobs that come after others, and jobs that are one of many.
struct ChainAndSweepTests {
  private let office: Office

  init() async throws { office = try await Office() }

  private static func file(_ name: String, after: String) -> String {
    #"{"name": "\#(name)", "dataset": "rows", "after": "\#(after)", "config": \#(Specimen.config)}"#
  }

  /// Leaves weights where a base's are looked for.
  @Sendable private static func run(_ work: FakeEngine.Work) async -> WorkerOutcome {
    let folder = FakeTraining.layout(work).finalModel
    do {
      try LinuxFileSystem().makeFolders(folder)
      try LinuxFileSystem().publish("weights".utf8, to: folder.appending("model.safetensors"))
    } catch {
      return .crashed(.init(signal: nil, exitCode: 70, lastWords: "\(error)"))
    }
    return await FakeTraining.run(work)
  }

  @Test func a_job_runs_after_another_on_its_result() async throws {
    try await office.live(engine: FakeEngine(Self.run)) { life in
      let second = try await life.submit("second", file: Self.file("second", after: "first"))
      _ = try await life.status(second) { $0.reason == "waiting for the job 'first': drop it into inbox/jobs/" }
      let first = try await life.submit("first")
      #expect(try await life.end(of: second).state == .completed)
      #expect(try await life.end(of: first).state == .completed)
      let order = try PublishedJSON.decode(
        TrainOrder.self, from: try LinuxFileSystem().contents(of: office.layout(second).order))
      #expect(order.baseModel == office.layout(first).finalModel.string)

      // Each result is a model with a version and what it came from.
      let base = try #require(await life.catalogue.trainedModel(of: first))
      #expect(base.name.text == "first" && base.version == 1 && base.kind == .base && base.base == nil)
      let tuned = try #require(await life.catalogue.trainedModel(of: second))
      #expect(
        tuned.kind == .fineTuned
          && tuned.base == .init(name: "first", version: 1, sha256: SHA256.hash("weights".utf8)))
      #expect(tuned.path == "workspace/jobs/second-1/final_model" && tuned.evalLoss == Specimen.metrics().evalLoss)
      let card = try PublishedJSON.decode(
        TrainedModelCard.self, from: try LinuxFileSystem().contents(of: office.layout(second).modelCard))
      #expect(card == tuned)
      #expect(try await life.catalogue.trainedModels().map(\.job) == [first, second])
    }
  }

  @Test func where_the_job_before_fails_those_after_it_do_with_its_reason() async throws {
    let engine = FakeEngine { _ in .refused(Problem("data.empty", "there are no rows", mend: "Drop some.")) }
    try await office.live(engine: engine) { life in
      let third = try await life.submit("third", file: Self.file("third", after: "second"))
      let second = try await life.submit("second", file: Self.file("second", after: "first"))
      _ = try await life.submit("first")
      let end = try await life.end(of: second)
      #expect(end.state == .error)
      #expect(
        end.reason
          == "after: the job 'first-1' was to be completed before, and it is error. There are no rows. Drop some. Mend that job and drop it again, and this one after it."
      )
      #expect(try await life.end(of: third).problem?.code == "job.after-failed")
    }
  }

  @Test func a_sweep_ends_with_a_table_and_a_winner() async throws {
    let count = Mutex(0)
    let engine = FakeEngine { work in
      let number = count.withLock {
        $0 += 1; return $0
      }
      if number == 2 { return .refused(Problem("data.empty", "there are no rows", mend: "Drop some.")) }
      var metrics = Specimen.metrics()
      metrics.evalLoss = 3 - Double(number)
      guard (try? LinuxFileSystem().publish(PublishedJSON.bytes(of: metrics), to: FakeTraining.layout(work).metrics)) != nil else {
        return .crashed(.init(signal: nil, exitCode: 70, lastWords: "no metrics"))
      }
      return .done
    }
    try await office.live(engine: engine) { life in
      let id = try await office.sweep("lr", seeds: [1, 2, 3], in: life.catalogue)
      for job in try await life.catalogue.jobs(of: id) { try await life.scheduler.announce(job.id) }
      life.scheduler.wake()
      for job in try await life.catalogue.jobs(of: id) { _ = try await life.end(of: job.id) }
      try await life.scheduler.publish(id)
      let results = try #require(life.told.sweeps.last)
      #expect(results.isOver && results.winner?.text == "lr-sweep-1-3" && results.axes == ["seed"])
      #expect(results.rows.map(\.state) == [.completed, .error, .completed])
      #expect(results.rows.map(\.score) == [2, nil, 0] && results.rows.map { $0.values["seed"] } == ["1", "2", "3"])
    }
  }

  @Test func a_whole_sweep_is_paused_resumed_and_cancelled() async throws {
    try await office.live(engine: FakeEngine(FakeTraining.untilStopped)) { life in
      let id = try await office.sweep("lr", seeds: [1, 2], in: life.catalogue)
      let jobs = try await life.catalogue.jobs(of: id).map(\.id)
      for job in jobs { try await life.scheduler.announce(job) }
      life.scheduler.wake()
      _ = try await life.status(jobs[0]) { $0.state == .training }
      #expect(
        try await life.scheduler.carryOut(.pause(job: "lr")) == .carriedOut("Sweep 'lr-sweep-1': 2 jobs are being paused."))
      for job in jobs { _ = try await life.status(job) { $0.state == .paused } }
      #expect(
        try await life.scheduler.carryOut(.resume(job: "lr-sweep-1")) == .carriedOut("Sweep 'lr-sweep-1': 2 jobs are resumed."))
      _ = try await life.status(jobs[0]) { $0.state == .training }
      // One of them is a job like any other.
      #expect(
        try await life.scheduler.carryOut(.cancel(job: "lr-sweep-1-2")) == .carriedOut("Job 'lr-sweep-1-2' is being cancelled."))
      #expect(try await life.end(of: jobs[1]).state == .cancelled)
      #expect(
        try await life.scheduler.carryOut(.cancel(job: "lr-sweep-1")) == .carriedOut("Sweep 'lr-sweep-1': one job is being cancelled."))
      #expect(try await life.end(of: jobs[0]).state == .cancelled)
      guard case .refused(let problem) = try await life.scheduler.carryOut(.cancel(job: "lr")) else {
        Issue.record("a sweep that is over cannot be cancelled")
        return
      }
      #expect(problem.what == "every job of the sweep 'lr-sweep-1' is over")
    }
  }

  /// The last job of a sweep is not the best: its name means the winner, as a base and as what a job comes after.
  @Test(arguments: ["lr", "lr-sweep-1"])
  func a_sweeps_name_means_its_winner(name: String) async throws {
    let engine = FakeEngine { work in
      guard let id = FakeTraining.layout(work).folder.lastComponent?.string else { return .stopped }
      guard case .done = await Self.run(work) else { return .stopped }
      var metrics = Specimen.metrics()
      metrics.evalLoss = id.hasSuffix("-2") ? 1 : 2
      guard (try? LinuxFileSystem().publish(PublishedJSON.bytes(of: metrics), to: FakeTraining.layout(work).metrics)) != nil else {
        return .stopped
      }
      return .done
    }
    try await office.live(engine: engine) { life in
      let id = try await office.sweep("lr", seeds: [1, 2, 3], in: life.catalogue)
      let after = try await life.submit("after", priority: 5, file: Self.file("after", after: name))
      let based = try await life.submit(
        "based", priority: 5,
        file:
          #"{"name": "based", "dataset": "rows", "config": {"model": {"name": "\#(name)"}, "training": {"method": "sft", "max_steps": 4}}}"#
      )
      let waiting = "waiting for the sweep 'lr-sweep-1' to be over: its winner is what is asked for"
      for job in [after, based] { _ = try await life.status(job) { $0.reason == waiting || $0.state.isFinal } }
      for job in try await life.catalogue.jobs(of: id) { try await life.scheduler.announce(job.id) }
      life.scheduler.wake()
      for job in [after, based] {
        #expect(try await life.end(of: job).state == .completed)
        let order = try PublishedJSON.decode(TrainOrder.self, from: try LinuxFileSystem().contents(of: office.layout(job).order))
        #expect(order.baseModel == office.layout(try #require(JobID("lr-sweep-1-2"))).finalModel.string)
      }
      let sweep = try #require(await life.catalogue.sweep(called: name))
      #expect(sweep.isOver && sweep.winner?.text == "lr-sweep-1-2")
    }
  }

  @Test func after_a_sweep_without_a_winner_nothing_can_come() async throws {
    let engine = FakeEngine { _ in .refused(Problem("data.empty", "there are no rows", mend: "Drop some.")) }
    try await office.live(engine: engine) { life in
      let id = try await office.sweep("lr", seeds: [1, 2], in: life.catalogue)
      let after = try await life.submit("after", file: Self.file("after", after: "lr"))
      for job in try await life.catalogue.jobs(of: id) { try await life.scheduler.announce(job.id) }
      life.scheduler.wake()
      let end = try await life.end(of: after)
      #expect(
        end.reason
          == "the sweep 'lr-sweep-1' was to be completed before, and none of its jobs was completed with a result to choose by. How each of them ended stands in sweep.json, in its folder. Mend its job file and drop it again, and this one after it."
      )
    }
  }

  @Test func files_in_a_sweeps_control_folder_are_obeyed_by_all_its_jobs() async throws {
    try await office.live(engine: FakeEngine(FakeTraining.untilStopped)) { life in
      let id = try await office.sweep("lr", seeds: [1, 2], in: life.catalogue)
      let jobs = try await life.catalogue.jobs(of: id).map(\.id)
      let control = office.root.workspace.sweep(id).control
      try LinuxFileSystem().makeFolders(control)
      func say(_ word: ControlWord) throws { try LinuxFileSystem().publish("".utf8, to: word.file(in: control)) }
      for job in jobs { try await life.scheduler.announce(job) }
      life.scheduler.wake()
      _ = try await life.status(jobs[0]) { $0.state == .training }
      try await life.scheduler.publish(id)
      try say(.pause)
      life.scheduler.wake()
      for job in jobs { _ = try await life.status(job) { $0.state == .paused } }
      try say(.resume)
      life.scheduler.wake()
      _ = try await life.status(jobs[0]) { $0.state == .training }
      try say(.cancel)
      life.scheduler.wake()
      for job in jobs { #expect(try await life.end(of: job).state == .cancelled) }
      #expect(try LinuxFileSystem().names(in: control).isEmpty)
    }
  }

  // MARK: planning ahead

  /// What waits in the queue has its plan within seconds, and is planned again when it starts.
  @Test func jobs_of_the_queue_are_planned_by_workers_of_their_own() async throws {
    let engine = FakeEngine { work in
      guard case .plan = work.call else { return await FakeTraining.untilStopped(work) }
      let plan = JobPlan(
        job: JobID(name: SafeName(from: "any"), number: 1), method: "sft", madeAt: Specimen.time, rows: JobPlan.Rows())
      guard (try? LinuxFileSystem().publish(PublishedJSON.bytes(of: plan), to: FakeTraining.layout(work).plan)) != nil else {
        return .stopped
      }
      return .done
    }
    try await office.live(engine: engine, plansAhead: true) { life in
      let first = try await life.submit("first")
      _ = try await life.status(first) { $0.state == .training }
      let jobs = [try await life.submit("second"), try await life.submit("third")]
      for job in jobs {
        _ = try await life.status(job) { $0.state == .pending }
        // First what the card says of the rows, then the worker's.
        func plan() -> JobPlan? {
          (try? LinuxFileSystem().contents(of: office.layout(job).plan)).flatMap { try? PublishedJSON.decode(JobPlan.self, from: $0) }
        }
        while plan()?.isPreliminary != false || LinuxFileSystem().exists(office.layout(job).planning.folder) { await Task.yield() }
      }
      #expect(
        engine.calls.filter { if case .plan = $0 { true } else { false } }.map(\.path) == jobs.map { office.layout($0).planning.folder })
      #expect(try jobs.map { try office.status($0)?.reason } == ["queued behind 1 job", "queued behind 2 jobs"])
    }
  }

  /// A job that is larger than the machine waits for nothing.
  @Test func a_job_that_never_fits_ends_before_its_turn() async throws {
    let engine = FakeEngine { work in
      guard case .plan = work.call else { return await FakeTraining.untilStopped(work) }
      var plan = JobPlan(job: JobID(name: SafeName(from: "any"), number: 1), method: "sft", madeAt: Specimen.time, rows: JobPlan.Rows())
      var memory = JobPlan.Memory()
      (memory.weights, memory.available) = (2_000, 1_000)
      plan.memory = memory
      plan.judge()
      guard let problem = plan.problem,
        (try? LinuxFileSystem().publish(PublishedJSON.bytes(of: plan), to: FakeTraining.layout(work).plan)) != nil
      else { return .stopped }
      return .refused(problem)
    }
    try await office.live(engine: engine, plansAhead: true) { life in
      let first = try await life.submit("first")
      _ = try await life.status(first) { $0.state == .training }
      let end = try await life.end(of: try await life.submit("second"))
      #expect(end.state == .error && end.problem?.code == "plan.memory")
    }
  }

  // MARK: adapters

  @Test func modules_of_an_adapter_are_held_against_the_family_of_the_base() async throws {
    try await office.live(engine: FakeEngine(Self.run)) { life in
      let base = try await life.submit(
        "base",
        file:
          #"{"name": "base", "dataset": "rows", "config": {"model": {"name": "scratch", "architecture": "gpt2"}, "training": {"method": "sft", "max_steps": 4}}}"#
      )
      _ = try await life.end(of: base)
      _ = try await life.end(of: try await life.submit("next", file: Self.file("next", after: "base")))
      func findings(_ base: String, _ modules: String) async throws -> [String] {
        let text =
          #"{"name": "tuned", "dataset": "rows", "config": {"model": {"name": "\#(base)"}, "training": {"method": "sft", "max_steps": 4, "use_lora": true, "lora_target_modules": \#(modules)}}}"#
        let file = try #require(JobFile.decode(try JSONParser.parse(text), source: .none, fallbackName: "tuned").0)
        return try await life.catalogue.needs(of: file).findings.errors.map(\.description)
      }
      for right in [#"["c_attn", "mlp.c_proj"]"#, #""all-linear""#] { #expect(try await findings("next", right).isEmpty) }
      for name in ["base", "next"] {
        #expect(
          try await findings(name, #"["c_atn", "q_proj"]"#) == [
            "error: training.lora_target_modules: the model '\(name)', of the family gpt2, has no linear layer \"c_atn\". Did you mean \"c_attn\"? It has c_attn, c_proj, c_fc; \"all-linear\" means all of them",
            "error: training.lora_target_modules: the model '\(name)', of the family gpt2, has no linear layer \"q_proj\". Did you mean \"c_proj\"? It has c_attn, c_proj, c_fc; \"all-linear\" means all of them",
          ])
      }
    }
  }
}
