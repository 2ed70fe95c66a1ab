import Domain
import Foundation
import LanguageModels
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Runs of TRL's own trainers, repeated: Tests/Fixtures/trl/SOURCE.md.
struct TRLRunTests {
  private func json(_ name: String) throws -> JSONNode {
    try JSONParser.parse(Array(Data(contentsOf: URL(filePath: Fixtures.path("trl/\(name)").string))))
  }

  @Test(arguments: ["dpo_sigmoid", "dpo_hinge", "dpo_ipo", "dpo_robust", "dpo_long", "dpo_accumulated", "orpo"])
  func six_steps_give_what_trl_logs(_ name: String) throws {
    let rows = try String(contentsOf: URL(filePath: Fixtures.path("trl/preferences.jsonl").string), encoding: .utf8)
    let runs = try Runs(rows, named: "preferences.jsonl")
    let words = name.split(separator: "_").map(String.init), kind = words.count > 1 ? words[1] : "sigmoid"
    var training: JSONObject = [
      "method": JSONNode(.string(words[0])), "max_steps": 6, "batch_size": 2, "learning_rate": 0.02, "lr_scheduler_type": "constant",
      "logging_steps": 1, "max_length": 64, "beta": words[0] == "orpo" ? 0.3 : 0.2, "save_strategy": "no",
    ]
    if words[0] == "dpo" { training["loss_type"] = JSONNode(.string(["long", "accumulated"].contains(kind) ? "sigmoid" : kind)) }
    if kind == "robust" { training["label_smoothing"] = 0.1 }
    if kind == "long" { training["max_length"] = 12 }
    if kind == "accumulated" {
      training["batch_size"] = 1
      training["gradient_accumulation_steps"] = 2
    }
    let config: JSONNode = [
      "model": ["name": "base"], "training": JSONNode(.object(training)), "data": ["shuffle": false, "eval_split": 0], "seed": 3,
    ]
    let result = try runs.goOn(try runs.folders.prepare("job", config: config, baseModel: Fixtures.path("trl/base")))
    let expected = try #require(try json("preference_runs.json")[name]?.array)
    let ours = result.rows.filter { $0.loss != nil }
    #expect(ours.count == 6 && expected.count == 6)
    for (row, theirs) in zip(ours, expected) {
      // Rewards of a hundred nats in f32 and a rate that moves them far: relative to their size.
      func near(_ value: Double?, _ key: String, _ tolerance: Double = 2e-3) throws {
        let wanted = try #require(theirs[key]?.double), value = try #require(value)
        #expect(abs(value - wanted) < tolerance * max(1, abs(wanted)), "step \(row.step), \(key): \(value), not \(wanted)")
      }
      try near(row.loss, "loss")
      try near(row.gradNorm, "grad_norm", 1e-2)
      try near(row.learningRate, "learning_rate")
      for key in ["rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies", "logps/chosen", "logps/rejected"] {
        try near(row.measures[key], key)
      }
      let own = words[0] == "orpo" ? ["nll_loss", "log_odds_ratio", "log_odds_chosen"] : ["logits/chosen", "logits/rejected", "entropy"]
      // Over several micro-batches TRL takes means of means; here a token counts as much as any other.
      for key in own where kind != "accumulated" { try near(row.measures[key], key) }
      if words[0] == "dpo" {
        try near(row.meanTokenAccuracy, "mean_token_accuracy")
        try near(row.numTokens.map(Double.init), "num_tokens")
      }
    }
  }

  /// Every name that TRL 1.16 logs at a step is a name in metrics.jsonl.
  @Test(arguments: ["dpo", "grpo"])
  func rows_have_the_names_that_trl_logs(_ method: String) throws {
    let records = try #require(try json("trl_1.16_log_records.json")[method]?["log_history"]?.array)
    let names = Set(try #require(records.first?.object).keys)
    let runs = method == "dpo" ? try Runs(Texts.preferences, named: "rows.jsonl") : try Runs(Texts.sums, named: "rows.jsonl")
    var training: JSONObject = ["method": JSONNode(.string(method)), "max_steps": 1, "batch_size": 4, "max_length": 48]
    if method == "grpo" {
      let own: JSONObject = [
        "num_generations": 4, "max_completion_length": 6, "beta": 0.04,
        "rewards": [["name": "regex", "label": "digits", "pattern": "[0-9]"]],
      ]
      for member in own.members { training[member.key] = member.node }
    }
    let result = try runs.run("job", Configs.tiny(method: method, training: training))
    let line = try #require(
      try runs.folders.bytes(result.job.metricRows).split(separator: UInt8(ascii: "\n")).first { row in
        try JSONParser.parse(Array(row))["loss"] != nil
      })
    let ours = Set(try #require(try JSONParser.parse(Array(line)).object).keys)
    #expect(names.subtracting(ours).isEmpty, "not there: \(names.subtracting(ours).sorted())")
  }
}
