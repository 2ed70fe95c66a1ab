import Domain
import LanguageModels

/// Group relative policy optimisation, Shao et al., arXiv 2402.03300: the model samples several answers to a prompt, and those that are
/// rewarded above their group's mean are made likelier. The loss is in `GroupLoss`, the rewards in Rewards/.
struct GroupRelative: Method {
  private let training: TrainingSection

  init(_ training: TrainingSection) { self.training = training }

  func reader(_ data: DataSection, ingest: IngestResult) throws -> any SequenceReader { try PromptReader(data, ingest: ingest) }

  func work(_ data: MethodData) throws -> any MethodWork {
    let rewards = training.weightedRewards
    if let command = rewards.first(where: { $0.kind == .command }), data.order.allowsRewardCommands != true {
      throw Problem(
        "reward.command-not-allowed",
        "the reward '\(command.label)' would start the program '\(command.command?.first ?? "")', and this agent starts none for a job",
        at: .init(field: "training.rewards"),
        mend:
          "Choose other rewards, or, if everyone who can drop a job may run programs here, set \"allow_reward_commands\": true in dropforge.json, start the agent anew and drop the job again."
      )
    }
    return try GroupWork(data, rewards: rewards)
  }
}

/// Prompts to sample answers to.
struct GroupWork: MethodWork {
  let train: GroupPrompts
  let eval: GroupPrompts
  let rewards: [RewardSettings]
  let samplesPerStep: Double
  private let completionLength: Int

  init(_ data: MethodData, rewards: [RewardSettings]) throws {
    let training = data.configuration.training
    (train, eval) = try GroupPrompts.split(data)
    self.rewards = rewards
    _ = try RewardJury(rewards, answer: nil, folder: nil)  // a pattern that is none is told before anything starts
    completionLength = training.preference.maximumCompletionLength ?? 256
    samplesPerStep =
      Double(training.batchSize * training.accumulationSteps) / Double(training.group.generations ?? 8)
      / Double(training.group.iterations ?? 1)
    guard !train.isEmpty else {
      throw Problem(
        "data.nothing-to-train", "the dataset '\(data.order.train.name)' has no prompt that is not empty",
        mend:
          "Look at the rows (data/ in the dataset's folder), or name the column with the prompt: \"data\": {\"prompt_field\": \"COLUMN\"}.")
    }
  }

  var trainCount: Int { train.count }
  var unit: String { "prompts" }
  var length: Int { max(train.length, eval.length) + completionLength }
  var trainTokens: Int { train.tokens }
  var evalTokens: Int { eval.tokens }

  var remarks: [String] {
    var remarks: [String] = []
    if train.truncated > 0 {
      remarks.append("\(train.truncated) of \(train.count) prompts are longer than max_prompt_length and lose their beginning.")
    }
    return remarks + MethodData.remarks(emptyRows: train.emptyRows, evalTokens: eval.tokens)
  }

  var samplePrompts: [[Int32]] { [(eval.isEmpty ? train : eval).prompt(0, epoch: 0).tokens] }
  var heldOut: HeldOutSequences? { nil }
  var evalCount: Int { eval.isEmpty ? 0 : eval.count }

  var rows: JobPlan.Rows {
    var rows = JobPlan.Rows()
    let usable = (train.isEmpty ? 0 : train.count) + evalCount
    rows.empty = train.emptyRows + eval.emptyRows
    rows.read = usable + train.emptyRows + eval.emptyRows
    rows.usable = usable
    rows.truncated = train.truncated
    rows.dropped = 0
    return rows
  }

  func passes(_ training: TrainingSection) -> [PassShape] { [PassShape(sequences: training.batchSize, of: length, .training)] }

  func referencePass(_ training: TrainingSection) -> PassShape? {
    training.preference.beta ?? 0 == 0 ? nil : PassShape(sequences: training.batchSize, of: length, .scoring)
  }

  func sampling(_ training: TrainingSection) -> (batch: Int, capacity: Int)? {
    (max(training.batchSize * training.accumulationSteps, training.evalBatchSize ?? training.batchSize), length)
  }

  /// A batch of answers to held-out prompts takes what a round of sampling does, or its share of it where it is smaller.
  func evaluationSeconds(_ cost: StepCost, _ configuration: Configuration) -> Double {
    let training = configuration.training, size = max(training.evalBatchSize ?? training.batchSize, 1)
    let prompts = configuration.evaluation.maximumTokens.map { min(evalCount, max(1, $0 / max(completionLength, 1))) } ?? evalCount
    let batches = (prompts + size - 1) / size
    return cost.sampling * Double(batches) * min(1, 0.5 + Double(size) / Double(2 * training.batchSize * training.accumulationSteps))
  }

  func objective(_ setting: ObjectiveSetting) throws -> any Objective { try GroupObjective(self, setting) }
}
