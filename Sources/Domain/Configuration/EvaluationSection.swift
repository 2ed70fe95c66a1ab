import StrictJSON

/// `evaluation`: what is measured on the held-out part.
package struct EvaluationSection: Section {
  package enum Metric: String, WordField, CaseIterable, Codable {
    case loss, perplexity, accuracy
    /// Measured on answers that the model writes to held-out prompts: `ToolCallJudgement`.
    case toolAccuracy = "tool_accuracy"
    case formatCorrectness = "format_correctness"
    case responseQuality = "response_quality"
    /// Known from bagel-RL, where tools are run; here they never are.
    case executionSuccess = "execution_success"
    /// What dpo and orpo, and grpo, measure whenever they evaluate: `eval_rewards/accuracies`, `eval_reward`.
    case preferenceAccuracy = "preference_accuracy"
    case rewardScore = "reward_score"
    /// Known from bagel-RL's ppo; no method here has a model of values.
    case valueLoss = "value_loss"

    package static var synonyms: [String: Metric] {
      [
        "token_accuracy": .accuracy, "mean_token_accuracy": .accuracy, "eval_loss": .loss, "policy_loss": .loss,
        "tool_format_correctness": .formatCorrectness,
        "format_accuracy": .formatCorrectness, "reward_accuracy": .preferenceAccuracy, "reward": .rewardScore, "mean_reward": .rewardScore,
      ]
    }

    /// The methods that measure it; nil: every one can.
    fileprivate var methods: [TrainingMethod]? {
      switch self {
      case .preferenceAccuracy: [.dpo, .orpo]
      case .rewardScore: [.grpo]
      default: nil
      }
    }

    package var needsAnswers: Bool { self == .toolAccuracy || self == .formatCorrectness || self == .responseQuality }
  }

  package var metrics: [Metric] = [.loss, .perplexity, .accuracy]
  package var evalSteps: Int?
  package var maximumTokens: Int?
  package var samplePrompts: [String] = []
  package var sampleCount = 3
  package var sampleTokens = 200
  package var maximumPrompts = 32
  package var answerTokens = 256
  package var temperature = 0.0
  package var testCases: JSONNode = []

  package init() {}

  package static let fields: [Field<EvaluationSection>] = {
    [
      Field(
        "metrics", \.metrics,
        "loss, perplexity, accuracy; of answers to held-out prompts tool_accuracy, format_correctness, response_quality; preference_accuracy (dpo, orpo) and reward_score (grpo). Default: the first three."
      ),
      Field("eval_steps", \.evalSteps, limit: .atLeast(1), "Steps between evaluations; training.eval_steps wins."),
      Field("max_tokens", \.maximumTokens, limit: .atLeast(1), "Held-out tokens used at most. Default: all."),
      Field(
        "sample_prompts", \.samplePrompts,
        "Texts that the model goes on with before and after the training, in samples.md. Default: prompts of the held-out part."),
      Field("sample_count", \.sampleCount, limit: .within(1...1_000), "Samples, where sample_prompts names none. Default: 3."),
      Field("sample_tokens", \.sampleTokens, limit: .within(1...100_000), "Tokens of each sample. Default: 200."),
      Field(
        "max_prompts", \.maximumPrompts, limit: .within(1...100_000),
        "Held-out prompts that are answered at most, before and after the training, for the metrics that judge answers. Default: 32."),
      Field(
        "max_new_tokens", \.answerTokens, limit: .within(1...100_000), "Tokens of each of these answers at most. Default: 256."),
      Field(
        "temperature", \.temperature, limit: .within(0...10),
        "Of these answers: 0 takes the likeliest token each time, so that the same model answers alike. Default: 0."),
      Field(
        "test_cases", \.testCases,
        "Prompts of your own that are judged too: a list of {\"prompt\", \"expected_tool\", \"expected_params\"}. Default: none."),
    ]
  }()

  /// A prompt and the tool that it asks for.
  package struct TestCase: Sendable, Equatable {
    package var prompt: String
    package var tool: String?
    package var parameters: JSONNode?
  }

  package var cases: [TestCase] {
    (testCases.array ?? []).compactMap { node in
      node["prompt"]?.string.map { TestCase(prompt: $0, tool: node["expected_tool"]?.string, parameters: node["expected_params"]) }
    }
  }

  func check(tools: [ToolDefinition], method: TrainingMethod) -> [Finding] {
    var findings: [Finding] = []
    for metric in metrics {
      guard let methods = metric.methods, !methods.contains(method) else { continue }
      let names = methods.map(\.rawValue).joined(separator: " and ")
      findings.append(
        Finding(.warning, "evaluation.metrics", "\(metric.rawValue) is measured by \(names) only; \(method.rawValue) leaves it out"))
    }
    if metrics.contains(.executionSuccess) {
      findings.append(
        Finding(
          .warning, "evaluation.metrics", "execution_success is not measured: tools are never run here; format_correctness judges the call")
      )
    }
    if metrics.contains(.valueLoss) {
      findings.append(
        Finding(
          .warning, "evaluation.metrics",
          "value_loss is not measured: it is of ppo's model of values, and grpo, which takes its place here, compares answers of a group instead"
        ))
    }
    if metrics.contains(where: \.needsAnswers), tools.isEmpty, !metrics.isEmpty {
      findings.append(
        Finding(
          .warning, "evaluation.metrics",
          "without \"tools\" in the config the tools that are known are those that the held-out answers call"))
    }
    let known: Set<String> = ["prompt", "expected_tool", "expected_params"]
    guard let list = testCases.array else {
      return findings + [Finding(.error, "evaluation.test_cases", "this is \(testCases.kindName), but it must be a list of test cases")]
    }
    for (index, node) in list.enumerated() {
      let field = "evaluation.test_cases[\(index + 1)]"
      guard let object = node.object, object["prompt"]?.string?.isEmpty == false else {
        findings.append(Finding(.error, field, "a test case is an object with a \"prompt\""))
        continue
      }
      if let key = object.keys.first(where: { !known.contains($0) }) {
        findings.append(
          Finding(.error, "\(field).\(key)", "no such field in a test case; known are expected_params, expected_tool, prompt"))
      }
    }
    return findings
  }
}
