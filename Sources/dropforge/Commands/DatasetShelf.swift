import Domain
import Platform
import StrictJSON
import SystemPackage

/// The stored datasets as their files tell them: readable with or without an agent.
struct DatasetShelf {
  let layout: RootLayout
  private let files = LinuxFileSystem()

  init(_ layout: RootLayout) { self.layout = layout }

  func cards() throws -> [DatasetCard] {
    try files.names(in: layout.workspace.datasets).compactMap { SafeName(exactly: $0.string) }.sorted().compactMap(card)
  }

  private func card(_ name: SafeName) throws -> DatasetCard? {
    let path = layout.workspace.dataset(name).card
    guard files.exists(path) else { return nil }
    return try PublishedJSON.decode(DatasetCard.self, from: try files.contents(of: path))
  }

  /// A dataset and a version of it: "NAME" is the newest; another name of it means the version that was dropped under that.
  func find(_ text: String) throws -> (card: DatasetCard, version: Int) {
    guard let reference = DatasetReference(text) else {
      throw CommandFailure("'\(text)' is no dataset's name; write NAME, or NAME@2 for a version.", code: .usage)
    }
    let cards = try card(reference.name).map { [$0] } ?? self.cards()
    guard let card = cards.first(where: { $0.name == reference.name || $0.aliases.contains(reference.name) }) else {
      let near = NearestKey.suggestion(for: reference.name.text, among: cards.map(\.name.text)).map { " Did you mean '\($0)'?" } ?? ""
      throw CommandFailure(
        "There is no dataset '\(reference.name)'.\(near) `dropforge datasets list` tells which there are.", code: .saidNo)
    }
    guard let version = reference.version else { return (card, card.version) }
    guard card.versions.contains(where: { $0.version == version }) else {
      let known = card.versions.map { "\($0.version)" }.joined(separator: ", ")
      throw CommandFailure("The dataset '\(card.name)' has no version \(version); it has \(known).", code: .saidNo)
    }
    return (card, version)
  }

  func folder(_ name: SafeName, _ version: Int) -> DatasetVersionLayout { layout.workspace.dataset(name).version(version) }

  func result(_ name: SafeName, _ version: Int) throws -> IngestResult {
    try PublishedJSON.decode(IngestResult.self, from: try files.contents(of: folder(name, version).result))
  }

  /// nil until the version was looked through.
  func quality(_ name: SafeName, _ version: Int) throws -> DatasetQuality? {
    try made(DatasetQuality.self, folder(name, version).quality)
  }

  func preview(_ name: SafeName, _ version: Int) throws -> DatasetPreview? {
    try made(DatasetPreview.self, folder(name, version).preview)
  }

  private func made<Value: Decodable>(_ type: Value.Type, _ path: FilePath) throws -> Value? {
    files.exists(path) ? try PublishedJSON.decode(type, from: try files.contents(of: path)) : nil
  }

  /// What was deleted and may be restored.
  func trash() throws -> [TrashCard] {
    guard files.isFolder(layout.workspace.trash) else { return [] }
    return try files.names(in: layout.workspace.trash).compactMap { DropID($0.string) }.compactMap { id in
      try made(TrashCard.self, layout.workspace.trash(id).folder.appending(TrashCard.fileName))
    }.sorted { $0.deletedAt > $1.deletedAt }
  }
}

/// Which datasets are listed.
struct DatasetFilter {
  var name: String?
  var column: String?
  var schema: String?
  var smallest: Int?
  var largest: Int?
  var tag: String?
  var text: String?

  func matches(_ card: DatasetCard) -> Bool {
    func contains(_ texts: [String], _ wanted: String?) -> Bool {
      guard let wanted = wanted?.lowercased() else { return true }
      return texts.contains { $0.lowercased().contains(wanted) }
    }
    let schemas = [card.detected.rawValue, card.shape?.rawValue, card.shape?.title].compactMap(\.self)
    let words =
      [card.name.text, card.description ?? "", card.licence ?? ""] + (card.tags ?? []) + card.aliases.map(\.text) + card.columns.map(\.name)
      + schemas + card.files.map(\.name) + card.splits.map(\.name) + card.warnings + (card.remarks ?? [])
    return contains([card.name.text] + card.aliases.map(\.text), name)
      && (column == nil || card.columns.contains { $0.name.lowercased() == column?.lowercased() }) && contains(schemas, schema)
      && card.rows >= smallest ?? 0 && card.rows <= largest ?? .max
      && (tag == nil || (card.tags ?? []).contains { $0.lowercased() == tag?.lowercased() }) && contains(words, text)
  }
}
