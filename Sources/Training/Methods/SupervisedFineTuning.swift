import Domain

/// Each row is a sequence of its own, or with `packing` several side by side that do not see each other; loss on the completion only, where the data has prompts and the config does not say
/// otherwise (TRL's `completion_only_loss: null`).
struct SupervisedFineTuning: Method {
  private let completionOnly: Bool?
  private let maximumLength: Int
  private let packing: Bool

  init(_ training: TrainingSection) {
    completionOnly = training.completionOnlyLoss
    maximumLength = training.maximumLength
    packing = training.packing
  }

  func masks(_ reader: RowReader) -> Bool { reader.hasPrompts && completionOnly ?? true }

  func samples(_ split: TokenizedSplit, seed: UInt64, shuffles: Bool) -> any SampleSource {
    packing
      ? PackedSequences(split, maximumLength: maximumLength, seed: seed, shuffles: shuffles)
      : WholeSequences(split, maximumLength: maximumLength, seed: seed, shuffles: shuffles)
  }
}
