import Domain
import LanguageModels
import Platform
import StrictJSON
import Tokenizers

extension GroupObjective {
  /// What TRL's GRPOTrainer logs of a batch of answers.
  func note(_ answers: [SampledAnswer], _ verdict: RewardJury.Verdict, _ measures: inout Measures) {
    let lengths = answers.map { Double($0.completion.tokens.count) }
    let ended = answers.filter(\.completion.hasEnded).map { Double($0.completion.tokens.count) }
    func spread(_ name: String, _ values: [Double]) {
      measures.add("completions/mean_\(name)", values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count))
      measures.add("completions/min_\(name)", values.min() ?? 0)
      measures.add("completions/max_\(name)", values.max() ?? 0)
    }
    spread("length", lengths)
    spread("terminated_length", ended)
    measures.add("completions/clipped_ratio", 1 - Double(ended.count) / Double(max(answers.count, 1)))
    for column in verdict.columns {
      let known = column.values.compactMap(\.self)
      if !known.isEmpty { measures.add("rewards/\(column.label)/mean", known.reduce(0, +) / Double(known.count)) }
      measures.add("rewards/\(column.label)/std", GroupAdvantage.deviation(known))
      if column.failures > 0 { measures.add("rewards/\(column.label)/failures", Double(column.failures)) }
    }
    let rewards = verdict.rewards.compactMap(\.self)
    if !rewards.isEmpty { measures.add("reward", rewards.reduce(0, +) / Double(rewards.count)) }
    measures.add("reward_std", GroupAdvantage.deviation(rewards))
  }

  /// `completions/step-000050.jsonl`: the answers of a step with their rewards; at the first step, the last, and every so many.
  func keep(_ answers: [SampledAnswer], _ verdict: RewardJury.Verdict, _ advantages: [Double], step: Int) throws {
    guard training.group.logsCompletions != false,
      step == 1 || step == setting.shape.steps || step % (training.group.completionSteps ?? 50) == 0
    else { return }
    var text = ""
    for (index, answer) in answers.enumerated() {
      var object: JSONObject = ["step": step.node]
      object["prompt"] = answer.promptText.node
      object["completion"] = answer.text.node
      object["ended"] = answer.completion.hasEnded.node
      object["rewards"] = JSONNode(
        .object(JSONObject(verdict.columns.map { .init(key: $0.label, keyByte: 0, node: $0.values[index].node) })))
      object["reward"] = verdict.rewards[index].node
      object["advantage"] = advantages[index].node
      text += JSONNode(.object(object)).text() + "\n"
    }
    try setting.files.makeFolders(setting.job.completions)
    try setting.files.publish(text.utf8, to: setting.job.completions(step: step))
  }

  /// One answer to each held-out prompt, drawn alike in every evaluation.
  func evaluate(step: Int, limit: Int?, tick: (Double) throws -> Void) throws -> EvaluationOutcome? {
    guard !work.eval.isEmpty else { return nil }
    let size = max(training.evalBatchSize ?? training.batchSize, 1)
    var answers: [SampledAnswer] = [], tokens = 0
    for start in stride(from: 0, to: work.eval.count, by: size) {
      try tick(Double(start) / Double(work.eval.count))
      let prompts = (start..<min(start + size, work.eval.count)).map { work.eval.prompt($0, epoch: 0) }
      let found = try complete(prompts, lot: UInt64.max - UInt64(start))
      tokens += found.reduce(0) { $0 + $1.completion.tokens.count }
      answers += found
      if let limit, tokens >= limit { break }
    }
    let verdict = jury.judge(answers)
    try verdict.complaints.forEach { try setting.say("Evaluation after step \(step): \($0)") }
    var outcome = EvaluationOutcome(targets: tokens)
    note(answers, verdict, &outcome.measures)
    return outcome
  }

  func headline(of row: MetricsRow) -> [LogLine.Figure] {
    let prefix = row.measures["eval_reward"] == nil ? "" : "eval_"
    var figures: [LogLine.Figure] = []
    if let reward = row.measures["\(prefix)reward"] { figures.append(.init("\(prefix)reward", reward)) }
    if let length = row.measures["\(prefix)completions/mean_length"] { figures.append(.init("\(prefix)length", length)) }
    if let kl = row.measures["kl"] { figures.append(.init("kl", kl)) }
    return figures
  }
}
