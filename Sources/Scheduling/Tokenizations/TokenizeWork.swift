import Catalogue
import Domain
import Engines
import Platform
import StrictJSON
import SystemPackage

/// Requests to tokenize: what is done before the worker and after it.
package struct TokenizeWork: ErrandWork {
  let layout: RootLayout
  let files: any FileSystem
  let catalogue: Catalogue
  let shelf: TokenizationShelf
  let settings: AgentSettings
  /// Where neither the request nor the settings say how many.
  let defaultThreads: Int

  package init(
    layout: RootLayout, files: any FileSystem, catalogue: Catalogue, shelf: TokenizationShelf, settings: AgentSettings, defaultThreads: Int
  ) {
    self.layout = layout
    self.files = files
    self.catalogue = catalogue
    self.shelf = shelf
    self.settings = settings
    self.defaultThreads = defaultThreads
  }

  /// What stands in the catalogue of an errand.
  private struct Body: Codable {
    var dataset: SafeName
    var version: Int
    /// The request's fields, as JSON text.
    var request: String
  }

  /// Takes a request in, where it can be carried out.
  package func accept(_ request: TokenizeRequest, by errands: Errands) async throws -> SchedulerAnswer {
    do {
      let version = try await version(of: request)
      _ = try await tokenizer(of: request)
      let body = Body(dataset: version.dataset, version: version.number, request: JSONNode(.object(request.object)).text())
      let (errand, isNew) = try await errands.add(
        .tokenize, about: version.dataset, likeness: "\(version.dataset) \(request.likeness(version: version.number))",
        body: String(decoding: try PublishedJSON.line(of: body), as: UTF8.self))
      let status = layout.relative(layout.workspace.errand(errand.id).status)
      return .carriedOut(
        isNew
          ? "Tokens of '\(version.dataset)', version \(version.number), are being made in the background: \(status)."
          : "The same tokens of '\(version.dataset)' are being made already: \(status).")
    } catch let problem as Problem {
      return .refused(problem)
    }
  }

  package func begin(_ errand: ErrandRecord, in folder: ErrandLayout) async throws -> ErrandStart {
    let body = try PublishedJSON.decode(Body.self, from: errand.body.utf8)
    guard let object = try JSONParser.parse(body.request).object else { throw unreadable(errand) }
    var (request, findings) = TokenizeRequest.decode(object, source: .none)
    guard findings.errors.isEmpty else { throw unreadable(errand) }
    (request.dataset, request.version) = (body.dataset.text, body.version)
    let version = try await version(of: request)
    let dataset = layout.workspace.dataset(version.dataset)
    let pin = TrainOrder.DatasetPin(
      name: version.dataset, version: version.number, sha256: version.sha256, folder: dataset.version(version.number).folder.string,
      datasetFolder: dataset.folder.string)
    let order = TokenizeOrder(
      dataset: pin, tokenizer: try await tokenizer(of: request)?.string, configuration: request.configuration.node.text(),
      threads: min(request.threads ?? settings.threads ?? defaultThreads, 64))
    try files.makeFolders(folder.folder)
    try files.publish(try PublishedJSON.bytes(of: order), to: folder.order)
    return .worker(.errand(.tokenize, folder.folder), threads: order.threads)
  }

  package func conclude(_ errand: ErrandRecord, in folder: ErrandLayout) async throws -> ErrandResult {
    let made = try PublishedJSON.decode(TokenizeResult.self, from: try files.contents(of: folder.result))
    let place = layout.workspace.dataset(errand.about).tokenization(made.id)
    let card = try PublishedJSON.decode(TokenizationCard.self, from: try files.contents(of: place.card))
    try await shelf.register(errand.about)
    let what = "\(Figures.grouped(card.tokens)) tokens in \(Figures.grouped(card.sequences)) sequences"
    let removed = card.removed.filter { $0.rows > 0 }.map { removal in
      "\(removal.filter): \(Figures.grouped(removal.rows)) rows, \(Figures.grouped(removal.tokens)) tokens"
    }
    let note = removed.isEmpty ? "" : " Taken away: \(removed.joined(separator: "; "))."
    return ErrandResult(
      path: layout.relative(place.folder),
      message: made.wasThere
        ? "The same tokens of '\(errand.about)' are here already: \(what), tokenization \(card.id).\(note)"
        : "\(what.sentenceCased) of '\(errand.about)', tokenization \(card.id).\(note)")
  }

  package func abandon(_ errand: ErrandRecord, in folder: ErrandLayout) async throws { try shelf.sweep(errand.about) }

  private func unreadable(_ errand: ErrandRecord) -> Problem {
    Problem(
      "errand.unreadable", "the request of '\(errand.id)' can no longer be read",
      mend: "Drop it again: this version of Dropforge reads requests differently.")
  }

  /// The dataset version that is meant, where it can be tokenized.
  private func version(of request: TokenizeRequest) async throws -> DatasetVersionRecord {
    let name = SafeName(from: request.dataset)
    guard let newest = try await catalogue.latestStoredVersion(of: name) else {
      let known = try await catalogue.datasetNames().map(\.text)
      let hint = NearestKey.suggestion(for: request.dataset, among: known).map { "Did you mean '\($0)'? " } ?? ""
      throw Problem(
        "dataset.unknown", "there is no dataset '\(request.dataset)'", at: .init(field: "dataset"),
        mend: hint + "Drop it into inbox/datasets/ first, then this request again.")
    }
    var version = newest
    if let number = request.version {
      guard let found = try await catalogue.version(number, of: newest.dataset), found.isStored else {
        throw Problem(
          "dataset.no-such-version", "the dataset '\(newest.dataset)' has no version \(number)", at: .init(field: "version"),
          mend: "Its newest is \(newest.number); leave the field out to mean that.")
      }
      version = found
    }
    if var problem = MethodFit.problem(
      method: request.method, data: request.data, dataset: version.dataset, ingest: version.result)
    {
      if let field = problem.place?.field { problem.place?.field = field.replacing("data.", with: "") }
      throw problem
    }
    return version
  }

  /// Folder of the tokenizer's files; nil for bytes.
  private func tokenizer(of request: TokenizeRequest) async throws -> FilePath? {
    if request.tokenizer == "byte" { return nil }
    switch try await catalogue.tokenizerHolder(called: request.tokenizer) {
    case .dropped(let name, _): return layout.workspace.model(name).folder
    case .finishedJob(let id): return layout.workspace.job(id).finalModel
    case .none:
      throw Problem(
        "tokenizer.unknown", "there is no model '\(request.tokenizer)' whose tokenizer could be used", at: .init(field: "tokenizer"),
        mend:
          "Drop its tokenizer.json, or a model's folder that has one, into inbox/models/, name a finished job, or use \"byte\"."
      )
    }
  }
}
