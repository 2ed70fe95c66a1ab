import Domain

/// A dataset of a job, and how its rows are read.
struct DataSource: Sendable {
  let pin: TrainOrder.DatasetPin
  let ingest: IngestResult
  var reader: any SequenceReader
  /// The one split that is read, as a whole; nil: that to train on, and the one to measure with.
  var onlySplit: String?

  /// The split that is trained on.
  var trainSplit: String {
    if let onlySplit { return onlySplit }
    let names = ingest.splits.map(\.name)
    return names.contains("train") ? "train" : names[0]
  }

  /// The split that the dataset brings for evaluation; nil: a part of the other is held out.
  var namedEvalSplit: String? {
    if onlySplit != nil { return nil }
    let names = ingest.splits.map(\.name)
    return ["validation", "test"].first { names.contains($0) && $0 != trainSplit }
  }
}
