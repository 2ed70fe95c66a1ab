import StrictJSON

/// `evaluation.json`: what the held-out part says of a trained model, against its base and its best.
package struct EvaluationRecord: Codable, Sendable, Equatable {
  /// What was measured at one moment. Shares are from 0 to 1.
  package struct Metrics: Codable, Sendable, Equatable {
    package var step: Int
    /// Mean cross-entropy a held-out token, in nats.
    package var loss: Double?
    package var perplexity: Double?
    package var accuracy: Double?
    package var toolAccuracy: Double?
    package var formatCorrectness: Double?
    package var responseQuality: Double?
    /// dpo and orpo: pairs whose chosen answer is preferred. grpo: mean reward.
    package var preferenceAccuracy: Double?
    package var rewardScore: Double?

    enum CodingKeys: String, CodingKey {
      case step, loss, perplexity, accuracy
      case preferenceAccuracy = "preference_accuracy"
      case rewardScore = "reward_score"
      case toolAccuracy = "tool_accuracy"
      case formatCorrectness = "format_correctness"
      case responseQuality = "response_quality"
    }

    package init(step: Int) { self.step = step }

    package init(_ row: MetricsRow) {
      step = row.step
      loss = row.evalLoss
      perplexity = row.evalPerplexity
      accuracy = row.evalMeanTokenAccuracy
      preferenceAccuracy = row.measures["eval_rewards/accuracies"]
      rewardScore = row.measures["eval_reward"]
    }

    /// Those that are measured on the tokens, with the names they have for people.
    package static var measured: [(title: String, path: KeyPath<Metrics, Double?>)] {
      [
        ("loss, nats a token", \.loss), ("perplexity", \.perplexity), ("token accuracy", \.accuracy),
        ("preference accuracy", \.preferenceAccuracy), ("reward", \.rewardScore),
      ]
    }

    /// Those that judge answers, with the names they have for people.
    package static var judged: [(title: String, path: KeyPath<Metrics, Double?>)] {
      [("tool accuracy", \.toolAccuracy), ("format correctness", \.formatCorrectness), ("response quality", \.responseQuality)]
    }
  }

  package struct Moments: Codable, Sendable, Equatable {
    /// Before the first step: the base, or a model of weights drawn by lot.
    package var before: Metrics?
    package var after: Metrics?
    /// At the lowest held-out loss.
    package var best: Metrics?

    package init(before: Metrics?, after: Metrics?, best: Metrics?) {
      self.before = before
      self.after = after
      self.best = best
    }
  }

  package struct Point: Codable, Sendable, Equatable {
    package var step: Int
    package var epoch: Double
    package var loss: Double

    package init(step: Int, epoch: Double, loss: Double) {
      self.step = step
      self.epoch = epoch
      self.loss = loss
    }
  }

  package struct EpochPoint: Codable, Sendable, Equatable {
    package var epoch: Int
    /// Mean over the logged rows of the epoch.
    package var train: Double?
    /// The last within the epoch.
    package var validation: Double?

    package init(epoch: Int, train: Double?, validation: Double?) {
      self.epoch = epoch
      self.train = train
      self.validation = validation
    }
  }

  package struct Curves: Codable, Sendable, Equatable {
    package var train: [Point]
    package var validation: [Point]
    package var epochs: [EpochPoint]

    package init(train: [Point], validation: [Point], epochs: [EpochPoint]) {
      self.train = train
      self.validation = validation
      self.epochs = epochs
    }
  }

  package struct TestSet: Codable, Sendable, Equatable {
    /// "held out of NAME", or the name of the dataset that was given.
    package var source: String
    package var sequences: Int
    package var tokens: Int
    /// Prompts that were answered.
    package var prompts: Int

    package init(source: String, sequences: Int, tokens: Int, prompts: Int) {
      self.source = source
      self.sequences = sequences
      self.tokens = tokens
      self.prompts = prompts
    }
  }

  package struct Generation: Codable, Sendable, Equatable {
    package var temperature: Double
    package var maximumNewTokens: Int
    package var seed: Int

    enum CodingKeys: String, CodingKey {
      case temperature, seed
      case maximumNewTokens = "max_new_tokens"
    }

    package init(temperature: Double, maximumNewTokens: Int, seed: Int) {
      self.temperature = temperature
      self.maximumNewTokens = maximumNewTokens
      self.seed = seed
    }
  }

  package struct Statistics: Codable, Sendable, Equatable {
    package var method: String
    package var parameters: Int
    package var steps: Int
    package var epochs: Int
    package var trainSequences: Int
    package var trainTokens: Int
    package var tokensSeen: Int
    package var firstLoss: Double?
    package var finalLoss: Double?
    package var bestStep: Int?
    /// Seconds.
    package var trainRuntime: Double
    package var tokensPerSecond: Double

    enum CodingKeys: String, CodingKey {
      case method, parameters, steps, epochs
      case trainSequences = "train_sequences"
      case trainTokens = "train_tokens"
      case tokensSeen = "tokens_seen"
      case firstLoss = "first_loss"
      case finalLoss = "final_loss"
      case bestStep = "best_step"
      case trainRuntime = "train_runtime"
      case tokensPerSecond = "tokens_per_second"
    }

    package init(
      method: String, parameters: Int, steps: Int, epochs: Int, trainSequences: Int, trainTokens: Int, tokensSeen: Int, firstLoss: Double?,
      finalLoss: Double?, bestStep: Int?, trainRuntime: Double, tokensPerSecond: Double
    ) {
      self.method = method
      self.parameters = parameters
      self.steps = steps
      self.epochs = epochs
      self.trainSequences = trainSequences
      self.trainTokens = trainTokens
      self.tokensSeen = tokensSeen
      self.firstLoss = firstLoss
      self.finalLoss = finalLoss
      self.bestStep = bestStep
      self.trainRuntime = trainRuntime
      self.tokensPerSecond = tokensPerSecond
    }
  }

  /// A prompt, what was expected, and what was answered after the training.
  package struct Detail: Codable, Sendable, Equatable {
    package var prompt: String
    package var reference: String?
    package var before: String?
    package var response: String
    package var expectedTool: String?
    package var predictedTool: String?
    package var isToolRight: Bool?
    package var isFormatRight: Bool?

    enum CodingKeys: String, CodingKey {
      case prompt, reference, before, response
      case expectedTool = "expected_tool"
      case predictedTool = "predicted_tool"
      case isToolRight = "tool_correct"
      case isFormatRight = "format_correct"
    }

    package init(prompt: String, reference: String?, before: String?, response: String) {
      self.prompt = prompt
      self.reference = reference
      self.before = before
      self.response = response
    }
  }

  package var schema = "dropforge.evaluation/1"
  package var job: JobID
  package var createdAt: Timestamp
  /// Of an evaluation on request: the model that was measured.
  package var baseModel: String
  /// Whether a request asked for it: nothing was trained, and `metrics` holds only `after`.
  package var isOnRequest: Bool?
  /// What a reader should know of the figures, in sentences.
  package var remarks: [String]?
  package var testSet: TestSet
  package var generation: Generation?
  package var metrics: Moments
  package var curves: Curves
  package var statistics: Statistics
  package var details: [Detail]

  enum CodingKeys: String, CodingKey {
    case schema, job, generation, metrics, curves, statistics, details, remarks
    case isOnRequest = "on_request"
    case createdAt = "created_at"
    case baseModel = "base_model"
    case testSet = "test_set"
  }

  package init(
    job: JobID, createdAt: Timestamp, baseModel: String, testSet: TestSet, generation: Generation?, metrics: Moments, curves: Curves,
    statistics: Statistics, details: [Detail]
  ) {
    self.job = job
    self.createdAt = createdAt
    self.baseModel = baseModel
    self.testSet = testSet
    self.generation = generation
    self.metrics = metrics
    self.curves = curves
    self.statistics = statistics
    self.details = details
  }
}

extension EvaluationRecord.Curves {
  /// From the rows of `metrics.jsonl`.
  package init(rows: [MetricsRow]) {
    let train = rows.compactMap { row in row.loss.map { EvaluationRecord.Point(step: row.step, epoch: row.epoch, loss: $0) } }
    let validation = rows.compactMap { row in row.evalLoss.map { EvaluationRecord.Point(step: row.step, epoch: row.epoch, loss: $0) } }
    // A row at the end of an epoch belongs to it.
    func number(_ epoch: Double) -> Int { max(1, Int((epoch - 1e-9).rounded(.up))) }
    let last = (train + validation).map { number($0.epoch) }.max() ?? 0
    let epochs = (0..<last).map { index in
      let losses = train.filter { number($0.epoch) == index + 1 }.map(\.loss)
      return EvaluationRecord.EpochPoint(
        epoch: index + 1, train: losses.isEmpty ? nil : losses.reduce(0, +) / Double(losses.count),
        validation: validation.last { $0.step > 0 && number($0.epoch) == index + 1 }?.loss)
    }
    self.init(train: train, validation: validation, epochs: epochs)
  }
}
