import Catalogue
import Domain
import Engines
import Platform
import Scheduling
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Evaluations on request go the way of a job, and train nothing.
struct EvaluationJobTests {
  private let office: Office

  init() async throws { office = try await Office() }

  private static func request(_ model: String, on dataset: String = "rows") -> String {
    #"{"action": "evaluate", "model": "\#(model)", "dataset": "\#(dataset)"}"#
  }

  private static func record(_ job: JobLayout) throws -> EvaluationRecord {
    var metrics = EvaluationRecord.Metrics(step: 0)
    metrics.loss = 1.25
    var record = EvaluationRecord(
      job: try #require(job.folder.lastComponent.flatMap { JobID($0.string) }), createdAt: Specimen.time, baseModel: "first",
      testSet: .init(source: "rows", sequences: 3, tokens: 30, prompts: 0), generation: nil,
      metrics: .init(before: nil, after: metrics, best: nil), curves: .init(rows: []),
      statistics: .init(
        method: "sft", parameters: 10, steps: 0, epochs: 0, trainSequences: 0, trainTokens: 0, tokensSeen: 0, firstLoss: nil,
        finalLoss: nil,
        bestStep: nil, trainRuntime: 0, tokensPerSecond: 0), details: [])
    record.isOnRequest = true
    return record
  }

  /// Trains by leaving weights; evaluates by leaving a record.
  @Sendable private static func work(_ work: FakeEngine.Work) async -> WorkerOutcome {
    let (job, files) = (FakeTraining.layout(work), LinuxFileSystem())
    do {
      if case .evaluate = work.call {
        await work.say(.phase(.loading, share: nil))
        await work.say(.phase(.evaluating, share: 0))
        try files.publish(try PublishedJSON.bytes(of: try record(job)), to: job.evaluation)
        return .done
      }
      try files.makeFolders(job.finalModel)
      try files.publish("weights".utf8, to: job.finalModel.appending("model.safetensors"))
    } catch {
      return .crashed(.init(signal: nil, exitCode: 70, lastWords: "\(error)"))
    }
    return await FakeTraining.run(work)
  }

  private func order(_ id: JobID) throws -> TrainOrder {
    try PublishedJSON.decode(TrainOrder.self, from: try LinuxFileSystem().contents(of: office.layout(id).order))
  }

  @Test func it_waits_for_its_model_runs_in_a_worker_and_its_record_is_kept() async throws {
    let engine = FakeEngine(Self.work)
    try await office.live(engine: engine) { life in
      let look = try await life.submit("look", file: Self.request("first"))
      _ = try await life.status(look) { $0.reason?.hasPrefix("waiting for the model 'first'") == true }
      let first = try await life.submit("first")
      #expect(try await life.end(of: look).state == .completed)
      let order = try order(look)
      #expect(order.baseModel == office.layout(first).finalModel.string && order.tokenizer == order.baseModel)
      #expect(order.evaluation?.model == "first" && order.evaluation?.split == nil && order.train.name.text == "rows")
      #expect(
        order.evaluation?.remarks == [
          "The job 'first-1' was trained on rows of 'rows', and they are measured too: the figures flatter the model. Its own evaluation.json is of rows that were held out."
        ])
      #expect(engine.calls.last == .evaluate(office.layout(look).folder))
      let states = try await life.catalogue.transitions(of: look).map(\.to)
      #expect(states == [.preparing, .evaluating, .completed])
      let record = try #require(await life.catalogue.evaluation(of: "look-1"))
      #expect(record.isOnRequest == true && record.metrics.after?.loss == 1.25)
      // It made no model, and no report of one.
      #expect(try await life.catalogue.trainedModel(of: look) == nil && life.told.facts.map(\.id) == [first])
    }
  }

  /// Named like a model or not, nothing can go on from an evaluation.
  @Test func an_evaluation_is_no_model() async throws {
    try await office.live(engine: FakeEngine(Self.work)) { life in
      _ = try await life.end(of: try await life.submit("first"))
      _ = try await life.end(of: try await life.submit("look", file: Self.request("first")))
      #expect(try await life.catalogue.completedJob(called: "look") == nil)
      let again = try await life.submit("again", file: Self.request("look"))
      _ = try await life.status(again) { $0.reason?.hasPrefix("waiting for the model 'look'") == true }
    }
  }

  @Test func after_the_agents_death_it_begins_again_on_the_same() async throws {
    var look: JobID?
    try await office.live(
      engine: FakeEngine { work in
        guard case .evaluate = work.call else { return await Self.work(work) }
        await work.say(.phase(.evaluating, share: 0))
        await work.stop.wait()
        return .crashed(.init(signal: 9, exitCode: nil, lastWords: ""))
      }
    ) { life in
      _ = try await life.end(of: try await life.submit("first"))
      let id = try await life.submit("look", file: Self.request("first"))
      look = id
      _ = try await life.status(id) { $0.state == .evaluating }
    }
    let id = try #require(look)
    #expect(try office.status(id)?.reason == "begins again after an interruption")
    let before = try order(id)
    try await office.live(engine: FakeEngine(Self.work)) { life in
      let end = try await life.end(of: id)
      #expect(end.state == .completed)
      #expect(try await life.catalogue.evaluation(of: "look") != nil)
    }
    #expect(try order(id) == before)
  }

  @Test func it_is_cancelled_like_a_job() async throws {
    try await office.live(
      engine: FakeEngine { work in
        guard case .evaluate = work.call else { return await Self.work(work) }
        await work.say(.phase(.evaluating, share: 0))
        await work.stop.wait()
        return .stopped
      }
    ) { life in
      _ = try await life.end(of: try await life.submit("first"))
      let id = try await life.submit("look", file: Self.request("first"))
      _ = try await life.status(id) { $0.state == .evaluating }
      #expect(try await life.scheduler.carryOut(.cancel(job: "look")) == .carriedOut("Job 'look-1' is being cancelled."))
      #expect(try await life.end(of: id).state == .cancelled)
      #expect(try await life.catalogue.evaluation(of: "look") == nil)
    }
  }

  @Test func rows_that_cannot_be_measured_end_it_with_the_reason() async throws {
    try await office.live(engine: FakeEngine(Self.work)) { life in
      _ = try await life.end(of: try await life.submit("first"))
      let id = try await life.submit(
        "look", file: #"{"action": "evaluate", "model": "first", "dataset": "rows", "split": "test"}"#)
      let end = try await life.end(of: id)
      #expect(end.state == .error)
      #expect(
        end.reason
          == "split: the dataset 'rows' has no split 'test'. Its only split is 'train'. Mend the field and drop the request again.")
    }
  }
}
