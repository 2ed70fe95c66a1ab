import Domain

/// What a training method makes of a dataset: which tokens have loss on them, and how sequences become samples.
/// To add one: a file here, and a case of `TrainingMethod`.
protocol Method: Sendable {
  /// Whether there are tokens without loss on them.
  func masks(_ reader: RowReader) -> Bool
  func samples(_ split: TokenizedSplit, seed: UInt64, shuffles: Bool) -> any SampleSource
  /// What a user should know of the samples, in sentences.
  func remarks(_ samples: any SampleSource) -> [String]
}

extension Method {
  func remarks(_ samples: any SampleSource) -> [String] {
    guard let whole = samples as? WholeSequences else { return [] }
    var remarks: [String] = []
    if whole.truncated > 0 {
      remarks.append("\(whole.truncated) of \(whole.count + whole.dropped) sequences are longer than max_length and are cut at their end.")
    }
    if whole.dropped > 0 {
      remarks.append(
        "\(whole.dropped) sequences have nothing left to train on after the cut at max_length, and are left out: raise max_length to keep them."
      )
    }
    return remarks
  }
}

extension TrainingMethod {
  func make(_ training: TrainingSection) -> any Method {
    switch self {
    case .pretrain: Pretraining(training)
    case .sft: SupervisedFineTuning(training)
    }
  }
}
