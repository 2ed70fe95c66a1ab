import Domain
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing
import Training

/// A run is planned before its first step, and the planning changes nothing of it.
struct PlanRunTests {
  private func runs(_ method: String) throws -> Runs {
    switch method {
    case "grpo": try Runs(Texts.sums, named: "sums.jsonl")
    case "pretrain": try Runs(Texts.counting, named: "counting.txt")
    case "sft": try Runs(Texts.questions, named: "questions.jsonl")
    default: try Runs(Texts.preferences, named: "preferences.jsonl")
    }
  }

  private func config(_ method: String, _ more: JSONObject = [:]) -> JSONNode {
    var training: JSONObject = ["max_length": 48, "max_steps": 8, "eval_steps": 4]
    if method == "grpo" {
      let own: JSONObject = [
        "num_generations": 4, "max_completion_length": 6, "num_iterations": 2, "beta": 0.04,
        "rewards": [["name": "regex", "pattern": "[0-9a-z]"]],
      ]
      for member in own.members { training[member.key] = member.node }
    }
    for member in more.members { training[member.key] = member.node }
    return Configs.tiny(architecture: "gpt2", method: method, model: ["hidden_dropout": 0.1], training: training)
  }

  private func plan(_ runs: Runs, _ job: JobLayout) throws -> JobPlan {
    try PublishedJSON.decode(JobPlan.self, from: try runs.folders.bytes(job.plan))
  }

  static let methods = ["pretrain", "sft", "dpo", "orpo", "grpo"]

  @Test(arguments: methods)
  func the_plan_holds_every_figure_and_the_end_its_fact(_ method: String) throws {
    let runs = try runs(method)
    let result = try runs.run("job", config(method))
    #expect(result.exit == .done)
    let plan = try plan(runs, result.job)
    #expect(plan.schema == "dropforge.plan/1" && plan.method == method && plan.measured && plan.verdict != .stop)
    #expect(plan.steps == 8 && (plan.epochs ?? 0) > 0)
    #expect(plan.rows.read > 0 && plan.rows.bad == 0 && (plan.rows.usable ?? 0) > 0)
    let data = try #require(plan.data), model = try #require(plan.model), time = try #require(plan.time)
    let shape = try #require(result.events.lazy.compactMap { if case .planned(let shape) = $0 { shape } else { nil } }.first)
    #expect(data.trainTokens == shape.trainTokens && data.heldOutTokens == shape.evalTokens && data.sequences == shape.trainSequences)
    #expect(model.parameters == model.trainedParameters && model.parameters > 10_000 && !model.products.isEmpty)
    let memory = try #require(plan.memory), disk = try #require(plan.disk)
    #expect(memory.weights >= 4 * model.parameters && memory.gradients == memory.weights && memory.optimizer == 2 * memory.weights)
    #expect(memory.activations > 0 && memory.program > 0 && memory.least < memory.peak && memory.peak < memory.most)
    #expect((memory.reference > 0) == (method == "grpo") && (memory.generation > 0) == (method == "grpo"))
    let checkpoint = try runs.folders.files.walk(try #require(try checkpoints(runs, result.job).last)).reduce(0) { $0 + $1.status.size }
    #expect(disk.checkpoint >= checkpoint && disk.checkpoint < checkpoint + (128 << 10) && disk.checkpoints >= 2)
    #expect(time.step > 0 && time.passes >= 3 && time.evaluations == result.rows.count { $0.evalRuntime != nil })
    #expect(0 < time.least && time.least < time.most && (time.remark != nil) == (method == "grpo"))
    let actual = try #require(plan.actual)
    #expect(actual.seconds > 0 && actual.peakMemory > 0 && actual.isWithinTime != nil && actual.isWithinMemory != nil)
    let log = String(decoding: try runs.folders.bytes(result.job.log), as: UTF8.self)
    #expect(log.split(separator: "\n").count { $0.hasPrefix("Forecast: \(plan.verdict.rawValue); ") } == 1)
    #expect(log.contains(try #require(plan.comparison)))
  }

  private func checkpoints(_ runs: Runs, _ job: JobLayout) throws -> [FilePath] {
    try runs.folders.files.names(in: job.checkpoints).map { job.checkpoints.appending($0) }.sorted { $0.string < $1.string }
  }

  /// Stopped before its first step, after it was planned, a run is its base to the last bit.
  @Test(arguments: methods, [false, true])
  func planning_changes_no_bit_of_the_run(_ method: String, _ isRounded: Bool) throws {
    let runs = try runs(method)
    var first = Configs.tiny(architecture: "gpt2", model: ["hidden_dropout": 0.1], training: ["max_steps": 2, "max_length": 48])
    if method == "dpo" || method == "orpo", var object = first.object {
      object["data"] = ["text_field": "chosen"]
      first = JSONNode(.object(object))
    }
    let base = try runs.run("base", first).job.finalModel
    var object = try #require(config(method, isRounded ? ["bf16": true] : [:]).object)
    object["model"] = ["name": "base"]
    let result = try runs.goOn(try runs.folders.prepare("job", config: JSONNode(.object(object)), baseModel: base), stoppedAfter: 0)
    #expect(result.exit == .stopped)
    #expect(try plan(runs, result.job).measured)
    let checkpoint = CheckpointLayout(folder: result.job.checkpoint(step: 0).folder)
    #expect(
      try runs.folders.bytes(checkpoint.folder.appending("model.safetensors"))
        == runs.folders.bytes(base.appending("model.safetensors")))
    // Length of the header, the header, and moments that no gradient has touched.
    let moments = try runs.folders.bytes(checkpoint.optimizer)
    let header = moments.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    #expect(moments.count > 8 + header && moments.dropFirst(8 + header).allSatisfy { $0 == 0 })
    // No answer was judged and none was kept; nothing stands in the books but the measure of the beginning.
    #expect(!runs.folders.files.exists(result.job.completions))
    #expect(result.losses.isEmpty)
  }

