import Domain

/// Sequences with a loss on some of their tokens: what pretrain and sft train on.
struct SequenceWork: MethodWork {
  let trainSamples: any SampleSource
  let evalSamples: any SampleSource
  let train: TokenizationCard.Split
  let eval: TokenizationCard.Split
  let samplesPerStep: Double
  private let emptyRows: Int

  init(
    _ data: MethodData, masked: (any SequenceReader) -> Bool, samples: (TokenizedSplit, UInt64, Bool) -> any SampleSource
  ) throws {
    let tokens = try data.tokens(masked: masked)
    let training = data.configuration.training, seed = UInt64(data.configuration.seed)
    trainSamples = samples(tokens.train.tokens, seed, data.configuration.data.shuffle)
    evalSamples = samples(tokens.eval.tokens, seed, false)
    (train, eval, emptyRows) = (tokens.train.card, tokens.eval.card, tokens.emptyRows)
    samplesPerStep = Double(training.batchSize * training.accumulationSteps)
    guard train.trainedTokens > 1, (trainSamples as? WholeSequences)?.isEmpty != true else { throw data.nothingToTrain(train) }
  }

  var trainCount: Int { trainSamples.count }
  var unit: String { "sequences" }
  var length: Int { trainSamples.length }
  var trainTokens: Int { train.tokens }
  var evalTokens: Int { eval.tokens }

  var remarks: [String] {
    var remarks: [String] = []
    if let whole = trainSamples as? WholeSequences {
      if whole.truncated > 0 {
        remarks.append(
          "\(whole.truncated) of \(whole.count + whole.dropped) sequences are longer than max_length and are cut at their end.")
      }
      if whole.dropped > 0 {
        remarks.append(
          "\(whole.dropped) sequences have nothing left to train on after the cut at max_length, and are left out: raise max_length to keep them."
        )
      }
    }
    return remarks + MethodData.remarks(emptyRows: emptyRows, evalTokens: eval.tokens)
  }

  var samplePrompt: [Int32] {
    let source: any SampleSource = eval.tokens > 1 ? evalSamples : trainSamples
    let sample = source.sample(0, epoch: 0)
    let untrained = sample.targets.prefix { $0 < 0 }.count + 1
    return Array(sample.tokens.prefix(untrained > 1 ? untrained : 24))
  }

  func objective(_ setting: ObjectiveSetting) throws -> any Objective { try SequenceObjective(self, setting) }
}
