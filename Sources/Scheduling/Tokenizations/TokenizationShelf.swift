import Catalogue
import Domain
import Logging
import Platform
import SystemPackage

/// `datasets/<name>/tokenizations/`: what stands there is told to the catalogue and to the dataset's card. Whoever made it, a request or
/// a job, it is found by looking, so that nothing is forgotten after a crash.
package struct TokenizationShelf: Sendable {
  let layout: RootLayout
  let files: any FileSystem
  let catalogue: Catalogue
  /// Publishes the cards of datasets anew.
  let publish: @Sendable (Set<SafeName>) async throws -> Void
  let clock: WallClock
  let log: Logger

  package init(
    layout: RootLayout, files: any FileSystem, catalogue: Catalogue, publish: @escaping @Sendable (Set<SafeName>) async throws -> Void,
    clock: WallClock, log: Logger
  ) {
    self.layout = layout
    self.files = files
    self.catalogue = catalogue
    self.publish = publish
    self.clock = clock
    self.log = log
  }

  /// Looks through every dataset's folder: what a crash left half-made goes, what it left untold is told.
  package func recover() async throws {
    for dataset in try await catalogue.datasetNames() {
      guard files.isFolder(layout.workspace.dataset(dataset).tokenizations) else { continue }
      try sweep(dataset)
      try await register(dataset)
    }
  }

  /// Tells the catalogue what stands in a dataset's folder.
  package func register(_ dataset: SafeName) async throws {
    let folder = layout.workspace.dataset(dataset)
    var cards: [TokenizationCard] = []
    for name in files.isFolder(folder.tokenizations) ? try files.names(in: folder.tokenizations) : [] where !name.string.hasPrefix(".") {
      let card = folder.tokenization(name.string).card
      // Of another version of Dropforge: it is made anew where it is needed.
      guard files.exists(card), let read = try? PublishedJSON.decode(TokenizationCard.self, from: try files.contents(of: card)) else {
        continue
      }
      cards.append(read)
    }
    if try await catalogue.noteTokenizations(cards, of: dataset) { try await publish([dataset]) }
  }

  /// A job trains on a tokenization.
  package func use(_ id: String, of dataset: SafeName) async throws {
    try await register(dataset)
    try await catalogue.noteUse(ofTokenization: id, of: dataset, at: Timestamp(nanoseconds: clock.now()))
  }

  /// Removes what no worker is making and no worker has finished.
  func sweep(_ dataset: SafeName) throws {
    let folder = layout.workspace.dataset(dataset)
    guard files.isFolder(folder.tokenizations) else { return }
    for name in try files.names(in: folder.tokenizations).map(\.string) {
      guard name.hasPrefix("."), name.hasSuffix(TokenizationLayout.making) else { continue }
      let tokenization = folder.tokenization(String(name.dropFirst().dropLast(TokenizationLayout.making.count)))
      // Held: a worker is at it.
      guard let lock = try ExclusiveLock(tokenization.lock) else { continue }
      try files.removeTree(tokenization.partial.folder)
      try files.removeTree(tokenization.lock)
      log.notice("what was half-made of tokens is removed", metadata: ["dataset": "\(dataset)"])
      withExtendedLifetime(lock) {}
    }
  }
}
