import Domain
import Hub
import Ingestion
import Kernels
import Platform
import StrictJSON
import SystemPackage
import Training

/// The short-lived companion: one piece of work, one process. What it has to say goes to standard output as lines of JSON,
/// for the agent; `generate`, `score` and `doctor` speak to people, for the command.
@main
struct Worker {
  static func main() {
    var words = Words(Array(CommandLine.arguments.dropFirst()))
    let parent = words.option("--parent").flatMap(Int32.init)
    guard WorkerProcess.begin(parent: parent) else { end(.internal) }
    do {
      end(try run(words.next() ?? "", &words, isChild: parent != nil))
    } catch let problem as Problem {
      tell(problem, isChild: parent != nil)
      end(.refused)
    } catch let error as SystemError where machineTroubles.contains(error.code) {
      // Not the input's fault: the agent waits, and tries again.
      let isFull = error.code == .noSpace || error.code == .diskQuotaExceeded
      tell(
        Problem(
          isFull ? Problem.diskFullCode : Problem.diskErrorCode, "the worker could not store or read something",
          mend: error.mend ?? "Look into the agent's log.",
          cause: error.description), isChild: parent != nil)
      end(.refused)
    } catch {
      tell(
        Problem("worker.failed", "the worker failed", mend: "This is a fault of Dropforge: please report it.", cause: "\(error)"),
        isChild: parent != nil)
      end(.internal)
    }
  }

  private static let machineTroubles: [Errno] = [.noSpace, .diskQuotaExceeded, .ioError, .readOnlyFileSystem]

  private static func run(_ verb: String, _ words: inout Words, isChild: Bool) throws -> WorkerExit {
    let files = LinuxFileSystem()
    switch verb {
    case "ingest":
      let order = try PublishedJSON.decode(IngestOrder.self, from: try files.contents(of: FilePath(try words.required("order"))))
      try Shell(order, files).close()
      _ = try Ingestor(order: order, fileSystem: files, report: say).run()
      return .done
    case "ingest-many":
      let orders = try PublishedJSON.decode([IngestOrder].self, from: try files.contents(of: FilePath(try words.required("orders"))))
      try Shell(orders, files).close()
      try IngestingMany(orders: orders, fileSystem: files, report: say).run()
      return .done
    case "columnar":
      let order = try PublishedJSON.decode(ColumnarOrder.self, from: try files.contents(of: FilePath(try words.required("order"))))
      try ColumnarReader(order, files).run()
      return .done
    case "model":
      let order = try PublishedJSON.decode(ModelOrder.self, from: try files.contents(of: FilePath(try words.required("order"))))
      try Shell(order, files).close()
      try ModelInspection(order: order, files: files).run()
      return .done
    case "train":
      WorkerProcess.catchStopSignals()
      let job = JobLayout(folder: FilePath(try words.required("folder")))
      let order = try PublishedJSON.decode(TrainOrder.self, from: try files.contents(of: job.order))
      return try TrainingRun(order: order, files: files, clock: .system, report: say).run(isStopped: { WorkerProcess.stopWasAsked })
    case "evaluate":
      WorkerProcess.catchStopSignals()
      let job = JobLayout(folder: FilePath(try words.required("folder")))
      let order = try PublishedJSON.decode(TrainOrder.self, from: try files.contents(of: job.order))
      return try EvaluationRun(order: order, files: files, clock: .system, report: say).run(isStopped: { WorkerProcess.stopWasAsked })
    case "plan":
      WorkerProcess.catchStopSignals()
      let job = JobLayout(folder: FilePath(try words.required("folder")))
      let order = try PublishedJSON.decode(TrainOrder.self, from: try files.contents(of: job.order))
      // What other jobs use now they will have given back when this one starts.
      return try TrainingRun(order: order, files: files, clock: .system, availableMemory: { Machine.memory }, report: say).plan()
    case ErrandKind.tokenize.rawValue:
      WorkerProcess.catchStopSignals()
      let folder = ErrandLayout(folder: FilePath(try words.required("folder")))
      let order = try PublishedJSON.decode(TokenizeOrder.self, from: try files.contents(of: folder.order))
      return try Tokenizing(order: order, files: files, report: say).run(in: folder, isStopped: { WorkerProcess.stopWasAsked })
    case "survey":
      WorkerProcess.yieldToOthers()
      WorkerProcess.catchStopSignals()
      let orders = try PublishedJSON.decode([SurveyOrder].self, from: try files.contents(of: FilePath(try words.required("orders"))))
      do {
        let isStopped = { WorkerProcess.stopWasAsked }
        try Survey(fileSystem: files, isStopped: isStopped, preview: RowPreview(fileSystem: files).preview).run(orders)
      } catch is CancellationError {
        return .stopped
      }
      return .done
    case "rows", "convert", "export-rows": return try rows(verb, &words, files)
    case "samples", "compare": return try DatasetViewing(files).run(verb, &words)
    case "download": return try download(FilePath(try words.required("folder")), files)
    case "generate": return try generate(&words)
    case "score": return try score(&words)
    case "probe":
      let order = try PublishedJSON.decode(IngestOrder.self, from: try files.contents(of: FilePath(try words.required("order"))))
      try Shell(order, files).close()
      Output.write(ShellProbe(order: order, outside: FilePath(try words.required("outside"))).report.text(.pretty) + "\n")
      return .done
    case "doctor":
      Output.write(Doctor.report.text(.pretty) + "\n")
      return .done
    default:
      throw Problem("worker.usage", "'\(verb)' is no work of dropforge-worker", mend: "This program is started by dropforge; use that.")
    }
  }

