import Domain
import StrictJSON
import SystemPackage

/// `final_model/README.md`: a model card with the front matter that the Hugging Face Hub reads.
/// Format: huggingface_hub's `ModelCardData` and `model-index`.
struct ModelCardReport: JobReport {
  func path(_ job: JobLayout) -> FilePath { job.finalModel.appending("README.md") }

  func text(_ facts: JobFacts) -> String {
    frontMatter(facts) + body(facts)
  }

  private func frontMatter(_ facts: JobFacts) -> String {
    var lines = ["---", "library_name: \(holdsAdapter(facts) ? "peft" : "transformers")", "pipeline_tag: text-generation"]
    if let base = facts.pins.model { lines.append("base_model: \(YAML.scalar(base.name))") }
    lines +=
      [
        "datasets:"
      ] + facts.pins.trained.map { "- \(YAML.scalar($0.name.text))" } + [
        "tags:", "- dropforge", "- \(facts.configuration.training.method.rawValue)",
      ]
    lines += ["model-index:", "- name: \(YAML.scalar(facts.name))", "  results:"]
    let results = [
      ("loss", facts.configuration.training.method.comparesAnswers ? "Loss (a pair)" : "Loss (nats a token)", facts.metrics.evalLoss),
      ("perplexity", "Perplexity", facts.metrics.evalPerplexity),
      ("accuracy", "Token accuracy", facts.metrics.evalMeanTokenAccuracy),
      ("reward", "Mean reward", facts.metrics.measures?["eval_reward"]),
      ("reward_accuracy", "Preferred answers", facts.metrics.measures?["eval_rewards/accuracies"]),
    ].compactMap { type, name, value in value.map { (type, name, $0) } }
    if results.isEmpty { lines[lines.count - 1] = "  results: []" }
    if !results.isEmpty {
      lines += [
        "  - task:", "      type: text-generation", "    dataset:",
        "      name: \(YAML.scalar((facts.pins.eval ?? facts.pins.train).name.text))",
        "      type: \(YAML.scalar((facts.pins.eval ?? facts.pins.train).name.text))",
        "      split: \(facts.pins.eval == nil ? "held-out" : "evaluation")", "    metrics:",
      ]
      for (type, name, value) in results {
        lines += ["    - type: \(type)", "      name: \(name)", "      value: \(Figures.fixed(value, 4))"]
      }
    }
    return lines.joined(separator: "\n") + "\n---\n\n"
  }

  /// Whether the folder holds an adapter and not the model itself.
  private func holdsAdapter(_ facts: JobFacts) -> Bool {
    facts.configuration.training.useLoRA && facts.configuration.training.mergesLoRA != true
  }

  private func adapterRow(_ training: TrainingSection) -> String {
    guard training.useLoRA else { return "" }
    let scale = training.loraIsRankStabilised == true ? "α / √r" : "α / r"
    return
      "| adapter | LoRA, r \(training.loraRank ?? 0), α \(JSONNumber(training.loraAlpha ?? 0).text), scale \(scale), dropout \(JSONNumber(training.loraDropout ?? 0).text)\(training.mergesLoRA == true ? ", merged into the weights" : "") |\n"
  }

  private func use(_ facts: JobFacts) -> String {
    guard holdsAdapter(facts), let base = facts.pins.model else {
      return """
        from transformers import AutoModelForCausalLM, AutoTokenizer
        model = AutoModelForCausalLM.from_pretrained("final_model")
        tokenizer = AutoTokenizer.from_pretrained("final_model")
        """
    }
    return """
      from peft import PeftModel
      from transformers import AutoModelForCausalLM, AutoTokenizer
      base = AutoModelForCausalLM.from_pretrained("\(base.name)")  # the folder of the base model
      model = PeftModel.from_pretrained(base, "final_model")
      tokenizer = AutoTokenizer.from_pretrained("final_model")
      """
  }

