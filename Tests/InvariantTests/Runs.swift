import Domain
import Ingestion
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Training

/// Small real runs in this process.
struct Runs {
  let folders: TrainingFolders

  /// Ingests a text as the dataset of the runs.
  init(_ text: String, named name: String) throws {
    folders = try TrainingFolders()
    let source = try folders.source(text, named: name)
    let drop = DropID(at: Timestamp(nanoseconds: 0), random: 1)
    _ = try Ingestor(
      order: IngestOrder(
        drop: drop, source: source.string, fileName: name, staging: folders.version.folder.string, sidecar: nil, limits: IngestLimits()),
      fileSystem: folders.files, report: { _ in }
    ).run()
  }

  struct Result {
    var exit: WorkerExit
    var job: JobLayout
    var events: [WorkerEvent]
    var rows: [MetricsRow]

    var losses: [Double] { rows.compactMap(\.loss) }
    var evalLosses: [Double] { rows.compactMap(\.evalLoss) }
  }

  /// Runs a job, or goes on with it where it was begun.
  ///
  /// - stoppedAfter: steps after which it is told to stop, as SIGTERM would.
  @discardableResult
  func run(_ name: String, _ config: JSONNode, threads: Int = 2, stoppedAfter: Int? = nil) throws -> Result {
    try goOn(try folders.prepare(name, config: config, threads: threads), stoppedAfter: stoppedAfter)
  }

  func goOn(_ order: TrainOrder, stoppedAfter: Int? = nil) throws -> Result {
    let job = JobLayout(folder: FilePath(order.folder))
    var events: [WorkerEvent] = []
    var asked = 0
    let exit = try TrainingRun(order: order, files: folders.files, clock: .system, report: { events.append($0) }).run(isStopped: {
      asked += 1
      return stoppedAfter.map { asked > $0 } ?? false
    })
    let rows = try folders.bytes(job.metricRows).split(separator: UInt8(ascii: "\n")).map {
      try PublishedJSON.decode(MetricsRow.self, from: $0)
    }
    return Result(exit: exit, job: job, events: events, rows: rows)
  }
}

enum Configs {
  /// A model of a few thousand weights on some text; `training` is laid over.
  static func tiny(
    architecture: String = "llama", method: String = "pretrain", model: JSONObject = [:], training: JSONObject = [:], seed: Int = 7
  ) -> JSONNode {
    var shape: JSONObject = [
      "name": "scratch", "architecture": JSONNode(.string(architecture)), "hidden_size": 32, "num_hidden_layers": 2,
      "num_attention_heads": 4,
    ]
    for member in model.members { shape[member.key] = member.node }
    var section: JSONObject = [
      "method": JSONNode(.string(method)), "max_steps": 20, "batch_size": 4, "max_length": 32, "learning_rate": 0.003, "logging_steps": 1,
      "eval_steps": 10, "warmup_steps": 2, "recovery_seconds": 3600,
    ]
    for member in training.members { section[member.key] = member.node }
    return ["model": JSONNode(.object(shape)), "training": JSONNode(.object(section)), "seed": JSONNode(.number(JSONNumber(seed)))]
  }
}

enum Texts {
  /// Some thousand bytes with structure to learn, the same each time.
  static let counting: String = (0..<400).map { "\($0) plus \($0 % 7) is \($0 + $0 % 7).\n" }.joined()

  /// Prompts with completions.
  static let questions: String = (0..<120).map { #"{"prompt": "What comes after \#($0)? ", "completion": "\#($0 + 1)"}"# + "\n" }.joined()

  /// Prompts with an answer that was chosen and one that was rejected.
  static let preferences: String = (0..<80).map {
    #"{"prompt": "Count \#($0): ", "chosen": "\#($0), \#($0 + 1)", "rejected": "well, no\#($0 % 3)"}"# + "\n"
  }.joined()

  /// Problems with solutions.
  static let sums: String = (0..<60).map { #"{"problem": "\#($0 % 9) + \#($0 / 9) =", "solution": "\#($0 % 9 + $0 / 9)"}"# + "\n" }.joined()
}
