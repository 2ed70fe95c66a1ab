import Domain
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing
import Training

/// An evaluation on request says of the same rows what the job's own evaluation said, to the last digit.
struct EvaluationRunTests {
  private func runs(_ method: String) throws -> Runs {
    switch method {
    case "grpo": try Runs(Texts.sums, named: "sums.jsonl")
    case "pretrain": try Runs(Texts.counting, named: "counting.txt")
    case "sft": try Runs(Texts.questions, named: "questions.jsonl")
    default: try Runs(Texts.preferences, named: "preferences.jsonl")
    }
  }

  private func config(_ method: String) -> JSONNode {
    var training: JSONObject = ["max_length": 48, "max_steps": 8, "eval_steps": 4]
    if method == "grpo" {
      let own: JSONObject = [
        "num_generations": 4, "max_completion_length": 6, "rewards": [["name": "regex", "pattern": "[0-9a-z]"]],
      ]
      for member in own.members { training[member.key] = member.node }
    }
    return Configs.tiny(method: method, training: training)
  }

  private func record(_ runs: Runs, _ job: JobLayout) throws -> EvaluationRecord {
    try PublishedJSON.decode(EvaluationRecord.self, from: try runs.folders.bytes(job.evaluation))
  }

  /// The order of an evaluation of a job's model, as the scheduler writes it.
  private func order(_ runs: Runs, _ config: JSONNode, of model: FilePath, reference: FilePath? = nil) throws -> TrainOrder {
    var order = try runs.folders.prepare("look", config: config, baseModel: model)
    order.tokenizer = model.string
    order.evaluation = .init(model: "trained", split: nil, reference: reference?.string, remarks: ["A remark."])
    return order
  }

  @Test(arguments: ["pretrain", "sft", "dpo", "orpo", "grpo"])
  func it_agrees_with_the_evaluation_of_the_run(_ method: String) throws {
    let runs = try runs(method)
    // A base of its own, so that dpo has a reference that is there again afterwards.
    var first = Configs.tiny(training: ["max_steps": 2, "max_length": 48])
    if method == "dpo" || method == "orpo", var object = first.object {
      object["data"] = ["text_field": "chosen"]
      first = JSONNode(.object(object))
    }
    let base = try runs.run("base", first).job.finalModel
    var object = try #require(config(method).object)
    object["model"] = ["name": "base"]
    var training = try runs.folders.prepare("job", config: JSONNode(.object(object)), baseModel: base)
    training.eval = training.train
    let job = try runs.goOn(training).job
    let whole = try record(runs, job)
    let order = try order(runs, JSONNode(.object(object)), of: job.finalModel, reference: base)
    let exit = try EvaluationRun(order: order, files: runs.folders.files, clock: .system, report: { _ in }).run(isStopped: { false })
    #expect(exit == .done)
    let look = JobLayout(folder: FilePath(order.folder)), record = try record(runs, look)
    #expect(record.metrics.after?.loss == whole.metrics.after?.loss && record.metrics.after?.accuracy == whole.metrics.after?.accuracy)
    #expect(record.metrics.after?.perplexity == whole.metrics.after?.perplexity)
    #expect(record.metrics.after?.preferenceAccuracy == whole.metrics.after?.preferenceAccuracy)
    #expect(record.metrics.after?.rewardScore == whole.metrics.after?.rewardScore)
    #expect((record.metrics.after?.rewardScore != nil) == (method == "grpo"))
    #expect((record.metrics.after?.preferenceAccuracy != nil) == (method == "dpo" || method == "orpo"))
    #expect(record.isOnRequest == true && record.metrics.before == nil && record.baseModel == "trained" && record.testSet.source == "rows")
    #expect(record.testSet.sequences == whole.testSet.sequences && record.statistics.steps == 0)
    #expect(record.remarks?.first == "A remark.")
    let page = String(decoding: try runs.folders.bytes(look.samples), as: UTF8.self)
    #expect(page.hasPrefix("# Evaluation look-1\n\ntrained on rows: ") && page.contains("\nA remark.\n") && page.contains("**Answer**"))
    #expect(!runs.folders.files.exists(look.finalModel) && !runs.folders.files.exists(look.plan))
    let log = String(decoding: try runs.folders.bytes(look.log), as: UTF8.self)
    #expect(log.hasPrefix("Evaluation look-1: trained on rows, ") && log.contains("Note: A remark.\n"))
  }

  @Test func rows_are_limited_and_a_stop_ends_it_at_once() throws {
    let runs = try runs("sft")
    let job = try runs.run("job", config("sft")).job
    var object = try #require(config("sft").object)
    object["data"] = ["max_samples": 7]
    let order = try order(runs, JSONNode(.object(object)), of: job.finalModel)
    let look = JobLayout(folder: FilePath(order.folder))
    func run(_ isStopped: @escaping () -> Bool) throws -> WorkerExit {
      try EvaluationRun(order: order, files: runs.folders.files, clock: .system, report: { _ in }).run(isStopped: isStopped)
    }
    #expect(try run { true } == .stopped)
    #expect(!runs.folders.files.exists(look.evaluation))
    #expect(try run { false } == .done)
    #expect(try record(runs, look).testSet.sequences == 7)
  }

  @Test func rows_that_leave_nothing_to_measure_are_named() throws {
    let runs = try Runs(#"{"prompt": "a", "completion": ""}"# + "\n", named: "empty.jsonl")
    let trained = try self.runs("sft")
    let model = try trained.run("job", config("sft")).job.finalModel
    let order = try order(runs, config("sft"), of: model)
    let problem = try #require(throws: Problem.self) {
      try EvaluationRun(order: order, files: runs.folders.files, clock: .system, report: { _ in }).run(isStopped: { false })
    }
    #expect(problem.code == "data.nothing-to-measure")
    #expect(problem.mend == "Look at the rows (data/ in the dataset's folder), and drop the request again.")
  }
}
