import StrictJSON

/// Fields of `training` that say which evaluation is the best, what is made of it, and when a run ends before its last step. Names, rules
/// and defaults are those of transformers' TrainingArguments and EarlyStoppingCallback. Nil: the default.
package struct BestModelSettings: Sendable, Equatable {
  package var loads: Bool?
  package var metric: String?
  package var isGreaterBetter: Bool?
  package var patience: Int?
  package var threshold: Double?

  package init() {}

  /// Whether the run itself depends on which evaluation is the best.
  package var isWatched: Bool { loads == true || patience != nil }

  static let fields: [Field<TrainingSection>] = {
    [
      Field(
        "load_best_model_at_end", \.best.loads,
        "final_model is made from the best evaluation's weights, not from the last step's. Every evaluation that is the best so far keeps a checkpoint, which save_total_limit never takes away. Default: false."
      ),
      Field(
        "metric_for_best_model", \.best.metric,
        "What the best evaluation is told by: a name that the method's evaluations have in metrics.jsonl, as eval_loss or eval_rewards/accuracies; eval_ may be left out. Default: eval_reward for grpo, else eval_loss."
      ),
      Field(
        "greater_is_better", \.best.isGreaterBetter,
        "Whether the greatest metric_for_best_model is the best. Default: false where its name ends in loss or perplexity, else true."),
      Field(
        "early_stopping_patience", \.best.patience, limit: .atLeast(1),
        "The run ends, completed, when so many evaluations on end were no better than the best before them. Default: it goes to its last step."
      ),
      Field(
        "early_stopping_threshold", \.best.threshold, limit: .atLeast(0),
        "With early_stopping_patience: a gain counts only where it is greater than this. Default: 0."),
    ]
  }()
}

/// What tells which evaluation is the best.
package struct BestMetric: Sendable, Equatable {
  /// As it stands in `metrics.jsonl`, with `eval_`.
  package let name: String
  package let isGreaterBetter: Bool

  package init(name: String, isGreaterBetter: Bool? = nil) {
    self.name = name.hasPrefix("eval_") ? name : "eval_\(name)"
    // transformers knows no perplexity: of one the greatest would be the worst model.
    self.isGreaterBetter = isGreaterBetter ?? !(name.hasSuffix("loss") || name.hasSuffix("perplexity"))
  }

  /// Nil where the evaluation did not measure it.
  package func value(in row: MetricsRow) -> Double? {
    switch name {
    case "eval_loss": row.evalLoss
    case "eval_mean_token_accuracy": row.evalMeanTokenAccuracy
    case "eval_perplexity": row.evalPerplexity
    default: row.measures[name]
    }
  }

  package func isBetter(_ value: Double, than other: Double) -> Bool { isGreaterBetter ? value > other : value < other }
}

extension TrainingSection {
  package var bestMetric: BestMetric {
    BestMetric(name: best.metric ?? (method == .grpo ? "eval_reward" : "eval_loss"), isGreaterBetter: best.isGreaterBetter)
  }

  /// What an evaluation of the method measures, as it is named in `metrics.jsonl`.
  package var evaluationMetrics: [String] {
    let pairs = [
      "rewards/accuracies", "rewards/margins", "rewards/chosen", "rewards/rejected", "logps/chosen", "logps/rejected", "logits/chosen",
      "logits/rejected", "entropy",
    ]
    let own: [String] =
      switch method {
      case .pretrain, .sft: ["loss", "mean_token_accuracy", "perplexity"]
      case .dpo: ["loss", "mean_token_accuracy"] + pairs
      case .orpo: ["loss", "mean_token_accuracy"] + pairs + ["nll_loss", "log_odds_ratio", "log_odds_chosen"]
      case .grpo:
        ["reward", "reward_std"] + weightedRewards.flatMap { ["rewards/\($0.label)/mean", "rewards/\($0.label)/std"] }
          + ["length", "terminated_length"].flatMap { name in ["mean", "min", "max"].map { "completions/\($0)_\(name)" } }
          + ["completions/clipped_ratio"]
      }
    return own.map { "eval_\($0)" }
  }

  /// The defaults, where a run depends on them.
  mutating func fillBest() {
    guard best.isWatched || saveStrategy == .best else { return }
    let metric = bestMetric
    best.metric = metric.name
    best.isGreaterBetter = metric.isGreaterBetter
    if best.patience != nil { best.threshold = best.threshold ?? 0 }
  }

  func checkBest(evalSteps: Int?) -> [Finding] {
    var findings: [Finding] = []
    if let given = best.metric, !evaluationMetrics.contains(bestMetric.name) {
      let meant = NearestKey.suggestion(for: bestMetric.name, among: evaluationMetrics)
      var finding = Finding(
        .error, "training.metric_for_best_model",
        "an evaluation of \(method.rawValue) measures no \"\(given)\""
          + (meant.map { ". Did you mean \"\($0)\"?" } ?? "; it has \(evaluationMetrics.joined(separator: ", "))"))
      finding.suggestion = meant
      findings.append(finding)
    }
    if best.isGreaterBetter == true, !BestMetric(name: bestMetric.name).isGreaterBetter {
      findings.append(
        Finding(
          .warning, "training.greater_is_better",
          "of \(bestMetric.name) the smallest is usually the best; with true the worst evaluation counts as the best"))
    }
    if best.threshold != nil, best.patience == nil {
      findings.append(Finding(.warning, "training.early_stopping_threshold", "has an effect only with early_stopping_patience"))
    }
    guard best.isWatched || saveStrategy == .best else { return findings }
    if evalStrategy == .no {
      let field = saveStrategy == .best ? "save_strategy" : best.loads == true ? "load_best_model_at_end" : "early_stopping_patience"
      findings.append(
        Finding(
          .error, "training.\(field)",
          "needs evaluations while it trains, and eval_strategy is \"no\"; set it to \"epoch\", or to \"steps\" with eval_steps"))
      return findings
    }
    if best.patience != nil, best.loads != true {
      findings.append(
        Finding(
          .warning, "training.early_stopping_patience",
          "without load_best_model_at_end the final model is of the step at which the run ends, not of the best evaluation"))
    }
    if best.loads == true, let remark = remarkOnCadence(evalSteps: evalSteps) {
      findings.append(Finding(.warning, "training.save_strategy", remark))
    }
    return findings
  }

  /// transformers refuses these; here the best evaluation keeps a checkpoint whenever it comes.
  private func remarkOnCadence(evalSteps: Int?) -> String? {
    let instead = "an evaluation that is the best so far keeps a checkpoint all the same, so more are written than save_strategy says"
    let steps = evalStrategy == .epoch ? nil : evalSteps
    switch (saveStrategy, steps) {
    case (.no, _): return "is \"no\", and load_best_model_at_end needs checkpoints: \(instead)"
    case (.steps, let steps?) where saveSteps % steps != 0:
      return "save_steps \(saveSteps) is no multiple of eval_steps \(steps): \(instead)"
    case (.steps, nil): return "is \"steps\", and evaluations come at the end of each epoch: \(instead)"
    // epoch is the default: nobody said it who only says eval_steps.
    case (.steps, _), (.epoch, _), (.best, _): return nil
    }
  }
}
