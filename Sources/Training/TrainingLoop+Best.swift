import Domain
import Platform

extension TrainingLoop {
  /// Takes an evaluation in: whether it is the best so far, and whether the run ends with it. Rules: transformers 5.23, `Trainer` and
  /// `EarlyStoppingCallback`.
  ///
  /// Where the run depends on its best, what was measured before the first step is no candidate: it is not of this training.
  func judge(_ row: MetricsRow) throws {
    let settings = training.best, metric = training.bestMetric
    let value = metric.value(in: row)
    if settings.isWatched || training.saveStrategy == .best, row.step == 0 {
      if value == nil { throw unmeasured(metric) }
      return
    }
    let best = state.bestEval.flatMap(metric.value)
    let isBest = value.map { value in value.isFinite && best.map { metric.isBetter(value, than: $0) } ?? true } ?? false
    if isBest { state.bestEval = row }
    guard let patience = settings.patience else { return }
    let gain = best.flatMap { best in value.map { abs($0 - best) } } ?? .infinity
    let withoutGain = isBest && gain > settings.threshold ?? 0 ? 0 : (state.evaluationsWithoutGain ?? 0) + 1
    state.evaluationsWithoutGain = withoutGain
    guard withoutGain >= patience, state.step < shape.steps else { return }
    let end = "at step \(state.step) of \(shape.steps): \(standstill(metric, evaluations: withoutGain))"
    state.endedEarly = end
    try log.say("Ended early \(end)")
  }

  private func standstill(_ metric: BestMetric, evaluations: Int) -> String {
    let threshold = training.best.threshold ?? 0
    let by = threshold > 0 ? " by more than \(Figures.general(threshold))" : ""
    let span = evaluations == 1 ? "1 evaluation" : "\(evaluations) evaluations"
    let best = state.bestEval.flatMap { row in
      metric.value(in: row).map { "; the best is \(LogLine.number($0, 4)), at step \(row.step)" }
    }
    return "\(metric.name) has not \(metric.isGreaterBetter ? "risen" : "fallen")\(by) in \(span)\(best ?? "")"
  }

  private func unmeasured(_ metric: BestMetric) -> Problem {
    Problem(
      "training.metric-unmeasured", "the evaluation did not measure '\(metric.name)'", at: .init(field: "training.metric_for_best_model"),
      why: "with these settings and this data it has no value",
      mend: "Name another metric; eval_\(training.method == .grpo ? "reward" : "loss") is always measured.")
  }
}

/// What a run says beforehand of how it picks its best.
enum BestModelNote {
  static func lines(_ inputs: RunInputs) -> [String] {
    let training = inputs.configuration.training, settings = training.best, metric = training.bestMetric
    guard settings.isWatched else { return [] }
    if let warning = warning(inputs) { return ["Note: \(warning)"] }
    var parts: [String] = []
    if settings.loads == true {
      parts.append("the final model is that of the \(metric.isGreaterBetter ? "greatest" : "smallest") \(metric.name)")
    }
    if let patience = settings.patience {
      let threshold = settings.threshold ?? 0
      parts.append(
        "the run ends after \(patience) evaluation(s) without a gain\(threshold > 0 ? " of more than \(Figures.general(threshold))" : "")")
    }
    return ["Best: " + parts.joined(separator: "; ")]
  }

  /// What the config asks for and the data does not allow.
  static func warning(_ inputs: RunInputs) -> String? {
    guard inputs.configuration.training.best.isWatched, inputs.work.evalTokens <= 1 else { return nil }
    return
      "nothing is held out, so no evaluation is the best: the run goes to its last step, and the final model is of that. Set data.eval_split, or name an evaluation dataset in the job"
  }
}
