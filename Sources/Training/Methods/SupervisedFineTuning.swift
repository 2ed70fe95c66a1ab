import Domain

/// Each row is a sequence of its own; loss on the completion only, where the data has prompts and the config does not say
/// otherwise (TRL's `completion_only_loss: null`).
struct SupervisedFineTuning: Method {
  private let completionOnly: Bool?
  private let maximumLength: Int

  init(_ training: TrainingSection) {
    completionOnly = training.completionOnlyLoss
    maximumLength = training.maximumLength
  }

  func masks(_ reader: RowReader) -> Bool { reader.hasPrompts && completionOnly ?? true }

  func samples(_ split: TokenizedSplit, seed: UInt64, shuffles: Bool) -> any SampleSource {
    WholeSequences(split, maximumLength: maximumLength, seed: seed, shuffles: shuffles)
  }
}
