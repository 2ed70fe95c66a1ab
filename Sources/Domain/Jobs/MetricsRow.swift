/// A line of `metrics.jsonl`. Names as TRL and transformers' Trainer use them, so that existing plotters read the file.
/// A training row carries `loss`, an evaluation row `eval_loss`, the last row `train_runtime`.
package struct MetricsRow: Codable, Sendable, Equatable {
  /// Optimizer steps done when this was measured.
  package var step: Int
  /// Passes over the data, with a fraction.
  package var epoch: Double
  package var time: Timestamp?

  /// Mean cross-entropy a target token, in nats, over the steps since the last row.
  package var loss: Double?
  package var learningRate: Double?
  /// Euclidean norm of the whole gradient before clipping, at this step.
  package var gradNorm: Double?
  package var meanTokenAccuracy: Double?
  /// Tokens read since the start of the run.
  package var numTokens: Int?
  package var tokensPerSecond: Double?

  package var evalLoss: Double?
  package var evalMeanTokenAccuracy: Double?
  package var evalPerplexity: Double?
  package var evalRuntime: Double?
  package var evalTokens: Int?

  package var trainRuntime: Double?
  package var trainLoss: Double?

  /// What only some methods measure, under TRL's names: `rewards/margins`, `completions/mean_length`, in an evaluation's row with
  /// `eval_` before it. In the file they stand beside the others.
  package var measures: [String: Double] = [:]

  enum CodingKeys: String, CodingKey {
    case step, epoch, time, loss
    case learningRate = "learning_rate"
    case gradNorm = "grad_norm"
    case meanTokenAccuracy = "mean_token_accuracy"
    case numTokens = "num_tokens"
    case tokensPerSecond = "tokens_per_second"
    case evalLoss = "eval_loss"
    case evalMeanTokenAccuracy = "eval_mean_token_accuracy"
    case evalPerplexity = "eval_perplexity"
    case evalRuntime = "eval_runtime"
    case evalTokens = "eval_num_tokens"
    case trainRuntime = "train_runtime"
    case trainLoss = "train_loss"
  }

  package init(step: Int, epoch: Double) {
    self.step = step
    self.epoch = epoch
  }
}

extension MetricsRow {
  /// A name that is none of the above.
  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private static var numbers: [(CodingKeys, WritableKeyPath<MetricsRow, Double?>)] {
    [
      (.loss, \.loss), (.learningRate, \.learningRate), (.gradNorm, \.gradNorm), (.meanTokenAccuracy, \.meanTokenAccuracy),
      (.tokensPerSecond, \.tokensPerSecond), (.evalLoss, \.evalLoss), (.evalMeanTokenAccuracy, \.evalMeanTokenAccuracy),
      (.evalPerplexity, \.evalPerplexity), (.evalRuntime, \.evalRuntime), (.trainRuntime, \.trainRuntime), (.trainLoss, \.trainLoss),
    ]
  }

  package init(from decoder: any Decoder) throws {
    let known = try decoder.container(keyedBy: CodingKeys.self)
    self.init(step: try known.decode(Int.self, forKey: .step), epoch: try known.decode(Double.self, forKey: .epoch))
    time = try known.decodeIfPresent(Timestamp.self, forKey: .time)
    numTokens = try known.decodeIfPresent(Int.self, forKey: .numTokens)
    evalTokens = try known.decodeIfPresent(Int.self, forKey: .evalTokens)
    for (key, path) in Self.numbers { self[keyPath: path] = try known.decodeIfPresent(Double.self, forKey: key) }
    let all = try decoder.container(keyedBy: Name.self)
    for name in all.allKeys where CodingKeys(stringValue: name.stringValue) == nil {
      if let value = try? all.decode(Double.self, forKey: name) { measures[name.stringValue] = value }  // a word of a later version
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var known = encoder.container(keyedBy: CodingKeys.self)
    try known.encode(step, forKey: .step)
    try known.encode(epoch, forKey: .epoch)
    try known.encodeIfPresent(time, forKey: .time)
    try known.encodeIfPresent(numTokens, forKey: .numTokens)
    try known.encodeIfPresent(evalTokens, forKey: .evalTokens)
    for (key, path) in Self.numbers { try known.encodeIfPresent(self[keyPath: path], forKey: key) }
    var others = encoder.container(keyedBy: Name.self)
    for (name, value) in measures { try others.encode(value, forKey: Name(stringValue: name)) }
  }
}

/// `metrics.json`: the run in one object.
package struct MetricsSummary: Codable, Sendable, Equatable {
  package var schema = "dropforge.metrics/1"
  package var method: String
  package var parameters: Int
  package var trainTokens: Int
  package var evalTokens: Int
  package var epochs: Int
  /// Optimizer steps made.
  package var steps: Int
  package var firstLoss: Double?
  package var finalLoss: Double?
  /// Mean over all steps, as Trainer's `train_loss`.
  package var trainLoss: Double?
  package var firstEvalLoss: Double?
  package var evalLoss: Double?
  package var evalPerplexity: Double?
  package var evalMeanTokenAccuracy: Double?
  package var bestEvalLoss: Double?
  package var bestStep: Int?
  /// What the best evaluation is told by, and how much of it the best had.
  package var bestMetric: String?
  package var bestValue: Double?
  /// The optimizer step whose weights the final model has.
  package var finalModelStep: Int?
  /// Where and why the run ended before its last step: "at step 40 of 100: eval_loss has not fallen in 3 evaluations; …".
  package var endedEarly: String?
  /// What only some methods measure, of the last row of training and of the last evaluation, and of the first evaluation.
  package var measures: [String: Double]?
  package var firstMeasures: [String: Double]?
  package var tokensSeen: Int
  package var tokensPerSecond: Double
  /// Seconds of training in all, interruptions left out.
  package var trainRuntime: Double
  package var peakMemoryBytes: Int
  /// How often the run was taken up again from a checkpoint.
  package var resumes: Int
  /// The instruction sets that the kernels chose, and the libraries with their versions.
  package var kernels: String
  package var libraries: [String: String]

  enum CodingKeys: String, CodingKey {
    case schema, method, parameters, epochs, steps, resumes, kernels, libraries, measures
    case firstMeasures = "first_measures"
    case trainTokens = "train_tokens"
    case evalTokens = "eval_tokens"
    case firstLoss = "first_loss"
    case finalLoss = "final_loss"
    case trainLoss = "train_loss"
    case firstEvalLoss = "first_eval_loss"
    case evalLoss = "eval_loss"
    case evalPerplexity = "eval_perplexity"
    case evalMeanTokenAccuracy = "eval_mean_token_accuracy"
    case bestEvalLoss = "best_eval_loss"
    case bestStep = "best_step"
    case bestMetric = "best_metric"
    case bestValue = "best_value"
    case finalModelStep = "final_model_step"
    case endedEarly = "ended_early"
    case tokensSeen = "tokens_seen"
    case tokensPerSecond = "tokens_per_second"
    case trainRuntime = "train_runtime"
    case peakMemoryBytes = "peak_memory_bytes"
  }

  package init(method: String, parameters: Int, trainTokens: Int, evalTokens: Int, epochs: Int, steps: Int) {
    self.method = method
    self.parameters = parameters
    self.trainTokens = trainTokens
    self.evalTokens = evalTokens
    self.epochs = epochs
    self.steps = steps
    tokensSeen = 0
    tokensPerSecond = 0
    trainRuntime = 0
    peakMemoryBytes = 0
    resumes = 0
    kernels = ""
    libraries = [:]
  }
}
