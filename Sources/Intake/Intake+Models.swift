import Catalogue
import Domain
import Engines
import Platform
import SystemPackage

extension Intake {
  /// Has a worker look at a dropped base model.
  func readModel(_ drop: ClaimedDrop) async throws -> Judged {
    let name = SafeName(from: DroppedFileName(drop.name).stem)
    let staging = ModelLayout(folder: layout.workspace.staging(drop.id))
    try files.removeTree(staging.folder)
    let order = ModelOrder(
      drop: drop.id, name: name, source: drop.path.string, fileName: drop.name, staging: staging.folder.string,
      limits: settings.ingestLimits)
    let orderPath = layout.workspace.order(drop.id)
    try files.publish(try PublishedJSON.bytes(of: order), to: orderPath)
    if let problem = try await runWorker(.model(orderPath), for: drop) { return rejection(of: drop, kind: .model, problem) }
    let card = try await withOrigin(try PublishedJSON.decode(ModelCard.self, from: try files.contents(of: staging.card)), of: drop)
    if card.origin != nil { try files.publish(try PublishedJSON.bytes(of: card), to: staging.card) }
    let folder = layout.workspace.model(name).folder
    let form = form(for: drop)
    let entry = Catalogue.model(named: name, drop: drop.id, sha256: card.sha256, card: card, at: now) { decision in
      switch decision {
      case .new:
        form(
          .model, .accepted, sha256: card.sha256, path: folder, result: name.text,
          message: Self.accepted(name, card))
      case .same:
        form(
          .model, .duplicate, sha256: card.sha256, path: folder, result: name.text, message: "The same model is here already as '\(name)'.")
      case .nameTaken:
        form(
          .model, .rejected, sha256: card.sha256, path: form.layout.inbox.rejection(of: drop.name, at: form.now, id: drop.id),
          message: Self.nameTaken(name).description, problem: Self.nameTaken(name))
      }
    }
    return Judged(drop: drop, entry: entry)
  }

  /// With where it was downloaded from, where it was.
  private func withOrigin(_ card: ModelCard, of drop: ClaimedDrop) async throws -> ModelCard {
    var card = card
    card.origin = try await catalogue.origin(of: drop.id)
    return card
  }

  /// What a model is, and what is odd about it: a tokenizer that cannot be used is better heard of now than from a job.
  private static func accepted(_ name: SafeName, _ card: ModelCard) -> String {
    if card.isLoneTokenizer {
      return "Tokenizer '\(name)': \(Figures.grouped(card.vocabularySize)) entries. Jobs and requests can name it as their tokenizer."
    }
    let tokenizer = card.hasTokenizer ? "" : ", without a tokenizer that can be used"
    let sentence = "Model '\(name)': \(card.architecture), \(Figures.grouped(card.parameters)) parameters\(tokenizer). Jobs can name it."
    return ([sentence] + card.warnings).joined(separator: " ")
  }

  private static func nameTaken(_ name: SafeName) -> Problem {
    Problem(
      "model.name-taken", "there is another model called '\(name)' already",
      why: "jobs pin their base by name and hash, so a model is never replaced",
      mend: "Rename the folder and drop it again.")
  }

  /// The dropped folder, or what came out of the archive, becomes the model's folder. Of an archive the original is kept beside it.
  nonisolated func placeModel(_ receipt: Receipt, _ drop: ClaimedDrop, _ original: FilePath, _ files: any FileSystem) throws {
    guard let path = receipt.path else { return }
    if path.hasPrefix(layout.relative(layout.workspace.requests)) { return try place(original, at: layout.absolute(path), files) }
    let model = ModelLayout(folder: layout.absolute(path))
    let staging = ModelLayout(folder: layout.workspace.staging(drop.id))
    if drop.isFolder {
      try place(original, at: model.folder, files)
    } else {
      try place(staging.extracted, at: model.folder, files)
      if let name = original.lastComponent {
        try makeFolder(model.folder.appending("original"), files)
        try place(original, at: model.folder.appending("original").appending(name), files)
      }
    }
    if files.exists(staging.card) { try files.publish(try files.contents(of: staging.card), to: model.card) }
  }
}
