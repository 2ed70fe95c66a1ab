import Domain
import LanguageModels

/// Pairs of answers: what dpo and orpo train on.
struct PreferenceWork: MethodWork {
  let train: PreferencePairs
  let eval: PreferencePairs
  let samplesPerStep: Double
  let trainTokens: Int
  let evalTokens: Int
  private let ofRows: [String]
  private let ofData: JobPlan.Rows
  private let heldOutTokens: TokenizedSplit
  private let needsReference: Bool
  private let loss: (ReferenceScores) -> PreferenceObjective.Loss

  init(_ data: MethodData, needsReference: Bool, loss: @escaping (ReferenceScores) -> PreferenceObjective.Loss) throws {
    let tokens = try data.tokens(masked: { _ in true })
    let training = data.configuration.training, seed = UInt64(data.configuration.seed), limits = PreferencePairs.Limits(training)
    train = PreferencePairs(tokens.train.tokens, limits: limits, seed: seed, shuffles: data.configuration.data.shuffle)
    eval = PreferencePairs(tokens.eval.tokens, limits: limits, seed: seed, shuffles: false)
    (trainTokens, evalTokens, ofRows) = (tokens.train.card.tokens, tokens.eval.card.tokens, tokens.remarks)
    ofData = tokens.rows
    heldOutTokens = tokens.eval.tokens
    samplesPerStep = Double(training.batchSize * training.accumulationSteps)
    self.needsReference = needsReference
    self.loss = loss
    guard !train.isEmpty else { throw data.nothingToTrain(tokens.train.card, tokens.refusal) }
  }

  var trainCount: Int { train.count }
  var unit: String { "pairs" }
  var length: Int { train.length }

  var remarks: [String] {
    var remarks: [String] = []
    if train.truncated > 0 {
      remarks.append("\(train.truncated) of \(train.total) pairs are longer than the limits of length and are cut.")
    }
    if train.dropped > 0 {
      remarks.append("\(train.dropped) pairs have an answer of which nothing is left, and are left out.")
    }
    return ofRows + remarks + MethodData.remarks(emptyRows: 0, evalTokens: eval.isEmpty ? 0 : evalTokens)
  }

  var rows: JobPlan.Rows {
    var rows = ofData
    rows.truncated = train.truncated
    rows.dropped = train.dropped
    rows.usable = rows.usable.map { max(0, $0 - train.dropped) }
    return rows
  }

  func passes(_ training: TrainingSection) -> [PassShape] {
    [PassShape(sequences: 2 * training.batchSize, of: train.length, .training, group: 2)]
      + (eval.isEmpty ? [] : [Self.scoring(eval, training)])
  }

  static func scoring(_ pairs: PreferencePairs, _ training: TrainingSection) -> PassShape {
    PassShape(sequences: 2 * (training.evalBatchSize ?? training.batchSize), of: pairs.length, .scoring, group: 2)
  }

  var samplePrompts: [[Int32]] {
    let sequence = (eval.isEmpty ? train : eval).pair(0, epoch: 0).chosen
    let prompt = sequence.tokens.prefix(sequence.isAnswer.firstIndex(of: true) ?? 0)
    return [Array(prompt.isEmpty ? sequence.tokens.prefix(1) : prompt)]
  }

  var heldOut: HeldOutSequences? { HeldOutSequences(tokens: heldOutTokens, stride: 2) }
  var evalCount: Int { eval.isEmpty ? 0 : eval.count }

  func reference(_ setting: ReferenceSetting) throws -> ReferenceScores? { needsReference ? try ReferenceScores.make(self, setting) : nil }

  /// Forward alone, a third of forward and back: over the pairs that the run looks at, and those held out.
  func referenceSeconds(_ cost: StepCost, _ configuration: Configuration, steps: Int) -> Double {
    guard needsReference else { return 0 }
    let seen = min(Double(train.count), Double(steps) * samplesPerStep)
    return cost.step / 3 * (seen / max(samplesPerStep, 1)) + evaluationSeconds(cost, configuration)
  }

  func objective(_ setting: ObjectiveSetting) throws -> any Objective {
    // Where steps are only tried out, before there is a reference: any figures do.
    let zero = ReferenceScores.Pair(chosen: 0, rejected: 0)
    let none = ReferenceScores(
      run: "", seconds: 0, train: Array(repeating: zero, count: train.total), eval: Array(repeating: zero, count: eval.total))
    return try PreferenceObjective(self, loss(setting.reference ?? none), setting)
  }
}
