import Catalogue
import Domain
import Engines
import Platform
import Scheduling
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Requests to tokenize, from their arrival to the dataset's list, with a worker that is a closure.
struct TokenizeWorkTests {
  private let office: Office
  private let files = LinuxFileSystem()

  init() async throws { office = try await Office() }

  private struct Desk {
    let errands: Errands
    let work: TokenizeWork
    let shelf: TokenizationShelf
    let catalogue: Catalogue
    let told: Told

    func end(of id: ErrandID, in office: Office) async throws -> ErrandStatus {
      while true {
        let seen = told.changes
        let (files, path) = (LinuxFileSystem(), office.root.workspace.errand(id).status)
        if files.exists(path) {
          let status = try PublishedJSON.decode(ErrandStatus.self, from: try files.contents(of: path))
          if status.state.isFinal { return status }
        }
        await told.change(after: seen)
      }
    }
  }

  private func live(_ engine: FakeEngine, isolation: isolated (any Actor)? = #isolation, _ body: (Desk) async throws -> Void) async throws {
    let catalogue = try Catalogue(path: office.root.workspace.catalogue.string)
    let told = Told()
    let (layout, log) = (office.root.layout, office.log.logger)
    let shelf = TokenizationShelf(
      layout: layout, files: files, catalogue: catalogue,
      publish: { names in
        for card in try await catalogue.datasetCards(names, data: { _, _ in "data" }) {
          try LinuxFileSystem().makeFolders(layout.workspace.dataset(card.name).folder)
          try LinuxFileSystem().publish(try PublishedJSON.bytes(of: card), to: layout.workspace.dataset(card.name).card)
        }
      }, clock: office.clock.clock, log: log)
    let work = TokenizeWork(
      layout: layout, files: files, catalogue: catalogue, shelf: shelf, settings: Office.settings, defaultThreads: 3)
    let errands = Errands(
      layout: layout, files: files, catalogue: catalogue, engine: engine, settings: Office.settings, works: [.tokenize: work],
      changed: { told.noteChange() }, clock: office.clock.clock, log: log)
    try await shelf.recover()
    try await errands.recover()
    let running = Task { await errands.run() }  // awaited below, whatever the body does
    do {
      try await body(Desk(errands: errands, work: work, shelf: shelf, catalogue: catalogue, told: told))
    } catch {
      errands.shutDown()
      await running.value
      throw error
    }
    errands.shutDown()
    await running.value
    try catalogue.close()
  }

