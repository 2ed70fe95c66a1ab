import Domain
import StrictJSON

/// Values as the agent and its workers make them, for tests that need one and do not care which.
package enum Specimen {
  /// 21 November 2026, 07:48:03 UTC: where `ManualClock` stands too.
  package static let time = Timestamp(nanoseconds: 1_795_247_283_000_000_000)

  package static func drop(_ number: UInt32 = 1) -> DropID { DropID(at: time, random: number) }

  package static func receipt(
    _ drop: DropID = drop(), name: String = "rows.csv", kind: DropKind? = .dataset, status: Receipt.Verdict = .accepted,
    message: String = "Taken."
  ) -> Receipt {
    Receipt(id: drop, name: name, kind: kind, status: status, receivedAt: time, decidedAt: time + 1, size: 12, message: message)
  }

  /// What ingest says of prompts with completions, or of another schema with its own columns.
  package static func ingest(
    sha256: String = String(repeating: "a", count: 64), rows: Int = 3, badRows: Int = 0, detected: DatasetSchema = .promptCompletion,
    columns: [String]? = nil, mapping: [String: String] = [:], splits: [String] = ["train"], warnings: [String] = []
  ) -> IngestResult {
    IngestResult(
      sourceSHA256: sha256, sourceBytes: 12,
      files: [
        .init(name: "rows.csv", format: .csv, bytes: 12, rows: rows, badRows: badRows, encoding: "utf-8", dialect: nil, split: "train")
      ],
      splits: splits.map { .init(name: $0, rows: rows, bytes: 30, sha256: String(repeating: "b", count: 64)) }, rows: rows,
      badRows: badRows,
      columns: (columns ?? detected.requiredColumns).map { DatasetColumn(name: $0, kinds: [.string], rows: rows) }, detected: detected,
      mapping: mapping, warnings: warnings, seconds: 0.5)
  }

  package static func model(_ name: String, sha256: String = String(repeating: "c", count: 64), hasTokenizer: Bool = true) -> ModelCard {
    ModelCard(
      name: SafeName(from: name), architecture: "llama", parameters: 1_000, vocabularySize: 257, maximumPositions: 64,
      hasTokenizer: hasTokenizer,
      sha256: sha256, bytes: 4_000, warnings: [])
  }

  /// A small config that can be run, with its first line feed where a test may look for a line.
  package static let config = #"{"training": {"method": "sft", "max_steps": 4, "threads": 1}}"#

  /// A job file on a dataset, its config inside.
  package static func jobFile(_ name: String, on dataset: String = "rows", priority: Int = 0) -> String {
    #"{"name": "\#(name)", "dataset": "\#(dataset)", "config": \#(config), "priority": \#(priority)}"#
  }

  package static func pins(_ version: Int = 1) -> JobPins {
    JobPins(
      train: .init(
        name: SafeName(from: "rows"), version: version, sha256: String(repeating: "a", count: 64), folder: "/rows/1", datasetFolder: "/rows"
      ),
      eval: nil, config: nil, model: nil, threads: 1)
  }

  /// What a worker leaves in `metrics.json`.
  package static func metrics() -> MetricsSummary {
    var metrics = MetricsSummary(method: "sft", parameters: 12_345, trainTokens: 6_789, evalTokens: 250, epochs: 1, steps: 4)
    metrics.firstLoss = 5.5
    metrics.finalLoss = 1.25
    metrics.trainLoss = 2.5
    metrics.firstEvalLoss = 5.625
    metrics.evalLoss = 1.5
    metrics.evalPerplexity = 4.4817
    metrics.evalMeanTokenAccuracy = 0.625
    metrics.bestEvalLoss = 1.375
    metrics.bestStep = 3
    metrics.tokensSeen = 1_024
    metrics.tokensPerSecond = 512
    metrics.trainRuntime = 2
    metrics.peakMemoryBytes = 123_456_789
    metrics.kernels = "x86-64-v3"
    metrics.libraries = ["oneDNN": "3.1"]
    return metrics
  }
}