  /// Of an errand the order lies in its folder.
  private static func rows(_ verb: String, _ words: inout Words, _ files: LinuxFileSystem) throws -> WorkerExit {
    WorkerProcess.catchStopSignals()
    let path = FilePath(try words.required("order"))
    let file = verb == "rows" ? path : ErrandLayout(folder: path).order
    let order = try PublishedJSON.decode(RowsOrder.self, from: try files.contents(of: file))
    var last = WallClock.system.monotonic()
    do {
      _ = try RowsExport(order: order, fileSystem: files) { done, total in
        if WorkerProcess.stopWasAsked { throw CancellationError() }
        let now = WallClock.system.monotonic()
        guard now - last > 250_000_000 || done == total else { return }
        last = now
        if verb != "rows" {
          say(.progress(.init(phase: verb == "convert" ? "converting" : "writing", done: done, total: total, unit: .rows)))
        }
      }.run()
    } catch is CancellationError {
      return .stopped
    }
    return .done
  }

  private static func generate(_ words: inout Words) throws -> WorkerExit {
    let asJSON = words.flag("--json")
    let generation = Generation(
      model: FilePath(try words.required("model")), prompt: try words.required("prompt"),
      tokens: words.option("--max-tokens").flatMap(Int.init) ?? 200,
      temperature: words.option("--temperature").flatMap(Double.init) ?? 0.8, topK: words.option("--top-k").flatMap(Int.init) ?? 0,
      topP: words.option("--top-p").flatMap(Double.init) ?? 1, seed: words.option("--seed").flatMap(UInt64.init) ?? 42,
      threads: Machine.processors)
    if !asJSON { Output.write(generation.prompt) }
    let text = try generation.run { if !asJSON { Output.write($0) } }
    if asJSON {
      let object: JSONNode = [
        "schema": "dropforge.generation/1", "prompt": JSONNode(.string(generation.prompt)), "text": JSONNode(.string(text)),
      ]
      Output.write(object.text(.pretty))
    }
    Output.write("\n")
    return .done
  }

  private static func score(_ words: inout Words) throws -> WorkerExit {
    let (asJSON, withLogits) = (words.flag("--json"), words.flag("--logits"))
    let adapter = words.option("--adapter").map { FilePath($0) }
    let text = words.option("--text")
    let ids = try words.option("--ids").map(Self.ids)
    let model = FilePath(try words.required("model"))
    let score = try Scoring(model: model, adapter: adapter, ids: ids, text: text, withLogits: withLogits, threads: Machine.processors).run()
    Output.write((asJSON ? score.json(model: model).text() : score.report) + "\n")
    return .done
  }

  private static func ids(_ text: String) throws -> [Int32] {
    try text.split(separator: ",").map { part in
      guard let id = Int32(part.filter { $0 != " " }), id >= 0 else {
        throw Problem("score.ids", "'\(part)' in --ids is no token id", mend: "Give whole numbers with commas between them: --ids 1,2,3.")
      }
      return id
    }
  }

  private static func download(_ folder: FilePath, _ files: LinuxFileSystem) throws -> WorkerExit {
    WorkerProcess.catchStopSignals()
    let order = try PublishedJSON.decode(DownloadOrder.self, from: try files.contents(of: DownloadLayout(folder: folder).order))
    let surroundings = HubSurroundings(variables: WorkerProcess.environment, order: order)
    // Read before the process is shut in: the file with the token is not to be reached afterwards.
    let client = HubClient(
      surroundings, token: try surroundings.token(files), source: order.wish.source, isStopped: { WorkerProcess.stopWasAsked })
    // Likewise: programs cannot be started afterwards.
    let python = ColumnarPython(name: order.python ?? ColumnarPython.usual, files: files)
    let noConverter = order.wish.source.kind == .dataset ? python.problem(reading: order.wish.source.description) : nil
    let download = Download(order: order, client: client, files: files, clock: .system, noConverter: noConverter) { say(.progress($0)) }
    try Shell(download: order, certificates: surroundings.certificates).close()
    do {
      try download.run()
      return .done
    } catch is DownloadStopped {
      return .stopped
    }
  }

  private static func say(_ event: WorkerEvent) {
    // An event is plain values: it always encodes. A reader that is gone is noticed by the death signal.
    if let line = try? PublishedJSON.line(of: event) { Output.write(line) }
  }

  private static func tell(_ problem: Problem, isChild: Bool) {
    if isChild { say(.failed(problem)) } else { Output.complain(problem.description) }
  }

  private static func end(_ exit: WorkerExit) -> Never { Output.exit(exit.rawValue) }
}
