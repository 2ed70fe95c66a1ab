import Domain

/// What a run reads: its config, and the rows of its datasets, before any is made into tokens.
struct RunSources {
  let configBytes: [UInt8]
  var configuration: Configuration
  let method: any Method
  /// What is trained on, with the share of each.
  var parts: [(source: DataSource, ratio: Double)]
  /// The dataset that the job names for evaluation.
  var eval: DataSource?

  var all: [DataSource] { parts.map(\.source) + [eval].compactMap(\.self) }
  /// Rows that ingest could not read.
  var badRows: Int { all.reduce(0) { $0 + $1.ingest.badRows } }
}