  /// What was measured before and after, in the words of the method.
  private func results(_ facts: JobFacts) -> String {
    let metrics = facts.metrics
    func measured(_ title: String, _ name: String) -> String? {
      guard let after = metrics.measures?["eval_\(name)"] else { return nil }
      return "| \(title) | \(number(metrics.firstMeasures?["eval_\(name)"])) | \(number(after)) | |"
    }
    let best = metrics.bestStep.map { " (step \($0))" } ?? ""
    var lines = ["| | before | after | best |", "|---|---|---|---|"]
    switch facts.configuration.training.method {
    case .pretrain, .sft:
      lines.append(
        "| loss, nats a token | \(number(metrics.firstEvalLoss)) | \(number(metrics.evalLoss)) | \(number(metrics.bestEvalLoss))\(best) |")
    case .dpo, .orpo:
      lines.append(
        "| loss, a pair | \(number(metrics.firstEvalLoss)) | \(number(metrics.evalLoss)) | \(number(metrics.bestEvalLoss))\(best) |")
      lines += [
        measured("pairs whose chosen answer is preferred", "rewards/accuracies"), measured("margin of the rewards", "rewards/margins"),
        measured("ln p of the chosen answer", "logps/chosen"), measured("ln p of the rejected answer", "logps/rejected"),
      ].compactMap(\.self)
    case .grpo:
      lines += [measured("mean reward", "reward"), measured("length of an answer, tokens", "completions/mean_length")].compactMap(\.self)
      for reward in facts.configuration.training.weightedRewards {
        if let line = measured("reward \(reward.label)", "rewards/\(reward.label)/mean") { lines.append(line) }
      }
    }
    lines += ["", "| | |", "|---|---|"]
    if !facts.configuration.training.method.comparesAnswers { lines.append("| perplexity | \(number(metrics.evalPerplexity, 3)) |") }
    if facts.configuration.training.method != .grpo { lines.append("| token accuracy | \(number(metrics.evalMeanTokenAccuracy)) |") }
    return lines.joined(separator: "\n")
  }

  private func optimizer(_ training: TrainingSection) -> String {
    let decay = "weight decay \(JSONNumber(training.weightDecay).text), gradient norm at most \(JSONNumber(training.maximumGradNorm).text)"
    return switch training.optimizer {
    case .adamw: "AdamW, β \(JSONNumber(training.beta1).text) and \(JSONNumber(training.beta2).text), \(decay)"
    case .lion: "Lion, β \(JSONNumber(training.beta1).text) and \(JSONNumber(training.beta2).text), \(decay)"
    case .adafactor: "Adafactor, \(decay)"
    }
  }

  /// What the method was told beside what every method is.
  private func methodRow(_ training: TrainingSection) -> String {
    let preference = training.preference
    switch training.method {
    case .pretrain, .sft: return ""
    case .dpo: return "| loss | \(preference.loss?.rawValue ?? ""), β \(JSONNumber(preference.beta ?? 0).text) |\n"
    case .orpo: return "| loss | odds ratio, β \(JSONNumber(preference.beta ?? 0).text) |\n"
    case .grpo:
      let rewards = training.weightedRewards.map { "\($0.label) × \(JSONNumber($0.weight).text)" }.joined(separator: ", ")
      return
        "| loss | \(preference.loss?.rawValue ?? ""), β \(JSONNumber(preference.beta ?? 0).text), \(training.group.generations ?? 0) answers a prompt |\n| rewards | \(rewards) |\n"
    }
  }

  /// What a step takes, in what the method counts.
  private func unit(_ method: TrainingMethod) -> String {
    switch method {
    case .pretrain, .sft: "sequences"
    case .dpo, .orpo: "pairs"
    case .grpo: "answers"
    }
  }

