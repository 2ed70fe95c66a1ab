import Domain
@preconcurrency import Glibc
import Ingestion
import Kernels
import LanguageModels
import Platform
import StrictJSON
import SystemPackage
import Tokenizers
import Training

/// Where `MethodsBenchmark` works: datasets taken in as a drop is, jobs run as a worker runs them, in a folder of its own.
struct MethodsWorkshop {
  private let folder: FilePath
  private let files = LinuxFileSystem()
  private let threads: Int
  /// Where each case leaves its curve, `NAME.jsonl`; nil: nowhere.
  let curves: FilePath?

  init(threads: Int, curves: FilePath?) throws {
    self.threads = threads
    self.curves = curves
    folder = FilePath("/tmp/dropforge-bench-\(getpid())")
    try files.makeFolders(folder)
  }

  func clear() { try? files.removeTree(folder) }  // what is left is in /tmp

  /// Takes rows in; returns what a job names the dataset by.
  func dataset(_ name: String, _ rows: [String]) throws -> TrainOrder.DatasetPin {
    try dataset(name, rows.joined(separator: "\n") + "\n", ending: "jsonl")
  }

  func dataset(_ name: String, _ text: String, ending: String) throws -> TrainOrder.DatasetPin {
    let layout = DatasetLayout(folder: folder.appending("datasets").appending(name)), version = layout.version(1)
    let drops = folder.appending("drops")
    try files.makeFolders(drops)
    let source = drops.appending("\(name).\(ending)")
    try files.publish(text.utf8, to: source)
    let result = try Ingestor(
      order: IngestOrder(
        drop: DropID(at: Timestamp(nanoseconds: 0), random: 1), source: source.string, fileName: "\(name).\(ending)",
        staging: version.folder.string, sidecar: nil, limits: IngestLimits()), fileSystem: files, report: { _ in }
    ).run()
    return TrainOrder.DatasetPin(
      name: SafeName(from: name), version: 1, sha256: result.sourceSHA256, folder: version.folder.string,
      datasetFolder: layout.folder.string)
  }

  struct Result {
    let job: JobLayout
    let rows: [MetricsRow]
    let seconds: Double

    /// A line with the measure of the first and of the last evaluation, and its curve.
    ///
    /// - curves: a folder for `NAME.jsonl`, every step that was logged with what is on its curve.
    func line(
      _ name: String, _ measure: String, _ value: ((MetricsRow) -> Double?)?, curves: FilePath? = nil
    ) throws -> ResultLine {
      if let curves { try writeCurve(name, to: curves) }
      var line = ResultLine(name)
      line.add("measure", measure)
      if let value {
        let points = rows.compactMap { row in value(row).map { (row.step, $0) } }
        line.add("before", points.first?.1)
        line.add("after", points.last?.1)
        line.add("curve", points.map { "\($0.0): \(Figures.fixed($0.1, 3))" }.joined(separator: ", "))
      }
      line.add("steps", Double(rows.last?.step ?? 0))
      line.add("seconds", seconds)
      return line
    }

    /// JSON lines: `{"case": "dpo", "step": 20, "loss": …, "eval_rewards/accuracies": …}`.
    private func writeCurve(_ name: String, to folder: FilePath) throws {
      let files = LinuxFileSystem()
      try files.makeFolders(folder)
      var text = ""
      for row in rows {
        var object: JSONObject = ["case": name.node, "step": row.step.node]
        if let loss = row.loss { object["loss"] = loss.node }
        if let loss = row.evalLoss { object["eval_loss"] = loss.node }
        for measure in [
          "reward", "eval_reward", "rewards/accuracies", "eval_rewards/accuracies", "rewards/margins", "eval_rewards/margins",
        ] {
          if let value = row.measures[measure] { object[measure] = value.node }
        }
        if object.members.count > 2 { text += JSONNode(.object(object)).text() + "\n" }
      }
      try files.publish(text.utf8, to: folder.appending("\(name).jsonl"))
    }
  }

  func run(_ name: String, _ dataset: TrainOrder.DatasetPin, _ config: JSONNode, base: FilePath? = nil) throws -> Result {
    let job = JobLayout(folder: folder.appending("jobs").appending(name)), start = TrainingMeasurement.now()
    for path in job.folders { try files.makeFolders(path) }
    let (configuration, findings) = Configuration.decode(config, source: .none)
    if let error = findings.errors.first {
      throw Problem("bench.config", error.message, at: .init(field: error.field), mend: "Mend the benchmark.")
    }
    try files.publish((configuration.node.text(.pretty) + "\n").utf8, to: job.config)
    let order = TrainOrder(
      job: JobID(name: SafeName(from: name), number: 1), name: name, folder: job.folder.string, train: dataset, eval: nil,
      baseModel: base?.string, tokenizer: nil, threads: threads)
    _ = try TrainingRun(order: order, files: files, clock: .system, report: { _ in }).run(isStopped: { false })
    let rows = try files.contents(of: job.metricRows).split(separator: UInt8(ascii: "\n")).map {
      try PublishedJSON.decode(MetricsRow.self, from: $0)
    }
    return Result(job: job, rows: rows, seconds: TrainingMeasurement.now() - start)
  }

  /// The share of bookings whose slots the model names without a fault, the likeliest token at a time.
  func exactMatch(_ model: FilePath, _ bookings: [Booking]) throws -> Double {
    let tokenizer = try Tokenizer.bytes(), model = try LanguageModel.load(model, on: ThreadTeam(count: threads))
    let prompts = bookings.map { tokenizer.encode($0.sentence + " ", addingSpecialTokens: false).map(Int32.init) }
    let session = try DecodingSession(model, batch: prompts.count, capacity: 160)
    let ends = Set(tokenizer.endOfTextID.map { [Int32($0)] } ?? [])
    let answers = try session.complete(prompts, newTokens: 48, sampler: .greedy, ends: ends)
    let right = zip(bookings, answers).count { booking, answer in
      tokenizer.decode(answer.tokens.dropLast(answer.hasEnded ? 1 : 0).map(UInt32.init)) == booking.slots
    }
    return Double(right) / Double(bookings.count)
  }
}
