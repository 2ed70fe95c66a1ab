import StrictJSON

/// `training.loss_type`: which of a method's losses. The words are TRL's.
package enum LossKind: String, WordField, CaseIterable, Codable {
  case sigmoid, hinge, ipo, robust
  case grpo, bnpo, dapo
  case drGRPO = "dr_grpo"

  package static func allowed(for method: TrainingMethod) -> [LossKind] {
    switch method {
    case .dpo: [.sigmoid, .hinge, .ipo, .robust]
    case .grpo: [.grpo, .bnpo, .dapo, .drGRPO]
    case .pretrain, .sft, .orpo: []
    }
  }

  /// TRL takes a list of losses for DPO: one of one element is read.
  package init?(node: JSONNode) {
    guard let word = node.string ?? (node.array?.count == 1 ? node.array?[0].string : nil), let value = LossKind(rawValue: word) else {
      return nil
    }
    self = value
  }
}

extension TrainingMethod {
  /// Whether it trains on answers beside one another: pairs of them, or groups.
  package var comparesAnswers: Bool { self == .dpo || self == .orpo || self == .grpo }
}

/// Which end of a sequence stays where it is too long.
package enum TruncationSide: String, WordField, CaseIterable, Codable {
  case keepStart = "keep_start"
  case keepEnd = "keep_end"
}

/// Fields of the methods that learn from answers compared with one another: dpo, orpo, and grpo where it has the same ones. Nil where the
/// method does not have the field.
package struct PreferenceSettings: Sendable, Equatable {
  package var beta: Double?
  package var loss: LossKind?
  package var labelSmoothing: Double?
  package var truncation: TruncationSide?
  package var maximumPromptLength: Int?
  package var maximumCompletionLength: Int?
  package var disablesDropout: Bool?

  /// TRL's defaults: DPOConfig and GRPOConfig of 1.16 with 256 tokens of completion, ORPOConfig.
  package init(method: TrainingMethod) {
    switch method {
    case .pretrain, .sft: break
    case .dpo:
      (beta, loss, labelSmoothing, truncation, disablesDropout) = (0.1, .sigmoid, 0, .keepStart, true)
    case .orpo:
      (beta, truncation, disablesDropout) = (0.1, .keepStart, true)
    case .grpo:
      (beta, loss, maximumCompletionLength, disablesDropout) = (0, .dapo, 256, false)
    }
  }

  static let fields: [Field<TrainingSection>] = {
    [
      Field(
        "beta", \.preference.beta, aliases: ["orpo_lambda", "dpo_beta"], limit: .atLeast(0),
        "dpo: how far the policy may go from the reference; orpo: the weight of the odds ratio; grpo: the weight of the distance to the reference, 0: none is kept. Default: 0.1 for dpo and orpo, 0 for grpo."
      ),
      Field(
        "loss_type", \.preference.loss,
        "dpo: sigmoid, hinge, ipo or robust; grpo: dapo, grpo, bnpo or dr_grpo. Default: sigmoid for dpo, dapo for grpo."),
      Field(
        "label_smoothing", \.preference.labelSmoothing, limit: .below(0..<0.5),
        "dpo with loss_type robust: the share of pairs that are taken to be the wrong way round. Default: 0."),
      Field(
        "truncation_mode", \.preference.truncation,
        "dpo, orpo: which end of prompt and answer stays where they are longer than max_length. Default: keep_start."),
      Field(
        "max_prompt_length", \.preference.maximumPromptLength, limit: .atLeast(1),
        "dpo, orpo, grpo: a longer prompt loses its beginning, in tokens. Default: for grpo what max_length leaves beside the completion, else no limit but max_length."
      ),
      Field(
        "max_completion_length", \.preference.maximumCompletionLength, limit: .atLeast(1),
        "grpo: tokens of an answer at most; dpo, orpo: a longer answer loses its end. Default: 256 for grpo, else no limit but max_length."),
      Field(
        "disable_dropout", \.preference.disablesDropout,
        "dpo, orpo, grpo: the model's dropout, and the adapter's, is off. Default: true for dpo and orpo, false for grpo."),
    ]
  }()

  static let keys = [
    "beta", "loss_type", "label_smoothing", "truncation_mode", "max_prompt_length", "max_completion_length", "disable_dropout",
  ]
}

extension TrainingSection {
  /// What must hold of the fields above, and which of them mean nothing to the method.
  func checkPreferences() -> [Finding] {
    var findings: [Finding] = []
    let given = object, standard = PreferenceSettings(method: method)
    func only(_ key: String, _ methods: [TrainingMethod]) {
      guard given[key] != nil, !methods.contains(method) else { return }
      findings.append(
        Finding(.warning, "training.\(key)", "has an effect only with method \(methods.map(\.rawValue).joined(separator: ", "))"))
    }
    for key in ["beta", "max_prompt_length", "max_completion_length", "disable_dropout"] { only(key, [.dpo, .orpo, .grpo]) }
    only("truncation_mode", [.dpo, .orpo])
    only("label_smoothing", [.dpo])
    if let loss = preference.loss, !LossKind.allowed(for: method).contains(loss) {
      let allowed = LossKind.allowed(for: method).map(\.rawValue)
      findings.append(
        allowed.isEmpty
          ? Finding(.warning, "training.loss_type", "has an effect only with method dpo, grpo")
          : Finding(
            .error, "training.loss_type", "\"\(loss.rawValue)\" is no loss of \(method.rawValue); it has \(allowed.joined(separator: ", "))"
          ))
    }
    if method == .dpo, preference.loss != .robust, (preference.labelSmoothing ?? 0) > 0 {
      findings.append(
        Finding(.warning, "training.label_smoothing", "has an effect only with loss_type robust, as in TRL from 1.0 on"))
    }
    if method == .dpo || method == .orpo, preference.beta == 0 {
      findings.append(Finding(.error, "training.beta", "0 leaves nothing to learn from; 0.1 is usual"))
    }
    if let prompt = preference.maximumPromptLength, prompt >= maximumLength, standard.beta != nil {
      findings.append(
        Finding(.error, "training.max_prompt_length", "\(prompt) leaves no room for an answer within max_length \(maximumLength)"))
    }
    if let completion = preference.maximumCompletionLength, completion >= maximumLength, standard.beta != nil {
      findings.append(
        Finding(.error, "training.max_completion_length", "\(completion) leaves no room for a prompt within max_length \(maximumLength)"))
    }
    if method.comparesAnswers, packing {
      findings.append(Finding(.error, "training.packing", "\(method.rawValue) compares whole answers and packs nothing; set it to false"))
    }
    if method.comparesAnswers, completionOnlyLoss != nil {
      findings.append(Finding(.warning, "training.completion_only_loss", "has an effect only with method sft"))
    }
    return findings
  }

  /// The longest prompt of grpo.
  package var promptLength: Int {
    max(1, min(preference.maximumPromptLength ?? .max, maximumLength - (preference.maximumCompletionLength ?? 256)))
  }
}
