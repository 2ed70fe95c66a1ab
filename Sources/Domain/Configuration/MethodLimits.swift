import StrictJSON

/// What is usual for a method. Outside of it a field is remarked on, and trained as it says.
///
/// Sources: the 76 recipes of SmallDoge (pre-training 8e-4 to 8e-3, supervised fine-tuning 2e-4 to 8e-4, DPO and GRPO 2e-5 to
/// 8e-5), the defaults of TRL 1.16 (DPO and GRPO 1e-6, SFT 2e-5), 291 job configs of FineTune Lab (1 to 10 epochs, LoRA
/// of rank 8 to 64 with alpha about twice that).
struct MethodLimits {
  var learningRate: ClosedRange<Double>
  var epochs: ClosedRange<Double>
  /// Sequences in one optimizer step.
  var batch: ClosedRange<Double> = 1...4096
  /// Of the preference or the penalty for leaving the reference; nil: the method has none.
  var beta: ClosedRange<Double>?

  /// By the method's word, so that a method is added without this file.
  private static let table: [String: MethodLimits] = [
    "pretrain": .init(learningRate: 1e-5...1e-2, epochs: 0.001...100),
    "sft": .init(learningRate: 1e-6...1e-3, epochs: 0.01...20),
    "dpo": .init(learningRate: 1e-8...1e-4, epochs: 0.01...10, beta: 0...1),
    "orpo": .init(learningRate: 1e-8...1e-4, epochs: 0.01...10, beta: 0...1),
    "grpo": .init(learningRate: 1e-8...1e-4, epochs: 0.01...20, beta: 0...0.5),
  ]

  static func of(_ method: TrainingMethod, usesLoRA: Bool) -> MethodLimits {
    var limits = table[method.rawValue] ?? MethodLimits(learningRate: 1e-6...1e-2, epochs: 0.01...100)
    // An adapter starts at nothing and is small: its rates are about ten times those of all weights.
    if usesLoRA { limits.learningRate = limits.learningRate.lowerBound * 10...limits.learningRate.upperBound * 10 }
    return limits
  }
}

extension Configuration {
  /// Values that are allowed and unusual for the method. Warnings all.
  func remarksOnUnusualValues() -> [Finding] {
    let limits = MethodLimits.of(training.method, usesLoRA: training.useLoRA)
    let method = training.method.rawValue
    var findings: [Finding] = []
    func look(_ field: String, _ value: Double?, _ usual: ClosedRange<Double>?, _ whose: String, _ consequence: String = "") {
      guard let value, let usual, !usual.contains(value) else { return }
      let range = "\(JSONNumber(usual.lowerBound).text) to \(JSONNumber(usual.upperBound).text)"
      findings.append(
        Finding(.warning, "training.\(field)", "\(JSONNumber(value).text) is unusual for \(whose), where \(range) is common\(consequence)"))
    }
    look("learning_rate", training.learningRate, limits.learningRate, method)
    if training.maximumSteps == nil { look("num_epochs", training.epochs, limits.epochs, method) }
    let batch = training.batchSize.multipliedReportingOverflow(by: training.accumulationSteps)
    if Double(batch.overflow ? .max : batch.partialValue) > limits.batch.upperBound {
      let sizes = "\(training.batchSize) sequences \(training.accumulationSteps) times make one step"
      findings.append(
        Finding(
          .warning, "training.batch_size", "\(sizes), where up to \(JSONNumber(limits.batch.upperBound).text) are common"))
    }
    look("beta", training.object["beta"]?.double, limits.beta, method)
    look("weight_decay", training.weightDecay, 0...0.5, "weight decay")
    look("warmup_ratio", training.warmupRatio, 0...0.5, "a warm-up")
    look("adam_beta2", training.beta2, 0.9...0.9999, "AdamW")
    if training.useLoRA {
      let rank = training.loraRank ?? 16
      look("lora_r", Double(rank), 4...128, "an adapter")
      if let alpha = training.loraAlpha, !(0.5...8).contains(alpha / Double(rank)) {
        let times = Figures.general((alpha / Double(rank) * 100).rounded() / 100)
        findings.append(
          Finding(.warning, "training.lora_alpha", "the adapter counts \(times) times, alpha over lora_r; 1 to 2 times is common"))
      }
      look("lora_dropout", training.loraDropout, 0...0.5, "an adapter")
    }
    return findings
  }
}