  private func request(_ fields: String) throws -> TokenizeRequest {
    let node = try JSONParser.parse(#"{"action": "tokenize", \#(fields)}"#)
    guard case .tokenize(let request)? = InboxRequest.decode(node, source: .none).0 else { throw Problem("test", fields, mend: "") }
    return request
  }

  private static func card(_ id: String, version: Int = 1) -> TokenizationCard {
    TokenizationCard(
      id: id, dataset: "rows", version: version, datasetSHA256: "hash", tokenizer: "byte", tokenizerSHA256: "t", vocabularySize: 257,
      method: .pretrain, maximumLength: 64, treatment: RowTreatment(), heldOutShare: 0.1, seed: 42,
      splits: [.init(name: "train", tokens: 1_200, sequences: 12, trainedTokens: 1_200, isMasked: false)], rows: 14, emptyRows: 0,
      refused: [], duplicates: 0, removed: [.init(filter: "duplicates", rows: 2, tokens: 40)], documents: 12, textBytes: 1_188,
      textTokens: 1_188, overlapTokens: 0, createdAt: Specimen.time, seconds: 1)
  }

  /// Leaves what a worker leaves.
  @Sendable private static func make(_ work: FakeEngine.Work) async -> WorkerOutcome {
    let files = LinuxFileSystem()
    do {
      let folder = ErrandLayout(folder: work.call.path)
      let order = try PublishedJSON.decode(TokenizeOrder.self, from: try files.contents(of: folder.order))
      let place = DatasetLayout(folder: FilePath(order.dataset.datasetFolder)).tokenization("abc")
      try files.makeFolders(place.folder)
      try files.publish(try PublishedJSON.bytes(of: card("abc")), to: place.card)
      try files.publish(try PublishedJSON.bytes(of: TokenizeResult(id: "abc", wasThere: false)), to: folder.result)
      return .done
    } catch {
      return .crashed(.init(signal: nil, exitCode: 70, lastWords: "\(error)"))
    }
  }

  @Test func a_request_from_its_arrival_to_the_datasets_list() async throws {
    let engine = FakeEngine(Self.make)
    try await live(engine) { desk in
      let answer = try await desk.work.accept(try request(#""dataset": "rows", "tokenizer": "byte", "max_length": 64"#), by: desk.errands)
      #expect(
        answer
          == .carriedOut(
            "Tokens of 'rows', version 1, are being made in the background: workspace/errands/tokenize-rows-1/status.json."))
      let id = try #require(ErrandID("tokenize-rows-1"))
      let end = try await desk.end(of: id, in: office)
      #expect(end.state == .completed && end.problem == nil)
      #expect(
        end.result
          == ErrandResult(
            path: "workspace/datasets/rows/tokenizations/abc",
            message: "1,200 tokens in 12 sequences of 'rows', tokenization abc. Taken away: duplicates: 2 rows, 40 tokens."))
      #expect(try await desk.catalogue.tokenizations(of: SafeName(from: "rows")).map(\.card) == [Self.card("abc")])
      let dataset = office.root.workspace.dataset(SafeName(from: "rows"))
      let card = try PublishedJSON.decode(DatasetCard.self, from: try files.contents(of: dataset.card))
      #expect(card.tokenizations?.map(\.id) == ["abc"] && card.tokenizations?.first?.tokens == 1_200)
      let order = try PublishedJSON.decode(
        TokenizeOrder.self, from: try files.contents(of: office.root.workspace.errand(id).order))
      #expect(order.threads == 3 && order.tokenizer == nil && order.dataset.version == 1)

      // A job that trains on it is counted.
      try await desk.shelf.use("abc", of: SafeName(from: "rows"))
      #expect(try await desk.catalogue.tokenizations(of: SafeName(from: "rows")).first?.timesUsed == 1)
    }
    #expect(engine.calls == [.errand(.tokenize, office.root.workspace.errands.appending("tokenize-rows-1"))])
  }

  @Test(arguments: [
    (
      #""dataset": "row", "tokenizer": "byte""#,
      "dataset: there is no dataset 'row'. Did you mean 'rows'? Drop it into inbox/datasets/ first, then this request again."
    ),
    (
      #""dataset": "rows", "version": 4, "tokenizer": "byte""#,
      "version: the dataset 'rows' has no version 4. Its newest is 1; leave the field out to mean that."
    ),
    (
      #""dataset": "rows", "tokenizer": "gpt9""#,
      "tokenizer: there is no model 'gpt9' whose tokenizer could be used. Drop its tokenizer.json, or a model's folder that has one, into inbox/models/, name a finished job, or use \"byte\"."
    ),
    (
      #""dataset": "rows", "tokenizer": "byte", "text_field": "txt""#,
      "text_field: the dataset 'rows' has no column 'txt'. Its columns are 'completion', 'prompt'. Mend the field and drop the job again."
    ),
  ])
  func what_cannot_be_done_is_refused_at_once(fields: String, expected: String) async throws {
    try await live(FakeEngine()) { desk in
      guard case .refused(let problem) = try await desk.work.accept(try request(fields), by: desk.errands) else {
        Issue.record("\(fields) was taken")
        return
      }
      #expect(problem.description == expected)
    }
  }

  @Test func a_tokenization_is_deleted_and_its_card_with_it() async throws {
    let dataset = office.root.workspace.dataset(SafeName(from: "rows"))
    try files.makeFolders(dataset.tokenization("abc").folder)
    try files.publish(try PublishedJSON.bytes(of: Self.card("abc")), to: dataset.tokenization("abc").card)
    try await live(FakeEngine()) { desk in
      func delete(_ id: String, of name: String? = nil, force: Bool = false) async throws -> SchedulerAnswer {
        try await desk.shelf.delete(
          id, of: name.map { DatasetReference(name: SafeName(from: $0)) }, isForced: force,
          cancel: { _ = try await desk.errands.cancel($0.text) })
      }
      #expect(
        try await delete("abd")
          == .refused(
            Problem(
              "tokenization.unknown", "there is no tokenization 'abd'", at: .init(field: "tokenization"),
              mend: "Did you mean 'abc'? `dropforge tokenizations list` tells which there are.")))
      guard case .refused(let elsewhere) = try await delete("abc", of: "other") else { throw Problem("test", "deleted", mend: "") }
      #expect(elsewhere.what == "there is no tokenization 'abc' of 'other'")
      // A worker is at it: it holds the lock.
      let lock = try ExclusiveLock(dataset.tokenization("abc").lock)
      guard case .refused(let busy) = try await delete("abc") else { throw Problem("test", "deleted", mend: "") }
      #expect(busy.code == "tokenization.busy" && files.exists(dataset.tokenization("abc").card))
      withExtendedLifetime(lock) {}
    }
    try await live(FakeEngine()) { desk in
      let bytes = try files.status(dataset.tokenization("abc").card).size
      #expect(
        try await desk.shelf.delete("abc", of: nil, isForced: false, cancel: { _ in })
          == .carriedOut(
            "Tokenization 'abc' of 'rows', version 1, is deleted: 1,200 tokens, \(Figures.bytes(bytes)). It is made again where it is needed."
          ))
      #expect(try await desk.catalogue.tokenizations(of: SafeName(from: "rows")).isEmpty)
      #expect(try files.names(in: dataset.tokenizations).isEmpty)
      let card = try PublishedJSON.decode(DatasetCard.self, from: try files.contents(of: dataset.card))
      #expect(card.tokenizations == nil)
    }
  }

  @Test func what_a_crash_left_is_told_or_removed_at_the_next_start() async throws {
    let dataset = office.root.workspace.dataset(SafeName(from: "rows"))
    try files.makeFolders(dataset.tokenization("abc").folder)
    try files.publish(try PublishedJSON.bytes(of: Self.card("abc")), to: dataset.tokenization("abc").card)
    try files.makeFolders(dataset.tokenization("def").partial.folder)
    try files.publish("half".utf8, to: dataset.tokenization("def").partial.tokens(split: "train"))
    // Another version's, and a folder without a card: neither is a tokenization.
    try files.makeFolders(dataset.tokenization("old").folder)
    try files.publish(#"{"schema": "dropforge.tokenization/2"}"#.utf8, to: dataset.tokenization("old").card)
    try files.makeFolders(dataset.tokenization("empty").folder)
    try await live(FakeEngine()) { desk in
      #expect(try await desk.catalogue.tokenizations(of: SafeName(from: "rows")).map(\.card.id) == ["abc"])
      #expect(!files.exists(dataset.tokenization("def").partial.folder) && !files.exists(dataset.tokenization("def").lock))
      // What somebody removed by hand is forgotten.
      try files.removeTree(dataset.tokenization("abc").folder)
      try await desk.shelf.register(SafeName(from: "rows"))
      #expect(try await desk.catalogue.tokenizations(of: SafeName(from: "rows")).isEmpty)
    }
  }

  @Test func what_another_worker_is_making_is_left_alone() async throws {
    let dataset = office.root.workspace.dataset(SafeName(from: "rows"))
    try files.makeFolders(dataset.tokenization("def").partial.folder)
    let lock = try ExclusiveLock(dataset.tokenization("def").lock)
    try await live(FakeEngine()) { _ in }
    #expect(files.exists(dataset.tokenization("def").partial.folder))
    withExtendedLifetime(lock) {}
  }
}
