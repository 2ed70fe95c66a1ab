import StrictJSON

/// `training.scale_rewards`: what the rewards of a group are divided by. TRL takes true for "group" and false for "none" too.
package enum RewardScale: String, WordField, CaseIterable, Codable {
  case group, batch, none

  package init?(node: JSONNode) {
    if let flag = node.bool {
      self = flag ? .group : .none
    } else if let value = node.string.flatMap(RewardScale.init(rawValue:)) {
      self = value
    } else {
      return nil
    }
  }
}

/// Fields of grpo. Nil with every other method.
package struct GroupSettings: Sendable, Equatable {
  package var generations: Int?
  package var temperature: Double?
  package var topP: Double?
  package var topK: Int?
  package var iterations: Int?
  package var epsilon: Double?
  package var epsilonHigh: Double?
  package var scale: RewardScale?
  package var correctsBias: Bool?
  package var masksTruncated: Bool?
  package var rewards: [RewardSettings]?
  package var weights: [Double]?
  package var logsCompletions: Bool?
  package var completionSteps: Int?

  /// TRL's defaults, GRPOConfig of 1.16; the rewards are small-doge's.
  package init(method: TrainingMethod) {
    guard method == .grpo else { return }
    generations = 8
    temperature = 1
    topP = 1
    topK = 0
    iterations = 1
    epsilon = 0.2
    scale = .group
    correctsBias = true
    masksTruncated = false
    rewards = [RewardSettings(kind: .accuracy), RewardSettings(kind: .format)]
    logsCompletions = true
    completionSteps = 50
  }

  static let keys = [
    "num_generations", "temperature", "top_p", "top_k", "num_iterations", "epsilon", "epsilon_high", "scale_rewards",
    "use_bias_correction_kl", "mask_truncated_completions", "rewards", "reward_weights", "log_completions", "completion_steps",
  ]

  static let fields: [Field<TrainingSection>] = {
    [
      Field("num_generations", \.group.generations, limit: .within(2...1_024), "grpo: answers to a prompt that are compared. Default: 8."),
      Field(
        "temperature", \.group.temperature, limit: .positive, "grpo: of sampling, and of the probabilities that are trained. Default: 1."),
      Field(
        "top_p", \.group.topP, limit: .within(0.001...1), "grpo: sample from the most likely tokens that reach this share. Default: 1, all."
      ),
      Field("top_k", \.group.topK, limit: .atLeast(0), "grpo: sample from so many most likely tokens; 0: all. Default: 0."),
      Field("num_iterations", \.group.iterations, limit: .within(1...1_000), "grpo: steps on the same answers. Default: 1."),
      Field(
        "epsilon", \.group.epsilon, aliases: ["epsilon_low"], limit: .below(0..<1),
        "grpo: the ratio of probabilities counts down to 1 - epsilon. Default: 0.2."),
      Field("epsilon_high", \.group.epsilonHigh, limit: .atLeast(0), "grpo: and up to 1 + epsilon_high. Default: as epsilon."),
      Field(
        "scale_rewards", \.group.scale,
        "grpo: advantages are divided by the deviation of the group or of the batch, or not. Default: group."),
      Field(
        "use_bias_correction_kl", \.group.correctsBias,
        "grpo with beta: the distance to the reference is weighed with the ratio of probabilities. Default: true."),
      Field(
        "mask_truncated_completions", \.group.masksTruncated,
        "grpo: answers cut off at max_completion_length count for nothing. Default: false."),
      Field(
        "rewards", \.group.rewards, aliases: ["reward_funcs", "reward_functions"],
        "grpo: what answers are rewarded for, each a name or an object with \"name\", \"weight\" and the reward's own fields (docs/methods.md). Default: accuracy and format."
      ),
      Field("reward_weights", \.group.weights, "grpo: a factor for each of rewards, in their order. Default: their own weights, 1."),
      Field(
        "log_completions", \.group.logsCompletions,
        "grpo: whether answers with their rewards are kept in completions/ in the job's folder. Default: true."),
      Field(
        "completion_steps", \.group.completionSteps, aliases: ["log_completions_steps"], limit: .atLeast(1),
        "grpo: steps between answers that are kept. Default: 50."),
    ]
  }()
}

extension TrainingSection {
  /// The rewards with the weights that count.
  package var weightedRewards: [RewardSettings] {
    var rewards = group.rewards ?? []
    if let weights = group.weights, weights.count == rewards.count {
      for index in rewards.indices { rewards[index].weight = weights[index] }
    }
    return rewards
  }

  func checkGroups() -> [Finding] {
    guard method == .grpo else {
      let given = object
      return GroupSettings.keys.filter { given[$0] != nil }.map {
        Finding(.warning, "training.\($0)", "has an effect only with method grpo")
      }
    }
    var findings: [Finding] = []
    let generations = group.generations ?? 8, perStep = batchSize * accumulationSteps
    if perStep % generations != 0 {
      findings.append(
        Finding(
          .error, "training.num_generations",
          "a step has batch_size \(batchSize) × gradient_accumulation_steps \(accumulationSteps) = \(perStep) answers, which is no multiple of \(generations)"
        ))
    }
    if (group.rewards ?? []).isEmpty {
      findings.append(Finding(.error, "training.rewards", "grpo learns from rewards; name at least one"))
    }
    let names = (group.rewards ?? []).map(\.label)
    if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
      findings.append(
        Finding(.error, "training.rewards", "two rewards are called \"\(twice)\"; give one of them a \"label\" of its own"))
    }
    if let weights = group.weights, weights.count != names.count {
      findings.append(
        Finding(.error, "training.reward_weights", "\(weights.count) weights for \(names.count) rewards; give one each"))
    }
    return findings
  }
}
