import Domain
import LanguageModels

/// Sequences with a loss on some of their tokens: what pretrain and sft train on.
struct SequenceWork: MethodWork {
  let trainSamples: any SampleSource
  let evalSamples: any SampleSource
  let train: TokenizationCard.Split
  let eval: TokenizationCard.Split
  let samplesPerStep: Double
  private let ofRows: [String]
  private let heldOutTokens: TokenizedSplit
  private let sampleCount: Int
  private let ofData: JobPlan.Rows

  init(
    _ data: MethodData, masked: (any SequenceReader) -> Bool, samples: (TokenizedSplit, UInt64, Bool) -> any SampleSource
  ) throws {
    let tokens = try data.tokens(masked: masked)
    let training = data.configuration.training, seed = UInt64(data.configuration.seed)
    trainSamples = samples(tokens.train.tokens, seed, data.configuration.data.shuffle)
    evalSamples = samples(tokens.eval.tokens, seed, false)
    (train, eval, ofRows) = (tokens.train.card, tokens.eval.card, tokens.remarks)
    ofData = tokens.rows
    heldOutTokens = tokens.eval.tokens
    sampleCount = data.configuration.evaluation.sampleCount
    samplesPerStep = Double(training.batchSize * training.accumulationSteps)
    guard train.trainedTokens > 1, !trainSamples.isEmpty else { throw data.nothingToTrain(train, tokens.refusal) }
  }

  var trainCount: Int { trainSamples.count }
  var unit: String { "sequences" }
  var length: Int { trainSamples.length }
  var trainTokens: Int { train.tokens }
  var evalTokens: Int { eval.tokens }

  var remarks: [String] {
    let ofSamples: [String] =
      switch trainSamples {
      case let whole as WholeSequences: whole.fit.remarks
      case let packed as PackedSequences:
        packed.fit.remarks
          + [
            "\(packed.sequenceCount) sequences are packed into \(packed.count) samples of at most \(packed.length) tokens, which are \(Figures.fixed(100 * packed.fill, 1)) % full; none sees another."
          ]
      default: []
      }
    return ofRows + ofSamples + MethodData.remarks(emptyRows: 0, evalTokens: eval.tokens)
  }

  private var fit: SequenceFit? { (trainSamples as? WholeSequences)?.fit ?? (trainSamples as? PackedSequences)?.fit }

  var rows: JobPlan.Rows {
    var rows = ofData
    rows.truncated = fit?.truncated ?? 0
    rows.dropped = fit?.dropped ?? 0
    rows.usable = rows.usable.map { max(0, $0 - (rows.dropped ?? 0)) }
    return rows
  }

  func passes(_ training: TrainingSection) -> [PassShape] {
    var passes = [PassShape(sequences: training.batchSize, of: trainSamples.length, .training)]
    if eval.tokens > 1 {
      passes.append(PassShape(sequences: training.evalBatchSize ?? training.batchSize, of: evalSamples.length, .scoring))
    }
    return passes
  }

  /// Openings of running text, from places all over the held-out part.
  var samplePrompts: [[Int32]] {
    let source: any SampleSource = eval.tokens > 1 ? evalSamples : trainSamples
    let count = min(sampleCount, source.count)
    return (0..<count).map { Array(source.sample($0 * source.count / count, epoch: 0).tokens.prefix(Self.openingTokens)) }
  }

  private static let openingTokens = 24

  var heldOut: HeldOutSequences? { eval.isMasked ? HeldOutSequences(tokens: heldOutTokens) : nil }
  var evalCount: Int { eval.sequences }

  func objective(_ setting: ObjectiveSetting) throws -> any Objective { try SequenceObjective(self, setting) }
}
