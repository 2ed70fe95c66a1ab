import Domain
import Platform
import SystemPackage

/// The records of a run that grow: `metrics.jsonl`, `log.txt` and the event file. Lines are appended as they come and made
/// durable with each checkpoint; a resumed run cuts them back to the length they had then, so that no step stands twice.
final class RunLog {
  /// Lengths in bytes, kept in a checkpoint.
  struct Lengths: Codable, Sendable, Equatable {
    var metrics = 0
    var log = 0
    var events = 0
  }

  private let files: any FileSystem
  private var outputs: [FilePath: FileDescriptor] = [:]
  private var events: TensorBoardEvents?
  private let metricsPath: FilePath
  private let logPath: FilePath
  private let eventsPath: FilePath?
  private(set) var lengths = Lengths()

  /// Opens the records, cut back to `lengths`: the lengths at the checkpoint that the run goes on from, zeros for a new run.
  init(_ job: JobLayout, files: any FileSystem, from lengths: Lengths, withEvents: Bool, startedAt: Timestamp, now: Timestamp) throws {
    self.files = files
    metricsPath = job.metricRows
    logPath = job.log
    eventsPath =
      withEvents
      ? job.tensorboard.appending("events.out.tfevents.\(startedAt.nanoseconds / 1_000_000_000).\(Machine.hostName).dropforge.0") : nil
    self.lengths = lengths
    try open(metricsPath, keeping: lengths.metrics)
    try open(logPath, keeping: lengths.log)
    if let eventsPath {
      try files.makeFolders(job.tensorboard)
      try open(eventsPath, keeping: lengths.events)
      events = lengths.events == 0 ? TensorBoardEvents(at: now) : .continuing
      try writeEvents()
    }
  }

  private func open(_ path: FilePath, keeping length: Int) throws(SystemError) {
    let file = try files.open(path, .readingAndWriting)
    outputs[path] = file
    try files.truncate(file, to: length)
    try files.seek(file, to: length)
  }

  func note(_ row: MetricsRow) throws {
    lengths.metrics += try append(try PublishedJSON.line(of: row), to: metricsPath)
    guard events != nil, let time = row.time else { return }
    let scalars: [(String, Double?)] = [
      ("train/loss", row.loss), ("train/learning_rate", row.learningRate), ("train/grad_norm", row.gradNorm),
      ("train/mean_token_accuracy", row.meanTokenAccuracy), ("train/tokens_per_second", row.tokensPerSecond), ("train/epoch", row.epoch),
      ("eval/loss", row.evalLoss), ("eval/mean_token_accuracy", row.evalMeanTokenAccuracy), ("eval/perplexity", row.evalPerplexity),
    ]
    // eval_rewards/margins becomes eval/rewards/margins, beside train/rewards/margins: as transformers' callback writes them.
    let measures = row.measures.sorted { $0.key < $1.key }.map { name, value in
      (name.hasPrefix("eval_") ? "eval/\(name.dropFirst(5))" : "train/\(name)", Optional(value))
    }
    for case (let tag, let value?) in scalars + measures { events?.add(tag, value, step: row.step, at: time) }
    try writeEvents()
  }

  func say(_ line: String) throws {
    lengths.log += try append(Array((line + "\n").utf8), to: logPath)
  }

  private func writeEvents() throws {
    guard let eventsPath, let bytes = events?.takeBytes(), !bytes.isEmpty else { return }
    lengths.events += try append(bytes, to: eventsPath)
  }

  private func append(_ bytes: [UInt8], to path: FilePath) throws -> Int {
    guard let file = outputs[path] else { return 0 }
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(SystemError) in try files.writeAll(file, buffer) }
    }
    try result.get()
    return bytes.count
  }

  /// What was written so far survives a power cut.
  func sync() throws {
    for file in outputs.values { try files.sync(file) }
  }

  func close() throws {
    try sync()
    for file in outputs.values { try files.close(file) }
    outputs = [:]
  }
}
