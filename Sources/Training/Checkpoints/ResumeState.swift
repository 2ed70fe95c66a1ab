import Domain

/// `dropforge_state.json` in a checkpoint: with the weights and the optimizer's moments beside it, everything that going on
/// to the same bits needs. Sums are kept as they stand, so that a logged mean does not depend on where the run was cut.
struct ResumeState: Codable, Sendable, Equatable {
  var schema = "dropforge.checkpoint/2"
  /// Optimizer steps done.
  var step = 0
  var tokensSeen = 0
  /// Seconds of training so far, interruptions left out.
  var elapsed = 0.0
  /// Of the whole run, tokens, evaluations and checkpoints included; interruptions left out.
  var seconds: Double?
  var resumes = 0
  /// Since the last row of metrics.jsonl.
  var window = Window()
  /// Sum over all steps of each step's mean loss.
  var lossTotal = 0.0
  var firstLoss: Double?
  var finalLoss: Double?
  var firstEval: MetricsRow?
  var lastEval: MetricsRow?
  var bestEval: MetricsRow?
  /// The folder in checkpoints/ that holds the weights of `bestEval`, where they are kept.
  var bestCheckpoint: String?
  /// Evaluations on end that gained nothing, for early stopping.
  var evaluationsWithoutGain: Int?
  /// Where and why the run ended before its last step; nil while it goes on.
  var endedEarly: String?
  /// Stopped within the evaluation after this step: who goes on from here measures first.
  var owesEvaluation: Bool?
  /// Of the last row of training.
  var lastMeasures: [String: Double] = [:]
  /// The losses that tell whether the training runs away.
  var watch = DivergenceWatch()
  var log = RunLog.Lengths()
  /// Hash of the resolved config and of the tokens: a checkpoint of another run is not gone on from.
  var run = ""
  /// Written to recover from a crash, and replaced by the next: not one that the config asked for.
  var isForRecovery = false
  /// Hashes of the files beside it.
  var files: [String: String] = [:]

  /// Mean over all steps, as Trainer's `train_loss`.
  var meanLoss: Double { lossTotal / Double(max(step, 1)) }

  struct Window: Codable, Sendable, Equatable {
    var steps = 0
    /// Sum of losses, each times what its mean is over; and of that.
    var loss = 0.0
    var weight = 0.0
    var targets = 0
    var hits = 0
    var tokens = 0
    var seconds = 0.0
    var measures = Measures()

    mutating func add(_ outcome: StepOutcome, seconds: Double) {
      steps += 1
      loss += outcome.loss * outcome.weight
      weight += outcome.weight
      targets += outcome.targets
      hits += outcome.hits
      tokens += outcome.tokens
      self.seconds += seconds
      measures += outcome.measures
    }
  }
}
