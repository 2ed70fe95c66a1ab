import Domain
import Ingestion
import Platform
import StrictJSON
import SystemPackage
import TestSupport

@testable import Training

/// A dataset that requests to tokenize are carried out on, in this process.
struct TokenizedRows {
  let ingested: IngestedRows
  static let tokenizer = Fixtures.path("tokenizers/bpe400")

  init(_ text: String, named name: String = "rows.jsonl") throws { ingested = try IngestedRows(text, named: name) }

  /// Rows `{"text": …}`.
  init(texts: [String]) throws {
    try self.init(texts.map { JSONNode(.object(["text": JSONNode(.string($0))])).text() + "\n" }.joined())
  }

  struct Made {
    let layout: TokenizationLayout
    let card: TokenizationCard
    let statistics: TokenStatistics
    let wasThere: Bool
    /// Its folder lives as long as somebody looks at it.
    fileprivate let folders: TrainingFolders

    /// The sequences of both splits, as ids.
    var sequences: [[Int]] {
      get throws { try card.splits.flatMap { try sequences($0.name) } }
    }

    func sequences(_ name: String) throws -> [[Int]] {
      guard let split = card.split(name) else { return [] }
      let tokens = try TokenizedSplit(layout, split, vocabulary: card.vocabularySize)
      return (0..<tokens.sequenceCount).map { number in tokens.sequence(number).map { Int(tokens[$0]) } }
    }

    /// Every file but the card, whose times differ.
    var bytes: [String: [UInt8]] {
      get throws {
        let files = LinuxFileSystem()
        var bytes: [String: [UInt8]] = [:]
        for name in try files.names(in: layout.folder) where name.string != "tokenization.json" {
          bytes[name.string] = try files.contents(of: layout.folder.appending(name))
        }
        return bytes
      }
    }

    func removed(_ filter: String) -> [Int]? { card.removed.first { $0.filter == filter }.map { [$0.rows, $0.tokens] } }
  }

  /// - Parameter request: its fields but dataset and tokenizer. Nothing is held out where it does not say so.
  func make(
    _ request: String = "{}", threads: Int = 1, isBytes: Bool = false, isStopped: @escaping () -> Bool = { false },
    report: @escaping (WorkerEvent) -> Void = { _ in }
  ) throws -> Made {
    var object = try JSONParser.parse(request).object ?? JSONObject()
    object["dataset"] = "rows"
    object["tokenizer"] = isBytes ? "byte" : "bpe400"
    if object["eval_split"] == nil { object["eval_split"] = 0 }
    let (decoded, findings) = TokenizeRequest.decode(object, source: .none)
    if let error = findings.errors.first { throw Problem("test", "\(error)", mend: "") }
    let order = TokenizeOrder(
      dataset: ingested.folders.pin, tokenizer: isBytes ? nil : Self.tokenizer.string, configuration: decoded.configuration.node.text(),
      threads: threads)
    let made = try Tokenizing(order: order, files: ingested.folders.files, report: report).tokenize(isStopped: isStopped)
    let layout = ingested.folders.dataset.tokenization(made.id)
    let files = ingested.folders.files
    return Made(
      layout: layout, card: try PublishedJSON.decode(TokenizationCard.self, from: files.contents(of: layout.card)),
      statistics: try PublishedJSON.decode(TokenStatistics.self, from: files.contents(of: layout.statistics)), wasThere: made.wasThere,
      folders: ingested.folders)
  }

  func forget(_ made: Made) throws { try ingested.folders.files.removeTree(made.layout.folder) }
}
