import Domain

/// Next-token prediction on running text: loss on every token. Packed, the documents are joined and cut into blocks;
/// attention does not cross from one into another.
struct Pretraining: Method {
  private let packing: Bool
  private let maximumLength: Int

  init(_ training: TrainingSection) {
    packing = training.packing
    maximumLength = training.maximumLength
  }

  func masks(_ reader: RowReader) -> Bool { false }

  func samples(_ split: TokenizedSplit, seed: UInt64, shuffles: Bool) -> any SampleSource {
    packing
      ? PackedBlocks(split, length: maximumLength, seed: seed, shuffles: shuffles)
      : WholeSequences(split, maximumLength: maximumLength, seed: seed, shuffles: shuffles)
  }
}
