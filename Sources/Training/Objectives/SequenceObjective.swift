import Domain
import Kernels
import LanguageModels

/// Next-token prediction: the mean cross-entropy over the targets of the whole accumulated batch.
final class SequenceObjective: Objective {
  private let work: SequenceWork
  private let training: TrainingSection
  private let seed: UInt64
  private let total: Int
  private let pass: ModelPass
  private let evaluation: ModelPass?

  init(_ work: SequenceWork, _ setting: ObjectiveSetting) throws {
    self.work = work
    training = setting.training
    seed = UInt64(setting.configuration.seed)
    total = setting.shape.steps * training.batchSize * training.accumulationSteps
    let shapes = work.passes(training)
    pass = try ModelPass(
      setting.model, rows: shapes[0].rows, length: shapes[0].length, purpose: .training, recomputing: training.gradientCheckpointing)
    evaluation = try shapes.dropFirst().first.map { try ModelPass(setting.model, rows: $0.rows, length: $0.length, purpose: .scoring) }
  }

  func accumulate(step: Int, into gradients: ParameterStore) throws -> StepOutcome {
    // 1. the batch, and how many targets its mean is over
    let first = step * training.batchSize * training.accumulationSteps
    let batches = (0..<training.accumulationSteps).map { index in
      work.trainSamples.microBatch(first: first + index * training.batchSize, count: training.batchSize, total: total)
    }
    let targets = batches.reduce(0) { $0 + $1.targetCount }
    // 2. forward and back
    var sum = LossSum()
    for (index, batch) in batches.enumerated() where batch.batch > 0 {
      let key = Dropout.Key(seed: seed, step: UInt32(truncatingIfNeeded: step * training.accumulationSteps + index))
      sum += try pass.accumulate(batch, into: gradients, gradientScale: 1 / Float(max(targets, 1)), dropout: key)
    }
    return StepOutcome(
      loss: sum.meanLoss ?? 0, weight: Double(sum.targets), targets: sum.targets, hits: sum.hits,
      tokens: batches.reduce(0) { $0 + $1.rows }, accuracy: sum.accuracy)
  }

  func evaluate(step: Int, limit: Int?, tick: (Double) throws -> Void) throws -> EvaluationOutcome? {
    guard let evaluation else { return nil }
    let samples = work.evalSamples, batch = training.evalBatchSize ?? training.batchSize
    var sum = LossSum()
    var first = 0
    while first < samples.count {
      try tick(Double(first) / Double(samples.count))
      sum += try evaluation.evaluate(samples.microBatch(first: first, count: batch, total: samples.count))
      first += batch
      if let limit, sum.targets >= limit { break }
    }
    guard let loss = sum.meanLoss else { return nil }
    return EvaluationOutcome(loss: loss, targets: sum.targets, tokenAccuracy: sum.accuracy, perplexity: Perplexity.of(loss))
  }

  func headline(of row: MetricsRow) -> [LogLine.Figure] {
    if row.evalLoss != nil {
      return [.init("eval_perplexity", row.evalPerplexity ?? 0), .init("eval_accuracy", row.evalMeanTokenAccuracy ?? 0)]
    }
    return [.init("accuracy", row.meanTokenAccuracy ?? 0)]
  }
}
