import Domain

/// Next-token prediction on running text: loss on every token. Packed, the documents are joined and cut into blocks;
/// attention does not cross from one into another.
struct Pretraining: Method {
  private let training: TrainingSection

  init(_ training: TrainingSection) { self.training = training }

  func reader(_ data: DataSection, ingest: IngestResult) throws -> any SequenceReader { try RowReader(data, ingest: ingest) }

  func work(_ data: MethodData) throws -> any MethodWork {
    // Windows are samples as they are: joined and cut again, their overlaps would lie anywhere.
    let isJoined = training.packing && !data.configuration.data.treatment.makesWindows
    return try SequenceWork(data, masked: { _ in false }) { split, seed, shuffles in
      if isJoined { return PackedBlocks(split, length: training.maximumLength, seed: seed, shuffles: shuffles) }
      return WholeSequences(split, maximumLength: training.maximumLength, seed: seed, shuffles: shuffles)
    }
  }
}
