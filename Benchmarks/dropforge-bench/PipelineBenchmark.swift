import Domain
import Glibc
import Ingestion
import Platform
import StrictJSON
import SystemPackage
import Training

/// The whole way of a dataset to token files (read rows, tokenize, window, filter, count, write), and counting what 1,000,000 rows hold.
///
/// Without `--english` rows are made of lines of tinyshakespeare and of this repository's sources, drawn by lot: no two rows are alike,
/// but their words come again and again, which is kinder to the tokenizer's cache than a web crawl.
struct PipelineBenchmark {
  private let options: Options
  private let files = LinuxFileSystem()

  init(_ options: Options) { self.options = options }

  func run() async throws {
    let folder = FilePath("/tmp/dropforge-bench-\(getpid())")
    defer { try? files.removeTree(folder) }
    try files.makeFolders(folder)
    let source = folder.appending("rows.jsonl")
    if let given = options["rows"] {
      try files.link(FilePath(given), to: source)
    } else {
      try write(rows: options.int("row-count") ?? 600_000, lines: 12, to: source)
    }
    let dataset = try ingest(source, named: "rows", in: folder)
    var read: Double?
    for threads in [1, 2] {
      for (name, more) in Self.cases {
        var best: JSONNode?
        for _ in 0..<options.rounds {
          try files.removeTree(dataset.appending("tokenizations"))
          let words = ["measure-pipeline", "--dataset=\(dataset)", "--threads=\(threads)", "--request=\(more)"]
          let line = try await Child.measure(words)
          if line?["mb_per_s"]?.double ?? 0 > best?["mb_per_s"]?.double ?? 0 { best = line }
        }
        guard let best else { continue }
        if more == "{}" { read = best["text_mb"]?.double }
        var line = ResultLine(name)
        for figure in ["threads", "mb_per_s", "mtokens_per_s", "text_mb", "rows", "seconds", "peak_mb"] {
          line.add(figure, best[figure]?.double)
        }
        // `mb_per_s` counts the text that stays; without stop words a third less than was read.
        if let read, let seconds = best["seconds"]?.double { line.add("read_mb_per_s", read / seconds) }
        line.add("load_before", TrainingBenchmark.load)
        line.show()
      }
    }
    let many = folder.appending("many.jsonl")
    try write(rows: 1_000_000, lines: 2, to: many)
    let million = try ingest(many, named: "many", in: folder)
    _ = try await Child.measure(["measure-pipeline", "--dataset=\(million)", "--threads=2", "--request={}"])
    guard let counted = try await Child.measure(["measure-statistics", "--dataset=\(million)"]) else { return }
    var line = ResultLine("statistics")
    for figure in ["rows", "tokens", "seconds", "peak_mb"] { line.add(figure, counted[figure]?.double) }
    line.show()
  }

