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
    switch samples {
    case let whole as WholeSequences: whole.fit.remarks
    case let packed as PackedSequences:
      packed.fit.remarks
        + [
          "\(packed.sequenceCount) sequences are packed into \(packed.count) samples of at most \(packed.length) tokens, which are \(Figures.fixed(100 * packed.fill, 1)) % full; none sees another."
        ]
    default: []
    }
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