  @Test func before_the_tokens_are_made_there_is_a_plan_without_the_measured_part() throws {
    let runs = try runs("sft")
    let order = try runs.folders.prepare("job", config: config("sft"))
    let job = JobLayout(folder: FilePath(order.folder))
    var seen: [Bool?] = []
    _ = try TrainingRun(
      order: order, files: runs.folders.files, clock: .system,
      report: { event in
        guard case .phase(.tokenizing, share: 0?) = event else { return }
        seen.append((try? runs.folders.bytes(job.plan)).flatMap { try? PublishedJSON.decode(JobPlan.self, from: $0).measured })
      }
    ).run(isStopped: { false })
    #expect(seen.first == .some(.some(false)))
  }

  /// The plans that a run publishes, each as it stood when the next piece of work began.
  private func plans(_ runs: Runs, _ order: TrainOrder, sampleBytes: Int) throws -> [JobPlan] {
    let job = JobLayout(folder: FilePath(order.folder))
    var seen: [JobPlan] = []
    func look() {
      guard let plan = (try? runs.folders.bytes(job.plan)).flatMap({ try? PublishedJSON.decode(JobPlan.self, from: $0) }) else { return }
      if seen.last != plan { seen.append(plan) }
    }
    _ = try TrainingRun(
      order: order, files: runs.folders.files, clock: .system, sampleBytes: sampleBytes, report: { _ in look() }
    ).run(isStopped: { false })
    look()
    return seen
  }