  /// What is asked for: nothing (which tells how much text there is to read), everything at once, then parts of it.
  private static let cases = [
    ("pipeline-plain", "{}"),
    ("pipeline", #"{"max_length": 1024, "stride": 128, "min_tokens": 4, "filter_special_tokens": true, "duplicates": "exact"}"#),
    ("pipeline-normalized", #"{"max_length": 1024, "duplicates": "normalized"}"#),
    ("pipeline-near", #"{"max_length": 1024, "duplicates": "near"}"#),
    ("pipeline-stop-words", #"{"max_length": 1024, "stop_words": ["english"]}"#),
  ]

  /// One tokenization in this process, as the worker makes it.
  static func measure(_ options: Options) throws -> JSONNode {
    let dataset = DatasetLayout(folder: FilePath(options["dataset"] ?? ""))
    let object = try JSONParser.parse(options["request"] ?? "{}").object ?? JSONObject()
    var (request, _) = TokenizeRequest.decode(object, source: .none)
    (request.dataset, request.tokenizer) = ("rows", "gpt2")
    request.data.evalSplit = options["eval"].flatMap(Double.init) ?? 0
    let start = TrainingMeasurement.now()
    let made = try Tokenizing(
      order: order(dataset, request, threads: options.int("threads") ?? 1), files: LinuxFileSystem(), report: { _ in }
    )
    .tokenize(isStopped: { false })
    let seconds = TrainingMeasurement.now() - start
    let card = try PublishedJSON.decode(
      TokenizationCard.self, from: LinuxFileSystem().contents(of: dataset.tokenization(made.id).card))
    let removed = card.removed.reduce(0) { $0 + $1.rows }
    return [
      "threads": JSONNode(.number(JSONNumber(options.int("threads") ?? 1))), "seconds": JSONNode(.number(JSONNumber(seconds))),
      "text_mb": JSONNode(.number(JSONNumber(Double(card.textBytes) / 1e6))), "rows": JSONNode(.number(JSONNumber(card.rows))),
      "removed": JSONNode(.number(JSONNumber(removed))),
      "mb_per_s": JSONNode(.number(JSONNumber(Double(card.textBytes) / 1e6 / seconds))),
      "mtokens_per_s": JSONNode(.number(JSONNumber(Double(card.tokens) / 1e6 / seconds))),
      "peak_mb": JSONNode(.number(JSONNumber(Double(WorkerProcess.peakMemory) / 1e6))),
    ]
  }

  static func count(_ options: Options) throws -> JSONNode {
    let dataset = DatasetLayout(folder: FilePath(options["dataset"] ?? ""))
    var (request, _) = TokenizeRequest.decode(JSONObject(), source: .none)
    (request.dataset, request.tokenizer) = ("many", "gpt2")
    request.data.evalSplit = 0
    let tokenizing = try Tokenizing(order: order(dataset, request, threads: 1), files: LinuxFileSystem(), report: { _ in })
    let id = try tokenizing.tokenize(isStopped: { false }).id
    let start = TrainingMeasurement.now()
    let statistics = try tokenizing.recount(id)
    return [
      "seconds": JSONNode(.number(JSONNumber(TrainingMeasurement.now() - start))),
      "rows": JSONNode(.number(JSONNumber(statistics.sequences))), "tokens": JSONNode(.number(JSONNumber(statistics.totalTokens))),
      "peak_mb": JSONNode(.number(JSONNumber(Double(WorkerProcess.peakMemory) / 1e6))),
    ]
  }

  private static func order(_ dataset: DatasetLayout, _ request: TokenizeRequest, threads: Int) throws -> TokenizeOrder {
    let tokenizer = dataset.folder.removingLastComponent().removingLastComponent().appending("gpt2")
    if !LinuxFileSystem().exists(tokenizer) { try TokenizingBenchmark.writeGPT2(to: tokenizer) }
    let version = dataset.version(1)
    let ingest = try PublishedJSON.decode(IngestResult.self, from: LinuxFileSystem().contents(of: version.result))
    return TokenizeOrder(
      dataset: TrainOrder.DatasetPin(
        name: SafeName(from: request.dataset), version: 1, sha256: ingest.sourceSHA256, folder: version.folder.string,
        datasetFolder: dataset.folder.string),
      tokenizer: tokenizer.string, configuration: request.configuration.node.text(), threads: threads)
  }

  private func ingest(_ source: FilePath, named name: String, in folder: FilePath) throws -> FilePath {
    let layout = DatasetLayout(folder: folder.appending("datasets").appending(name))
    var limits = IngestLimits()
    limits.memoryBytes = 4 << 30
    _ = try Ingestor(
      order: IngestOrder(
        drop: DropID(at: Timestamp(nanoseconds: 0), random: 1), source: source.string, fileName: "\(name).jsonl",
        staging: layout.version(1).folder.string, sidecar: nil, limits: limits), fileSystem: files, report: { _ in }
    ).run()
    return layout.folder
  }

  private func write(rows: Int, lines: Int, to path: FilePath) throws {
    var texts = try files.contents(of: "Demo/tinyshakespeare.txt").split(separator: 0x0A).map(Array.init)
    for name in try files.names(in: "Sources/Domain/Jobs") {
      texts += try files.contents(of: FilePath("Sources/Domain/Jobs").appending(name)).split(separator: 0x0A).map(Array.init)
    }
    let file = try files.open(path, .writing)
    var state: UInt64 = 42
    var buffer: [UInt8] = []
    for row in 0..<rows {
      var text: [UInt8] = []
      for _ in 0..<lines {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text += texts[Int(state >> 33) % texts.count] + [0x0A]
      }
      buffer += Array(#"{"text": "#.utf8)
      JSONText.append(text, to: &buffer)
      buffer += Array("}\n".utf8)
      if buffer.count > 1 << 20 || row == rows - 1 {
        try buffer.withUnsafeBytes { try files.writeAll(file, $0) }
        buffer.removeAll(keepingCapacity: true)
      }
    }
    try files.close(file)
  }
}
