import Domain
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Runs whose final model is the best evaluation's, and runs that end before their last step: interrupted wherever, they end alike.
///
/// The held-out loss of these runs falls all the time. With `greater_is_better` its first is the best, and what comes after gains nothing.
struct BestModelTests {
  private func config(_ training: JSONObject = [:], method: String = "pretrain") -> JSONNode {
    var section: JSONObject = [
      "eval_steps": 5, "save_strategy": "no", "save_total_limit": 1, "load_best_model_at_end": true, "greater_is_better": true,
    ]
    for member in training.members { section[member.key] = member.node }
    return Configs.tiny(method: method, training: section)
  }

  private func weights(_ runs: Runs, _ folder: FilePath, _ name: FilePath.Component = "model.safetensors") throws -> [UInt8] {
    try runs.folders.bytes(folder.appending(name))
  }

  private func summary(_ runs: Runs, _ result: Runs.Result) throws -> MetricsSummary {
    try PublishedJSON.decode(MetricsSummary.self, from: runs.folders.bytes(result.job.metrics))
  }

  /// Without the first line, which has the job's name.
  private func log(_ runs: Runs, _ result: Runs.Result) throws -> [String] {
    // Without what the clock says.
    String(decoding: try runs.folders.bytes(result.job.log), as: UTF8.self).split(separator: "\n").dropFirst().map(String.init)
      .filter { !$0.hasPrefix("Forecast: ") && !$0.hasPrefix("The run was planned") }
  }

  private func checkpoints(_ runs: Runs, _ job: JobLayout) throws -> [String] {
    try runs.folders.files.names(in: job.checkpoints).map(\.string)
  }

  @Test(arguments: [1, 4, 5, 6, 12, 19])
  func interrupted_at_any_step_the_final_model_is_the_best_evaluations(steps: Int) throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let whole = try runs.run("whole", config())
    #expect(try weights(runs, whole.job.finalModel) == weights(runs, whole.job.checkpoint(step: 5).folder))
    #expect(try checkpoints(runs, whole.job) == ["checkpoint-step-20", "checkpoint-step-5"])