  private func body(_ facts: JobFacts) -> String {
    let metrics = facts.metrics
    let training = facts.configuration.training
    let origin =
      facts.pins.model.map { "It goes on from `\($0.name)`." }
      ?? "It was made from nothing: every weight was drawn by lot and trained here."
    let held = facts.pins.eval == nil ? "a part of it that was held out" : "the dataset `\(facts.pins.eval?.name.text ?? "")`"
    var text = """
      # \(facts.name)

      A language model with \(Figures.grouped(metrics.parameters)) parameters, trained with Dropforge by the method `\(training.method.rawValue)`
      on \(data(facts)) \(Figures.grouped(metrics.trainTokens)) tokens). \(origin)

      ## Results

      Measured on \(held), \(Figures.grouped(metrics.evalTokens)) tokens.

      \(results(facts))
      | training loss, first and last | \(number(metrics.firstLoss)), \(number(metrics.finalLoss)) |

      """
    text += answers(facts)
    text += """

      ## Training

      | | |
      |---|---|
      | steps | \(Figures.grouped(metrics.steps)) |
      \(endRows(facts))| tokens seen | \(Figures.grouped(metrics.tokensSeen)) |
      | \(unit(training.method)) a step | \(training.batchSize * training.accumulationSteps) of at most \(training.maximumLength) tokens |
      | learning rate | \(JSONNumber(training.learningRate).text), \(training.scheduler.rawValue) |
      | optimizer | \(optimizer(training)) |
      \(methodRow(training))\(adapterRow(training))| seed | \(facts.configuration.seed) |
      | time | \(Figures.duration(metrics.trainRuntime)), \(Figures.grouped(Int(metrics.tokensPerSecond))) tokens a second on \(facts.pins.threads) threads |
      | peak memory | \(Figures.bytes(metrics.peakMemoryBytes)) |

      ## Use

      ```python
      \(use(facts))
      ```

      Or `dropforge generate \(facts.id) "Once"`.

      ## Limits

      The model has seen only the dataset named above; what it writes is no more reliable than that. Nobody has checked it
      for bias or harm. `manifest.json` in the job's folder holds the hashes of every input: enough to repeat the run.

      """
    return text
  }

  /// Why the run ended before its last step, and whose weights the model has, where that is not plain.
  private func endRows(_ facts: JobFacts) -> String {
    let metrics = facts.metrics
    var rows = metrics.endedEarly.map { "| ended early | \($0) |\n" } ?? ""
    if facts.configuration.training.best.loads == true, let step = metrics.finalModelStep {
      let isBest = step == metrics.bestStep
      let reason = metrics.bestMetric.map { ", the best by `\($0)`: \(number(metrics.bestValue))" } ?? ""
      rows += "| final model | of step \(Figures.grouped(step))\(isBest ? reason : ", the last") |\n"
    }
    return rows
  }

  private func data(_ facts: JobFacts) -> String {
    guard let parts = facts.pins.mixture else {
      return "the dataset `\(facts.pins.train.name)` (\(Figures.grouped(facts.trainRows)) rows of \(facts.trainSchema.rawValue),"
    }
    return "a mixture of " + parts.map { "`\($0.dataset.name)` (\(Figures.general(100 * $0.ratio)) %)" }.joined(separator: ", ")
      + " (together"
  }

  /// Metrics of the answers to held-out prompts, where they were judged.
  private func answers(_ facts: JobFacts) -> String {
    guard let metrics = facts.evaluation?.metrics else { return "" }
    let rows = EvaluationRecord.Metrics.judged.compactMap { title, path -> String? in
      guard let after = metrics.after?[keyPath: path] else { return nil }
      return "| \(title) | \(number(metrics.before?[keyPath: path], 3)) | \(number(after, 3)) |\n"
    }
    guard !rows.isEmpty else { return "" }
    return "\nAnswers to \(facts.evaluation?.testSet.prompts ?? 0) held-out prompts:\n\n| | before | after |\n|---|---|---|\n"
      + rows.joined()
  }

  private func number(_ value: Double?, _ decimals: Int = 4) -> String { value.map { Figures.fixed($0, decimals) } ?? "–" }
}

enum YAML {
  /// A string that reads back as itself in YAML: JSON's double quotes are a subset of YAML's.
  static func scalar(_ text: String) -> String {
    var output = ""
    JSONText.append(text, to: &output)
    return output
  }
}
