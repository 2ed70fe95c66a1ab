import Domain
import LanguageModels
import Platform

/// What a method does at a step and in an evaluation, with the buffers that it needs for that. The loop knows no more of a method.
///
/// What it draws by lot is computed from the seed and the step. What else the next step depends on, beside the weights, it saves.
protocol Objective: AnyObject {
  /// Forward and back over a step's batch: gradients += d(the step's loss)/d(parameters).
  ///
  /// - step: counted from 0.
  func accumulate(step: Int, into gradients: ParameterStore) throws -> StepOutcome

  /// Measures the held-out part; nil where nothing is held out.
  ///
  /// - limit: held-out tokens at most.
  /// - tick: hears the share of the held-out part that is done, and may throw to end it.
  func evaluate(step: Int, limit: Int?, tick: (Double) throws -> Void) throws -> EvaluationOutcome?

  /// What a line of the log says beside loss and rate.
  func headline(of row: MetricsRow) -> [LogLine.Figure]

  func save(to checkpoint: CheckpointLayout) throws
  func load(from checkpoint: CheckpointLayout) throws

  /// What a step costs, found by doing its forward and backward: no state of the objective, no file and no program is touched by it.
  func rehearse(step: Int, into gradients: ParameterStore, clock: WallClock) throws -> StepCost
  /// Between which multiples of the rehearsed time a run's is expected; and why, where that is wider than usual.
  var timeSpread: (range: ClosedRange<Double>, remark: String?) { get }
}

extension Objective {
  func save(to checkpoint: CheckpointLayout) throws {}
  func load(from checkpoint: CheckpointLayout) throws {}

  /// For methods whose step has no effect but its gradients.
  func rehearse(step: Int, into gradients: ParameterStore, clock: WallClock) throws -> StepCost {
    let start = clock.monotonic()
    _ = try accumulate(step: step, into: gradients)
    return StepCost(step: Double(clock.monotonic() - start) / 1e9)
  }

  var timeSpread: (range: ClosedRange<Double>, remark: String?) { (0.7...1.6, nil) }
}

/// What a step measured.
struct StepOutcome: Equatable {
  /// What the step has minimised: a mean.
  var loss: Double
  /// What that mean is over: tokens, pairs, or 1. A logged mean over several steps is weighed with it.
  var weight: Double
  /// Tokens with a target, and those of them that were the most likely; 0 where that says nothing.
  var targets = 0
  var hits = 0
  /// Tokens read.
  var tokens: Int
  var measures = Measures()
  /// 0 to 1, where the method has such a thing: what `status.json` shows.
  var accuracy: Double?
}

struct EvaluationOutcome: Equatable {
  var loss: Double?
  var targets = 0
  var tokenAccuracy: Double?
  var perplexity: Double?
  var measures = Measures()
}

extension MetricsRow {
  /// Puts down what an evaluation measured.
  mutating func take(_ outcome: EvaluationOutcome) {
    evalLoss = outcome.loss
    evalMeanTokenAccuracy = outcome.tokenAccuracy
    evalPerplexity = outcome.perplexity
    evalTokens = outcome.targets
    for (name, value) in outcome.measures.means { measures["eval_\(name)"] = value }
  }
}

/// Means under names, as they add up: sums with their weights, so that a logged mean does not depend on where a run was cut.
struct Measures: Codable, Sendable, Equatable {
  struct Mean: Codable, Sendable, Equatable {
    var sum: Double
    var weight: Double
  }

  private(set) var sums: [String: Mean] = [:]

  /// Adds a mean over `weight` things; one that is no number, or over nothing, says nothing.
  mutating func add(_ name: String, _ mean: Double, weight: Double = 1) {
    guard mean.isFinite, weight > 0 else { return }
    sums[name, default: Mean(sum: 0, weight: 0)].sum += mean * weight
    sums[name, default: Mean(sum: 0, weight: 0)].weight += weight
  }

  subscript(name: String) -> Double? { sums[name].map { $0.sum / $0.weight } }

  var means: [String: Double] { sums.mapValues { $0.sum / $0.weight } }

  static func += (left: inout Measures, right: Measures) {
    for (name, mean) in right.sums {
      left.sums[name, default: Mean(sum: 0, weight: 0)].sum += mean.sum
      left.sums[name, default: Mean(sum: 0, weight: 0)].weight += mean.weight
    }
  }
}
