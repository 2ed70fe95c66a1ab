import ArgumentParser
import Domain
import Platform
import StrictJSON
import SystemPackage

struct StatisticsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "statistics", abstract: "What a dataset's tokens are like: numbers, lengths, the vocabulary, what a cut would take.")

  @OptionGroup var root: RootOption
  @Argument(help: "A dataset's name.") var dataset: String
  @Option(help: "A tokenization's id, or its beginning. Default: the newest.") var tokenization: String?
  @Flag(help: "One JSON object: the tokenizations of the dataset, and the statistics of one.") var json = false

  func run() async throws {
    try await reporting {
      let shelf = try TokenizationReader(root.existing(), dataset: dataset)
      let chosen = try shelf.chosen(tokenization)
      let statistics = try shelf.statistics(of: chosen)
      if json {
        let object: JSONNode = [
          "schema": "dropforge.dataset-statistics/1", "tokenizations": JSONNode(.array(try shelf.cards.map(Self.node))),
          "statistics": try Self.node(statistics),
        ]
        return Terminal.say(object.text(.pretty))
      }
      Terminal.say(StatisticsPage(card: chosen, others: shelf.cards, statistics: statistics, width: Terminal.width).text)
    }
  }

  private static func node(_ value: some Encodable) throws -> JSONNode { try JSONParser.parse(PublishedJSON.line(of: value)) }
}

/// Reads the tokenizations of a dataset that stand in the workspace.
struct TokenizationReader {
  /// The newest first.
  let cards: [TokenizationCard]
  private let folder: DatasetLayout
  private let name: SafeName
  private let files = LinuxFileSystem()

  init(_ layout: RootLayout, dataset: String) throws {
    name = SafeName(from: dataset)
    folder = layout.workspace.dataset(name)
    guard files.isFolder(folder.folder) else {
      let known = try files.names(in: layout.workspace.datasets).map(\.string)
      let hint = NearestKey.suggestion(for: dataset, among: known).map { " Did you mean '\($0)'?" } ?? ""
      throw CommandFailure("There is no dataset '\(dataset)'.\(hint)", code: .saidNo)
    }
    var cards: [TokenizationCard] = []
    for name in files.isFolder(folder.tokenizations) ? try files.names(in: folder.tokenizations) : [] where !name.string.hasPrefix(".") {
      let path = folder.tokenization(name.string).card
      guard files.exists(path) else { continue }
      // One of another version of Dropforge is made anew where it is needed.
      if let card = try? PublishedJSON.decode(TokenizationCard.self, from: try files.contents(of: path)) { cards.append(card) }
    }
    self.cards = cards.sorted { ($1.createdAt, $0.id) < ($0.createdAt, $1.id) }
  }

  func chosen(_ id: String?) throws -> TokenizationCard {
    guard let newest = cards.first else {
      throw CommandFailure(
        "The dataset '\(name)' has no tokens yet. Make some: drop {\"action\": \"tokenize\", \"dataset\": \"\(name)\", \"tokenizer\": \"byte\"} into inbox/requests/, or run a job on it.",
        code: .saidNo)
    }
    guard let id else { return newest }
    guard let card = cards.first(where: { $0.id.hasPrefix(id) }) else {
      throw CommandFailure(
        "'\(name)' has no tokenization '\(id)'. There are: \(cards.map(\.id).joined(separator: ", ")).", code: .saidNo)
    }
    return card
  }

  func statistics(of card: TokenizationCard) throws -> TokenStatistics {
    try PublishedJSON.decode(TokenStatistics.self, from: try files.contents(of: folder.tokenization(card.id).statistics))
  }
}
