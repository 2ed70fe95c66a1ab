import Domain
import Kernels
import Platform
import StrictJSON
import SystemPackage
import Tokenizers

/// A request to tokenize, in a worker: the very tokens that a job with the same config would make, and would find.
package struct Tokenizing {
  private let order: TokenizeOrder
  private let files: any FileSystem
  private let report: (WorkerEvent) -> Void

  package init(order: TokenizeOrder, files: any FileSystem, report: @escaping (WorkerEvent) -> Void) {
    self.order = order
    self.files = files
    self.report = report
  }

  /// Makes the tokens, and says in `result.json` of the errand's folder which they are.
  ///
  /// - Parameter isStopped: asked often, by several threads.
  /// - Returns: how the worker is to exit.
  /// - Throws: `Problem` for what the user can mend.
  package func run(in folder: ErrandLayout, isStopped: @escaping () -> Bool) throws -> WorkerExit {
    do {
      let made = try tokenize(isStopped: isStopped)
      try files.publish(try PublishedJSON.bytes(of: made), to: folder.result)
      return .done
    } catch is CancellationError {
      return .stopped
    }
  }

  /// Without a folder, for measurements.
  package func tokenize(isStopped: @escaping () -> Bool) throws -> TokenizeResult {
    let (configuration, findings) = Configuration.decode(try JSONParser.parse(order.configuration), source: .none)
    if let error = findings.errors.first {
      throw Problem(
        "config.invalid", "the order has an error", at: .init(field: error.field), why: error.message, mend: "Report this fault.")
    }
    report(.progress(.init(phase: "loading", done: 0, total: nil, unit: .rows)))
    let ingest = try PublishedJSON.decode(
      IngestResult.self, from: try files.contents(of: DatasetVersionLayout(folder: FilePath(order.dataset.folder)).result))
    let method = configuration.training.method.make(configuration.training)
    var source = DataSource(pin: order.dataset, ingest: ingest, reader: try method.reader(configuration.data, ingest: ingest))
    var tokenizer = try tokenizer()
    if source.reader.isConversation {
      tokenizer = try ChatFormat.withTemplate(tokenizer)
      let renderer = try ChatRenderer(tokenizer.settings, tools: nil, now: Int(WallClock.system.now() / 1_000_000_000))
      source.reader = source.reader.rendering(with: renderer)
    }
    var last = Int64(0)  // long ago
    let made = try Tokenization(
      source: source, configuration: configuration, tokenizer: tokenizer,
      masked: configuration.training.method == .sft && source.reader.hasPrompts, heldOutShare: configuration.data.heldOutShare,
      maximumRows: configuration.data.rowLimit, threads: order.threads, files: files
    ).make(
      report: { [report] done, total in
        let now = WallClock.system.monotonic()
        guard now - last > 200_000_000 || done == total else { return }
        last = now
        report(.progress(.init(phase: done == total ? "counting" : "tokenizing", done: done, total: total, unit: .rows)))
      }, isStopped: isStopped)
    return TokenizeResult(id: made.card.id, wasThere: made.wasThere)
  }

  /// Counts what a tokenization's files hold once more. Lengths of whole rows are not in them: those of sequences stand in their place.
  package func recount(_ id: String) throws -> TokenStatistics {
    let layout = DatasetLayout(folder: FilePath(order.dataset.datasetFolder)).tokenization(id)
    let card = try PublishedJSON.decode(TokenizationCard.self, from: try files.contents(of: layout.card))
    return try TokenCounting(layout: layout, card: card, tokenizer: try tokenizer(), threads: order.threads).statistics(rowLengths: nil)
  }

  private func tokenizer() throws -> Tokenizer {
    try order.tokenizer.map { try TokenizerFolder(files: files).load(FilePath($0)) } ?? Tokenizer.bytes()
  }
}