    #expect(try runs.run("cut", config(), stoppedAfter: steps).exit == .stopped)
    let last = try runs.run("cut", config())
    #expect(last.exit == .done)
    #expect(try weights(runs, last.job.finalModel) == weights(runs, whole.job.finalModel))
    #expect(last.losses == whole.losses && last.evalLosses == whole.evalLosses)
    #expect(try log(runs, last) == log(runs, whole))
    #expect(try checkpoints(runs, last.job) == checkpoints(runs, whole.job))
    let metrics = try summary(runs, last)
    #expect(metrics.finalModelStep == 5 && metrics.bestStep == 5 && metrics.steps == 20 && metrics.endedEarly == nil)
    #expect(metrics.bestMetric == "eval_loss" && metrics.bestValue == metrics.bestEvalLoss)
    // What is said of the final model was measured on it, not on the last step.
    #expect(metrics.evalLoss == whole.rows.first { $0.step == 5 && $0.evalLoss != nil }?.evalLoss)
  }

  /// As kill -9 leaves it: nothing newer than the best's checkpoint, which the run then goes on from.
  @Test func killed_between_the_best_and_the_end_the_run_ends_alike() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let whole = try runs.run("whole", config())
    let cut = try runs.run("cut", config(), stoppedAfter: 13)
    try runs.folders.files.removeTree(cut.job.checkpoint(step: 13).folder)
    #expect(try checkpoints(runs, cut.job) == ["checkpoint-step-5"])
    let last = try runs.run("cut", config())
    #expect(try weights(runs, last.job.finalModel) == weights(runs, whole.job.finalModel))
    #expect(try log(runs, last) == log(runs, whole))
    // Killed behind the last step, before anyone was told.
    try runs.folders.files.removeTree(last.job.finalModel)
    let again = try runs.run("cut", config())
    #expect(try weights(runs, again.job.finalModel) == weights(runs, whole.job.finalModel))
    #expect(try log(runs, again) == log(runs, whole))
  }

  @Test func the_log_says_what_is_looked_for_and_which_step_it_became() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let result = try runs.run("job", config(["early_stopping_patience": 2, "early_stopping_threshold": 0.25]))
    let lines = try log(runs, result)
    let best = Figures.fixed(try #require(result.rows.first { $0.step == 5 && $0.evalLoss != nil }?.evalLoss), 4)
    #expect(
      lines.contains(
        "Best: the final model is that of the greatest eval_loss; the run ends after 2 evaluation(s) without a gain of more than 0.25"))
    #expect(
      lines.contains(
        "Ended early at step 15 of 20: eval_loss has not risen by more than 0.25 in 2 evaluations; the best is \(best), at step 5"))
    #expect(lines.contains("The final model is of step 5, the best by eval_loss: \(best)"))
    #expect(lines.last?.hasPrefix("Done: 15 steps, ") == true && lines.last?.hasSuffix("held-out loss \(best)") == true)
  }

  @Test(arguments: [3, 5, 9, 10, 14])
  func interrupted_at_any_step_it_ends_early_where_an_undisturbed_run_does(steps: Int) throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let config = config(["early_stopping_patience": 2, "load_best_model_at_end": false, "save_strategy": "steps", "save_steps": 4])
    let whole = try runs.run("whole", config)
    #expect(whole.exit == .done && whole.rows.map(\.step).max() == 15)
    let best = Figures.fixed(try #require(whole.rows.first { $0.step == 5 && $0.evalLoss != nil }?.evalLoss), 4)
    let metrics = try summary(runs, whole)
    #expect(metrics.endedEarly == "at step 15 of 20: eval_loss has not risen in 2 evaluations; the best is \(best), at step 5")
    #expect(metrics.steps == 15 && metrics.finalModelStep == 15)
    try runs.run("cut", config, stoppedAfter: steps)
    let last = try runs.run("cut", config)
    #expect(try weights(runs, last.job.finalModel) == weights(runs, whole.job.finalModel))
    #expect(try log(runs, last) == log(runs, whole))
    #expect(last.losses == whole.losses)
    #expect(try summary(runs, last).endedEarly == metrics.endedEarly)
    // Killed behind its end it does not train on.
    let again = try runs.run("cut", config)
    #expect(again.rows.map(\.step) == whole.rows.map(\.step))
    #expect(try weights(runs, again.job.finalModel) == weights(runs, whole.job.finalModel))
  }

  /// A run without evaluations that gain is one of an undisturbed length where they all gain.
  @Test func a_metric_that_gets_better_all_the_time_ends_nothing() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let result = try runs.run("job", config(["greater_is_better": false, "early_stopping_patience": 1]))
    let metrics = try summary(runs, result)
    #expect(metrics.endedEarly == nil && metrics.steps == 20 && metrics.finalModelStep == 20)
  }

  /// As transformers' `save_strategy: best`: the best evaluation keeps its checkpoint, and no other step does.
  @Test func a_checkpoint_is_kept_whenever_an_evaluation_is_the_best() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let result = try runs.run("job", config(["save_strategy": "best", "load_best_model_at_end": false]))
    let names = try runs.folders.files.names(in: result.job.checkpoints).map(\.string)
    #expect(
      names.contains("checkpoint-step-5") && !names.contains("checkpoint-step-10") && !names.contains("checkpoint-step-15"), "\(names)")
    #expect(try summary(runs, result).finalModelStep == 20)
  }

  @Test func of_an_adapter_the_best_matrices_are_published() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let base = try runs.run("base", Configs.tiny()).job.finalModel
    func run(_ name: String, stoppedAfter: Int? = nil, merged: Bool = false) throws -> Runs.Result {
      let config: JSONNode = [
        "model": ["name": "base"], "seed": 7,
        "training": [
          "method": "sft", "max_steps": 12, "batch_size": 2, "max_length": 32, "learning_rate": 0.003, "eval_steps": 4,
          "recovery_seconds": 3600, "save_strategy": "no", "use_lora": true, "lora_r": 4, "lora_dropout": 0.1,
          "load_best_model_at_end": true,
          "greater_is_better": true, "merge_lora": JSONNode(.bool(merged)),
        ],
      ]
      return try runs.goOn(try runs.folders.prepare(name, config: config, baseModel: base), stoppedAfter: stoppedAfter)
    }
    let whole = try run("whole")
    #expect(try summary(runs, whole).finalModelStep == 4)
    let best = try weights(runs, whole.job.checkpoint(step: 4).folder, "adapter_model.safetensors")
    #expect(try weights(runs, whole.job.finalModel, "adapter_model.safetensors") == best)
    #expect(try run("cut", stoppedAfter: 9).exit == .stopped)
    #expect(try weights(runs, run("cut").job.finalModel, "adapter_model.safetensors") == best)
    let merged = try run("merged", merged: true)
    #expect(try weights(runs, merged.job.checkpoint(step: 4).folder, "adapter_model.safetensors") == best)
    #expect(runs.folders.files.exists(merged.job.finalModel.appending("model.safetensors")))
  }

  @Test(arguments: [("dpo", "rewards/margins"), ("orpo", "eval_rewards/chosen"), ("grpo", "eval_rewards/length/mean")])
  func every_method_has_its_metrics(_ method: String, _ metric: String) throws {
    let runs = try Runs(
      method == "grpo" ? Texts.sums : Texts.preferences, named: method == "grpo" ? "sums.jsonl" : "preferences.jsonl")
    var training: JSONObject = ["max_steps": 6, "eval_steps": 2, "max_length": 48, "metric_for_best_model": JSONNode(.string(metric))]
    if method == "grpo" {
      training["num_generations"] = 4
      training["max_completion_length"] = 6
      training["rewards"] = ["length"]
    }
    let result = try runs.run("job", config(training, method: method))
    let name = metric.hasPrefix("eval_") ? metric : "eval_\(metric)"
    let rows = result.rows.filter { $0.step > 0 && $0.measures[name] != nil }
    let best = try #require(rows.first { row in rows.allSatisfy { ($0.measures[name] ?? 0) <= (row.measures[name] ?? 0) } })
    let metrics = try summary(runs, result)
    #expect(metrics.bestMetric == name && metrics.finalModelStep == best.step && metrics.bestValue == best.measures[name])
    #expect(metrics.measures?[name] == best.measures[name])
  }

  @Test func a_best_checkpoint_that_is_gone_is_told_and_the_last_steps_weights_are_taken() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let cut = try runs.run("job", config(), stoppedAfter: 12)
    try runs.folders.files.removeTree(cut.job.checkpoint(step: 5).folder)
    let last = try runs.run("job", config())
    let told = "the best checkpoint, checkpoints/checkpoint-step-5, is gone or damaged: the final model is of the last step, 20"
    #expect(last.events.contains(.warning(told)))
    #expect(try log(runs, last).contains("Note: \(told)"))
    #expect(try summary(runs, last).finalModelStep == 20)
  }

  @Test func where_nothing_is_held_out_it_is_said_beforehand() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    var config = try #require(config(["early_stopping_patience": 1]).object)
    config["data"] = ["eval_split": 0]
    let result = try runs.run("job", JSONNode(.object(config)))
    #expect(
      result.events.contains(
        .warning(
          "nothing is held out, so no evaluation is the best: the run goes to its last step, and the final model is of that. Set data.eval_split, or name an evaluation dataset in the job"
        )))
    #expect(try summary(runs, result).finalModelStep == 20)
  }

  @Test func a_loss_that_runs_away_names_the_best_checkpoint_too() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let config = Configs.tiny(
      training: [
        "learning_rate": 3, "max_grad_norm": 0, "lr_scheduler_type": "constant_with_warmup", "warmup_steps": 60, "max_steps": 200,
        "save_strategy": "steps", "save_steps": 5, "eval_steps": 5, "save_total_limit": 50, "load_best_model_at_end": true,
      ])
    let problem = try #require(throws: Problem.self) { try runs.run("job", config) }
    let rows = try runs.folders.bytes(runs.folders.job("job").metricRows).split(separator: UInt8(ascii: "\n")).map {
      try PublishedJSON.decode(MetricsRow.self, from: $0)
    }
    let best = try #require(rows.filter { $0.step > 0 && $0.evalLoss != nil }.min { ($0.evalLoss ?? 0) < ($1.evalLoss ?? 0) })
    let figure = "eval_loss \(Figures.fixed(best.evalLoss ?? 0, 4))."
    #expect(
      problem.mend.contains("The last good checkpoint is checkpoints/checkpoint-step-")
        && (problem.mend.hasSuffix(" The best one is checkpoints/checkpoint-step-\(best.step), step \(best.step): \(figure)")
          || problem.mend.hasSuffix("step \(best.step). It is the best one too: \(figure)")),
      "\(problem)")
  }
}
