import Domain

/// Each row is a sequence of its own, or with `packing` several side by side that do not see each other; loss on the completion only,
/// where the data has prompts and the config does not say otherwise (TRL's `completion_only_loss: null`).
struct SupervisedFineTuning: Method {
  private let training: TrainingSection

  init(_ training: TrainingSection) { self.training = training }

  func reader(_ data: DataSection, ingest: IngestResult) throws -> any SequenceReader { try RowReader(data, ingest: ingest) }

  func work(_ data: MethodData) throws -> any MethodWork {
    try SequenceWork(data, masked: { $0.hasPrompts && training.completionOnlyLoss ?? true }) {
      (split, seed, shuffles) -> any SampleSource in
      training.packing
        ? PackedSequences(split, maximumLength: training.maximumLength, seed: seed, shuffles: shuffles)
        : WholeSequences(split, maximumLength: training.maximumLength, seed: seed, shuffles: shuffles)
    }
  }
}
