import Domain
import Kernels
import LanguageModels

/// Pairs of answers: the loss is a function of what the model says of both, so that a pair goes through the layers together.
final class PreferenceObjective: Objective {
  enum Loss {
    case direct(PreferenceLoss, ReferenceScores)
    case oddsRatio(OddsRatioLoss)
  }

  private let work: PreferenceWork
  private let loss: Loss
  private let training: TrainingSection
  private let seed: UInt64
  private let pass: ModelPass
  private let evaluation: ModelPass?

  init(_ work: PreferenceWork, _ loss: Loss, _ setting: ObjectiveSetting) throws {
    self.work = work
    self.loss = loss
    training = setting.training
    seed = UInt64(setting.configuration.seed)
    let shape = work.passes(training)[0]
    pass = try ModelPass(
      setting.model, rows: shape.rows, length: shape.length, purpose: .training, recomputing: training.gradientCheckpointing,
      group: shape.group)
    evaluation = try work.eval.isEmpty ? nil : Self.scoring(setting.model, work.eval, training)
  }

  static func scoring(_ model: LanguageModel, _ pairs: PreferencePairs, _ training: TrainingSection) throws -> ModelPass {
    let shape = PreferenceWork.scoring(pairs, training)
    return try ModelPass(model, rows: shape.rows, length: shape.length, purpose: .scoring, group: shape.group)
  }

  private var trainsPrompts: Bool { if case .oddsRatio = loss { true } else { false } }

  func accumulate(step: Int, into gradients: ParameterStore) throws -> StepOutcome {
    let perStep = training.batchSize * training.accumulationSteps
    let pairs = (step * perStep..<(step + 1) * perStep).map { work.train.pair($0 % work.train.count, epoch: $0 / work.train.count) }
    var tally = PreferenceTally(pairs: pairs.count, likelihoodTargets: pairs.reduce(0) { $0 + $1.chosen.tokens.count - 1 })
    for index in 0..<training.accumulationSteps {
      let batch = Array(pairs[index * training.batchSize..<(index + 1) * training.batchSize])
      let key = Dropout.Key(seed: seed, step: UInt32(truncatingIfNeeded: step * training.accumulationSteps + index))
      try pass.accumulate(
        PreferencePairs.microBatch(batch, withPrompts: trainsPrompts), into: gradients,
        auxiliaryShare: Double(batch.count) / Double(pairs.count), dropout: training.preference.disablesDropout == true ? nil : key
      ) { scores in
        judge(scores, batch, &tally, of: \.train)
      }
    }
    return tally.outcome(tokens: pairs.reduce(0) { $0 + $1.chosen.tokens.count + $1.rejected.tokens.count })
  }

  func evaluate(step: Int, limit: Int?, tick: (Double) throws -> Void) throws -> EvaluationOutcome? {
    guard let evaluation else { return nil }
    let all = (0..<work.eval.count).map { work.eval.pair($0, epoch: 0) }
    var pairs: [PreferencePair] = [], targets = 0
    for pair in all {
      pairs.append(pair)
      targets += pair.chosen.answerCount + pair.rejected.answerCount
      if let limit, targets >= limit { break }
    }
    var tally = PreferenceTally(pairs: pairs.count, likelihoodTargets: pairs.reduce(0) { $0 + $1.chosen.tokens.count - 1 })
    let size = training.evalBatchSize ?? training.batchSize
    for start in stride(from: 0, to: pairs.count, by: size) {
      try tick(Double(start) / Double(pairs.count))
      let batch = Array(pairs[start..<min(start + size, pairs.count)])
      try evaluation.score(PreferencePairs.microBatch(batch, withPrompts: trainsPrompts)) { scores in
        _ = judge(scores, batch, &tally, of: \.eval)
      }
    }
    let outcome = tally.outcome(tokens: 0)
    return EvaluationOutcome(
      loss: outcome.loss, targets: targets, tokenAccuracy: outcome.targets > 0 ? Double(outcome.hits) / Double(outcome.targets) : nil,
      measures: outcome.measures)
  }

  /// Takes the scores of a piece into the tally; returns −d(the step's loss)/d(ln p) of each position.
  private func judge(
    _ scores: TokenScores, _ batch: [PreferencePair], _ tally: inout PreferenceTally,
    of split: KeyPath<ReferenceScores, [ReferenceScores.Pair?]>
  ) -> [Float] {
    var weights = [Float](repeating: 0, count: scores.batch * scores.length)
    for row in stride(from: 0, to: scores.batch, by: 2) {
      let pair = batch[(scores.first + row) / 2]
      let chosen = AnswerScores(scores, row: row, pair.chosen), rejected = AnswerScores(scores, row: row + 1, pair.rejected)
      let (dChosen, dRejected, dLikelihood): (Double, Double, Double)
      switch loss {
      case .direct(let loss, let reference):
        // Every pair that the run looks at was scored before its first step.
        let known = reference[keyPath: split][pair.number] ?? .init(chosen: .nan, rejected: .nan)
        let value = loss.value(
          PreferenceLoss.Pair(
            chosen: chosen.sum, rejected: rejected.sum, referenceChosen: known.chosen, referenceRejected: known.rejected,
            chosenTokens: chosen.count, rejectedTokens: rejected.count))
        tally.add(chosen, rejected, loss: value.loss, chosenReward: value.chosenReward, rejectedReward: value.rejectedReward)
        (dChosen, dRejected, dLikelihood) = (value.dChosen, value.dRejected, 0)
      case .oddsRatio(let loss):
        let value = loss.value(chosen: chosen.mean, rejected: rejected.mean)
        tally.add(chosen, rejected, loss: value.loss, beta: loss.beta, value)
        dChosen = value.dChosen / Double(max(chosen.count, 1))
        dRejected = value.dRejected / Double(max(rejected.count, 1))
        dLikelihood = -1 / Double(max(tally.likelihoodTargets, 1))
      }
      let share = 1 / Double(tally.pairs)
      for place in 0..<pair.chosen.tokens.count - 1 {
        let slope = (pair.chosen.isAnswer[place + 1] ? dChosen * share : 0) + dLikelihood
        weights[row * scores.length + place] = Float(-slope)
      }
      for place in 0..<pair.rejected.tokens.count - 1 where pair.rejected.isAnswer[place + 1] {
        weights[(row + 1) * scores.length + place] = Float(-dRejected * share)
      }
    }
    return weights
  }

  func headline(of row: MetricsRow) -> [LogLine.Figure] {
    let prefix = row.evalLoss == nil ? "" : "eval_"
    return [
      .init("\(prefix)accuracy", row.measures["\(prefix)rewards/accuracies"] ?? 0),
      .init("\(prefix)margin", row.measures["\(prefix)rewards/margins"] ?? 0),
    ]
  }
}