  /// Where tokens take long, a plan from some of the rows stands before they are made: near the one from all rows, and marked.
  @Test(arguments: methods)
  func of_many_rows_a_preliminary_plan_is_there_before_the_tokens(_ method: String) throws {
    // One text would be one row.
    let lines = (0..<400).map { #"{"text": "\#($0) and \#($0 % 7) more"}"# + "\n" }.joined()
    let runs = try method == "pretrain" ? Runs(lines, named: "lines.jsonl") : runs(method)
    var training: JSONObject = ["max_steps": JSONNode(.null), "num_epochs": 2]
    if method == "grpo" { training["batch_size"] = 8 }
    let order = try runs.folders.prepare("job", config: config(method, training))
    let bytes = try runs.folders.bytes(runs.folders.version.rows(split: "train")).count
    let plans = try plans(runs, order, sampleBytes: bytes / 4)
    let early = try #require(plans.first), last = try #require(plans.last)
    #expect(early.isPreliminary && early.measured && early.verdict != .stop)
    #expect(!last.isPreliminary && last.sampledRows == nil && last.measured && last.actual != nil)
    let sampled = try #require(early.sampledRows)
    #expect(sampled < last.rows.read && early.rows.read == last.rows.read)
    let data = try #require(early.data), all = try #require(last.data)
    #expect(data.trainTokens * 3 > all.trainTokens * 2 && data.trainTokens * 2 < all.trainTokens * 3)
    let steps = try #require(early.steps), allSteps = try #require(last.steps)
    #expect(steps * 3 > allSteps * 2 && steps * 2 < allSteps * 3)
    #expect(early.memory != nil && early.disk != nil && early.model?.parameters == last.model?.parameters)
    // Nothing of the sample is left, neither with the job nor with the dataset.
    let job = JobLayout(folder: FilePath(order.folder))
    #expect(!runs.folders.files.exists(job.folder.appending(".sample")))
    if method != "grpo" { #expect(try runs.folders.files.names(in: runs.folders.dataset.tokenizations).count == 1) }
  }

  @Test func a_tokenizer_that_is_trained_is_planned_with_one_of_the_sample() throws {
    let runs = try runs("pretrain")
    var object = try #require(config("pretrain").object)
    object["tokenizer"] = ["name": "train", "type": "bpe", "vocab_size": 300]
    let order = try runs.folders.prepare("job", config: JSONNode(.object(object)))
    let plans = try plans(runs, order, sampleBytes: 4_000)
    let early = try #require(plans.first), last = try #require(plans.last)
    #expect(early.isPreliminary && early.measured && early.model?.parameters == last.model?.parameters)
  }

  @Test func a_run_is_the_same_to_the_last_bit_with_and_without_a_preliminary_plan() throws {
    let runs = try runs("dpo")
    let order = try runs.folders.prepare("early", config: config("dpo"))
    _ = try plans(runs, order, sampleBytes: 1_000)
    let early = JobLayout(folder: FilePath(order.folder)), plain = try runs.run("plain", config("dpo")).job
    let weights: FilePath.Component = "model.safetensors"
    #expect(try runs.folders.bytes(early.finalModel.appending(weights)) == runs.folders.bytes(plain.finalModel.appending(weights)))
  }

  /// What the queue shows of a job that waits.
  @Test(arguments: methods)
  func a_job_can_be_planned_and_nothing_else(_ method: String) throws {
    let runs = try runs(method)
    let order = try runs.folders.prepare("job", config: config(method))
    let job = JobLayout(folder: FilePath(order.folder))
    #expect(try TrainingRun(order: order, files: runs.folders.files, clock: .system, report: { _ in }).plan() == .done)
    let plan = try plan(runs, job)
    #expect(plan.isPreliminary && plan.measured && plan.sampledRows == nil && plan.data != nil)
    #expect(!runs.folders.files.exists(job.finalModel) && !runs.folders.files.exists(job.log))
  }

  @Test func a_job_that_does_not_fit_into_memory_ends_before_anything_is_made() throws {
    let runs = try runs("sft")
    let order = try runs.folders.prepare("job", config: config("sft"))
    let problem = try #require(throws: Problem.self) {
      try TrainingRun(
        order: order, files: runs.folders.files, clock: .system, availableMemory: { 100_000 }, report: { _ in }
      ).run(isStopped: { false })
    }
    let plan = try plan(runs, JobLayout(folder: FilePath(order.folder)))
    #expect(plan.verdict == .stop && !plan.measured && problem == plan.problem)
    #expect(problem.code == "plan.memory")
    #expect(problem.what.hasSuffix(" of memory, and 100.0 kB are available."), "\(problem.what)")
    #expect(try checkpoints(runs, JobLayout(folder: FilePath(order.folder))).isEmpty)
  }

  @Test func a_run_that_goes_on_keeps_the_plan_that_it_began_with() throws {
    let runs = try runs("pretrain")
    let cut = try runs.run("job", config("pretrain"), stoppedAfter: 3)
    let before = try plan(runs, cut.job)
    var after = try plan(runs, try runs.run("job", config("pretrain")).job)
    #expect(after.actual != nil)
    after.actual = nil
    #expect(after == before)
  }
}
