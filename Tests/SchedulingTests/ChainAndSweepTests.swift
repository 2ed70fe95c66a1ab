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
}
