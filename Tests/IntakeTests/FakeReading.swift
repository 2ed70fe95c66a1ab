import Domain
import Engines
import Platform
import SystemPackage
import TestSupport

/// Does the work of `dropforge-worker ingest` and `model` in this process: what it leaves in the staging folder has the form
/// of the real one's, its reading is as simple as can be.
enum FakeReading {
  /// A drop whose text holds this is refused.
  static let refused = "REFUSE ME"
  static let problem = Problem(
    "csv.ragged-row", "a row has 3 fields, the header 2", at: .init(file: "rows.csv", row: 2), mend: "Mend the row.")

  @Sendable static func read(_ work: FakeEngine.Work) async -> WorkerOutcome {
    do {
      switch work.call {
      case .ingest(let path): return try ingest(try order(IngestOrder.self, path))
      case .ingestMany(let path):
        for order in try order([IngestOrder].self, path) {
          let outcome = try ingest(order)
          await work.say(outcome == .done ? .read(order.drop) : .refused(order.drop, problem))
        }
        return .done
      case .model(let path): return try model(try order(ModelOrder.self, path))
      case .columnar, .train, .evaluate, .plan, .errand, .survey, .rows:
        return .crashed(.init(signal: nil, exitCode: 70, lastWords: "the intake trains nothing"))
      }
    } catch {
      return .crashed(.init(signal: nil, exitCode: 70, lastWords: "\(error)"))
    }
  }

  private static let files = FaultyFileSystem()

  private static func order<Order: Decodable>(_ type: Order.Type, _ path: FilePath) throws -> Order {
    try PublishedJSON.decode(type, from: try files.contents(of: path))
  }

  private static func text(of source: FilePath) throws -> [UInt8] {
    guard files.isFolder(source) else { return try files.contents(of: source) }
    return try files.walk(source).flatMap { try files.contents(of: source.pushing($0.path)) }
  }

  static func ingest(_ order: IngestOrder) throws -> WorkerOutcome {
    let bytes = try text(of: FilePath(order.source))
    let text = String(decoding: bytes, as: UTF8.self)
    let staging = DatasetVersionLayout(folder: FilePath(order.staging))
    try files.makeFolders(staging.data)
    if text.contains(refused) { return .refused(problem) }
    let rows = text.split(separator: "\n").map { #"{"text": "\#($0)"}"# + "\n" }
    try files.publish(rows.joined().utf8, to: staging.rows(split: "train"))
    var result = Specimen.ingest(sha256: SHA256.hash(bytes), rows: rows.count, detected: .text)
    result.sourceBytes = bytes.count
    try files.publish(try PublishedJSON.bytes(of: result), to: staging.result)
    return .done
  }

  static func model(_ order: ModelOrder) throws -> WorkerOutcome {
    let source = FilePath(order.source)
    let bytes = try text(of: source)
    let staging = ModelLayout(folder: FilePath(order.staging))
    try files.makeFolders(staging.folder)
    if !files.isFolder(source) {
      try files.makeFolders(staging.extracted)
      try files.publish(bytes, to: staging.extracted.appending("config.json"))
    }
    var card = Specimen.model(order.name.text, sha256: SHA256.hash(bytes), hasTokenizer: false)
    card.warnings = ["There is no tokenizer.json: jobs on this model must name a tokenizer."]
    try files.publish(try PublishedJSON.bytes(of: card), to: staging.card)
    return .done
  }
}
