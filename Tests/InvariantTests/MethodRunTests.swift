import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Every method that compares answers, with all weights and with an adapter: taken up again it ends with the same bits, and however
/// its batch is cut it makes the same sums.
struct MethodRunTests {
  enum Way: String, CaseIterable { case full, adapter }

  static let methods = ["dpo", "orpo", "grpo"]

  /// Settings under which everything that is drawn by lot is: order, dropout, and of grpo the answers, two steps on each.
  private static func training(_ method: String, _ way: Way, _ more: JSONObject = [:]) -> JSONNode {
    var section: JSONObject = [
      "method": JSONNode(.string(method)), "max_steps": 8, "batch_size": 4, "max_length": 48, "learning_rate": 0.002, "logging_steps": 1,
      "eval_steps": 4, "recovery_seconds": 3600, "disable_dropout": false,
    ]
    if method == "grpo" {
      let own: JSONObject = [
        "num_generations": 4, "max_completion_length": 6, "num_iterations": 2, "beta": 0.04, "top_k": 100, "temperature": 0.9,
        "rewards": [["name": "regex", "pattern": "[0-9a-z]"], ["name": "length", "weight": 0.5]],
      ]
      for member in own.members { section[member.key] = member.node }
    }
    if way == .adapter {
      let own: JSONObject = ["use_lora": true, "lora_r": 4, "lora_dropout": 0.1, "lora_target_modules": "all-linear"]
      for member in own.members { section[member.key] = member.node }
    }
    for member in more.members { section[member.key] = member.node }
    return JSONNode(.object(section))
  }

  private static func config(_ method: String, _ way: Way, _ more: JSONObject = [:]) -> JSONNode {
    let model: JSONNode =
      way == .adapter
      ? ["name": "base"]
      : [
        "name": "scratch", "architecture": "gpt2", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
        "hidden_dropout": 0.1,
      ]
    return ["model": model, "training": training(method, way, more), "seed": 7]
  }

  private func runs(_ method: String) throws -> Runs {
    method == "grpo" ? try Runs(Texts.sums, named: "sums.jsonl") : try Runs(Texts.preferences, named: "preferences.jsonl")
  }

  private func base(_ runs: Runs, _ method: String) throws -> FilePath {
    var config = Configs.tiny(training: ["max_steps": 4, "max_length": 48])
    if method != "grpo", var object = config.object {
      object["data"] = ["text_field": "chosen"]
      config = JSONNode(.object(object))
    }
    return try runs.run("base", config).job.finalModel
  }

  private func weights(_ runs: Runs, _ result: Runs.Result, _ way: Way) throws -> [UInt8] {
    try runs.folders.bytes(result.job.finalModel.appending(way == .full ? "model.safetensors" : "adapter_model.safetensors"))
  }

  @Test(arguments: methods, Way.allCases)
  func a_stopped_and_resumed_run_ends_with_the_same_bits(_ method: String, _ way: Way) throws {
    let runs = try runs(method), base = way == .adapter ? try base(runs, method) : nil
    func run(_ name: String, stoppedAfter: Int? = nil) throws -> Runs.Result {
      try runs.goOn(try runs.folders.prepare(name, config: Self.config(method, way), baseModel: base), stoppedAfter: stoppedAfter)
    }
    let whole = try run("whole")
    #expect(whole.exit == .done && whole.losses.count == 8)
    for steps in [3, 2, 1] { #expect(try run("cut", stoppedAfter: steps).exit == .stopped) }
    let last = try run("cut")
    #expect(last.exit == .done)
    #expect(try weights(runs, last, way) == weights(runs, whole, way))
    #expect(last.losses == whole.losses && last.rows.map(\.step) == whole.rows.map(\.step))
    // Seconds are what a clock says; everything else is the same to the last bit.
    let measures = { (result: Runs.Result) in result.rows.map { $0.measures.filter { $0.key != "step_time" } } }
    #expect(measures(last) == measures(whole))
    #expect(measures(whole).count { !$0.isEmpty } >= 8)
  }

  @Test(arguments: methods)
  func batch_8_is_batch_1_accumulated_8_times(_ method: String) throws {
    let runs = try runs(method)
    func run(_ name: String, _ batch: Int, _ accumulated: Int) throws -> Runs.Result {
      try runs.run(
        name,
        Self.config(
          method, .full,
          [
            "batch_size": batch.json, "gradient_accumulation_steps": accumulated.json, "disable_dropout": true, "max_steps": 4,
            "learning_rate": 0.0005,
          ]))
    }
    let wide = try run("wide", 8, 1), long = try run("long", 1, 8)
    #expect(wide.losses.count == 4)
    for (a, b) in zip(wide.losses, long.losses) { #expect(abs(a - b) < 2e-5 * max(abs(a), 0.1), "\(a) and \(b)") }
    for (a, b) in zip(wide.rows.compactMap(\.gradNorm), long.rows.compactMap(\.gradNorm)) {
      #expect(abs(a - b) < 1e-3 * abs(a) + 1e-6, "\(a) and \(b)")
    }
  }

  @Test(arguments: methods)
  func one_thread_gives_the_losses_of_two(_ method: String) throws {
    let runs = try runs(method)
    let one = try runs.run("one", Self.config(method, .full, ["max_steps": 4]), threads: 1)
    let two = try runs.run("two", Self.config(method, .full, ["max_steps": 4]), threads: 2)
    for (a, b) in zip(one.losses, two.losses) { #expect(abs(a - b) < 1e-4 * max(abs(a), 0.1), "\(a) and \(b)") }
  }

  /// Where the processor has no instructions for bf16 this is a run in f32, which has to end alike too.
  @Test(arguments: ["dpo", "grpo"])
  func bf16_and_recomputation_are_resumed_too(_ method: String) throws {
    let runs = try runs(method)
    let config = Self.config(method, .full, ["bf16": true, "gradient_checkpointing": true, "max_steps": 5])
    let whole = try runs.run("whole", config)
    if method == "dpo" { #expect(abs(whole.losses[0] - log(2)) < 0.05) }
    try runs.run("cut", config, stoppedAfter: 3)
    let last = try runs.run("cut", config)
    #expect(try weights(runs, last, .full) == weights(runs, whole, .full))
    #expect(last.losses == whole.losses)
  }

  @Test(arguments: Way.allCases)
  func the_first_loss_of_dpo_is_the_logarithm_of_2_and_that_of_grpo_0(_ way: Way) throws {
    let preferences = try runs("dpo"), sums = try runs("grpo")
    let dpo = try preferences.goOn(
      try preferences.folders.prepare(
        "job", config: Self.config("dpo", way, ["disable_dropout": true]), baseModel: way == .adapter ? try base(preferences, "dpo") : nil))
    #expect(abs(dpo.losses[0] - log(2)) < 1e-6)
    let first = try #require(dpo.rows.first { $0.loss != nil }).measures
    #expect(abs(first["rewards/margins"] ?? 1) < 1e-5)
    #expect(Set(first.keys) == Self.preferenceNames)
    let held = try #require(dpo.rows.last { $0.evalLoss != nil }).measures
    #expect(Set(held.keys) == Set(Self.preferenceNames.map { "eval_\($0)" }))
    let grpo = try sums.goOn(
      try sums.folders.prepare(
        "job", config: Self.config("grpo", way, ["disable_dropout": true]), baseModel: way == .adapter ? try base(sums, "grpo") : nil))
    #expect(abs(grpo.losses[0]) < 1e-6)
    #expect(abs(try #require(grpo.rows.first { $0.loss != nil }).measures["kl"] ?? 1) < 1e-6)
  }

  /// As TRL 1.16 names them: Tests/Fixtures/trl/trl_1.16_log_records.json.
  static let preferenceNames: Set<String> = [
    "rewards/chosen", "rewards/rejected", "rewards/accuracies", "rewards/margins", "logps/chosen", "logps/rejected", "logits/chosen",
    "logits/rejected", "entropy",
  ]

  @Test func orpo_learns_without_a_reference() throws {
    let runs = try runs("orpo")
    let result = try runs.run("job", Self.config("orpo", .full, ["max_steps": 60, "learning_rate": 0.01, "disable_dropout": true]))
    #expect((result.losses.last ?? 9) < (result.losses.first ?? 0))
    let held = try #require(result.rows.last { $0.evalLoss != nil }).measures
    #expect((held["eval_rewards/accuracies"] ?? 0) > 0.8, "\(held)")
    #expect(Set(held.keys) == Set(Self.preferenceNames.union(["nll_loss", "log_odds_ratio", "log_odds_chosen"]).map { "eval_\($0)" }))
    #expect(!runs.folders.files.exists(result.job.reference))
  }

  @Test(arguments: ["sigmoid", "hinge", "ipo", "robust"])
  func dpo_learns_which_answers_are_preferred(_ loss: String) throws {
    let runs = try runs("dpo")
    let result = try runs.run(
      "job",
      Self.config(
        "dpo", .full,
        ["loss_type": JSONNode(.string(loss)), "max_steps": 60, "learning_rate": 0.01, "disable_dropout": true, "batch_size": 8]))
    let held = try #require(result.rows.last { $0.evalLoss != nil }).measures
    #expect((held["eval_rewards/accuracies"] ?? 0) > 0.8, "\(held)")
    #expect((held["eval_rewards/margins"] ?? 0) > 0)
  }

  /// A reference that lies in the job's folder is read again, one of another run is not.
  @Test func a_resumed_run_reads_its_reference() throws {
    let runs = try runs("dpo")
    let cut = try runs.run("cut", Self.config("dpo", .full), stoppedAfter: 2)
    let before = try runs.folders.bytes(cut.job.reference)
    let last = try runs.run("cut", Self.config("dpo", .full))
    #expect(try runs.folders.bytes(last.job.reference) == before)
    let other = try runs.run("cut", Self.config("dpo", .full, ["learning_rate": 0.001]))
    #expect(try runs.folders.bytes(other.job.reference) != before)
  }

  @Test(arguments: ["adafactor", "lion"])
  func an_optimizer_learns_and_is_resumed_to_the_same_bits(_ optimizer: String) throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let config = Configs.tiny(training: ["optim": JSONNode(.string(optimizer)), "learning_rate": 0.001, "weight_decay": 0.1])
    let whole = try runs.run("whole", config)
    #expect((whole.losses.last ?? 9) < (whole.losses.first ?? 0))
    try runs.run("cut", config, stoppedAfter: 9)
    let last = try runs.run("cut", config)
    #expect(try weights(runs, last, .full) == weights(runs, whole, .full))
    #expect(last.losses == whole.losses)
  }

  @Test(arguments: methods)
  func a_loss_that_is_no_number_ends_every_method_with_the_step_and_the_rate(_ method: String) throws {
    let runs = try runs(method)
    let config = Self.config(
      method, .full,
      ["learning_rate": 1e30, "lr_scheduler_type": "constant", "max_grad_norm": 0, "save_strategy": "steps", "save_steps": 1])
    let problem = try #require(throws: Problem.self) { try runs.run("job", config) }
    #expect(problem.code == "training.diverged")
    #expect(problem.what.contains("is no number any more"), "\(problem)")
    #expect(problem.description.contains("The learning rate was 1e+30 there"))
    // The checkpoint of the step before holds the very weights that made the loss: it is no good one.
    #expect(problem.mend.hasSuffix("There is no checkpoint yet."), "\(problem)")
  }

  @Test func a_loss_that_runs_away_ends_the_run_and_names_the_last_good_checkpoint() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let config = Configs.tiny(
      training: [
        "learning_rate": 3, "max_grad_norm": 0, "lr_scheduler_type": "constant_with_warmup", "warmup_steps": 60, "max_steps": 200,
        "save_strategy": "steps", "save_steps": 5, "save_total_limit": 50,
      ])
    let problem = try #require(throws: Problem.self) { try runs.run("job", config) }
    #expect(problem.code == "training.diverged")
    #expect(problem.what.contains("the loss has grown from"), "\(problem)")
    #expect(problem.mend.contains("The last good checkpoint is checkpoints/checkpoint-step-"), "\(problem)")
  }
}

extension Int {
  var json: JSONNode { JSONNode(.number(JSONNumber(self))) }

  /// Pairs are shown too before they are trained on: the answers are marked, and of orpo the whole of the chosen text.
  @Test(arguments: ["dpo", "orpo"])
  func the_first_batch_shows_both_answers(_ method: String) throws {
    let runs = try runs(method), job = try runs.run("job", Self.config(method, .full)).job
    let page = String(decoding: try runs.folders.bytes(job.firstBatch), as: UTF8.self)
    #expect(page.contains("\n## Sample 1\n\nchosen, ") && page.contains("\n## Sample 2\n\nrejected, to the same prompt, "), "\(page)")
    #expect(page.firstMatch(of: /Count \d+: ⟦well, no\d/) != nil, "\(page)")
    #expect((page.firstMatch(of: /Count \d+: ⟦\d+, \d+/) != nil) == (method == "dpo"), "\(page)")
    #expect(page.firstMatch(of: /\| 0 of \d+ pairs \|/) != nil, "\(page)")
  }
}
