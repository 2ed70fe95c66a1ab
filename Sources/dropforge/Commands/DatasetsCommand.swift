import ArgumentParser
import Domain
import Platform
import StrictJSON
import SystemPackage

struct DatasetsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "datasets",
    abstract: "Stored datasets: list, show, search, compare, describe, convert, export, delete, restore; what can be downloaded.",
    subcommands: [
      List.self, Show.self, Search.self, Diff.self, Describe.self, Convert.self, Export.self, Delete.self, Restore.self, Trash.self,
      Available.self, Downloaded.self,
    ],
    defaultSubcommand: List.self, aliases: ["dataset"])

  struct Filters: ParsableArguments {
    @Option(help: "Only those whose name holds this.") var name: String?
    @Option(help: "Only those with a column of this name.") var column: String?
    @Option(help: "Only those of a schema or shape: messages, preference, alpaca, …") var schema: String?
    @Option(help: "Only those with so many rows or more.") var minRows: Int?
    @Option(help: "Only those with so many rows or fewer.") var maxRows: Int?
    @Option(help: "Only those with this tag.") var tag: String?

    func filter(text: String? = nil) -> DatasetFilter {
      DatasetFilter(name: name, column: column, schema: schema, smallest: minRows, largest: maxRows, tag: tag, text: text)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Every dataset, with its newest version.")
    @OptionGroup var root: RootOption
    @OptionGroup var filters: Filters
    @Flag(help: "One JSON array of cards.") var json = false

    func run() async throws {
      try await reporting { try DatasetTable(try root.existing()).say(filters.filter(), json: json) }
    }
  }

  struct Search: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "search", abstract: "Datasets with a text anywhere in their card: name, description, tags, columns, files, remarks.")
    @OptionGroup var root: RootOption
    @Argument(help: "What to look for, in any case.") var text: String
    @OptionGroup var filters: Filters
    @Flag(help: "One JSON array of cards.") var json = false

    func run() async throws {
      try await reporting { try DatasetTable(try root.existing()).say(filters.filter(text: text), json: json) }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "A dataset's card: rows, columns, shape, what the trainer will see, what is odd.")
    @OptionGroup var root: RootOption
    @Argument(help: "Its name, or NAME@VERSION.") var name: String
    @Flag(help: "One JSON object: dataset.json with the quality report in it.") var json = false

    func run() async throws {
      try await reporting {
        let shelf = DatasetShelf(try root.existing())
        let (card, version) = try shelf.find(name)
        let view = DatasetText(
          card: card, version: version, result: try shelf.result(card.name, version), quality: try shelf.quality(card.name, version),
          preview: try shelf.preview(card.name, version))
        Terminal.say(json ? try view.json.text(.pretty) : view.text)
      }
    }
  }

  struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "diff", abstract: "What two versions differ in: columns, schema, rows. Exit code 1 where they do.")
    @OptionGroup var root: RootOption
    @Argument(help: "A dataset, or NAME@VERSION.") var name: String
    @Argument(help: "The older version, or another dataset. Left out: the version before.") var from: String?
    @Argument(help: "The newer version. Left out: the newest.") var to: String?
    @Flag(help: "One JSON object.") var json = false

    func run() async throws {
      try await reporting {
        let shelf = DatasetShelf(try root.existing())
        let (one, other) = try sides(shelf)
        var words = ["compare"]
        for side in [one, other] {
          words += [side.card.name.text, "\(side.version)", shelf.folder(side.card.name, side.version).folder.string]
        }
        try Program.becomeWorker(words + (json ? ["--json"] : []))
      }
    }

    private typealias Side = (card: DatasetCard, version: Int)

    /// `NAME`, `NAME 1 2`, `NAME@1 NAME@2`, `A B`.
    private func sides(_ shelf: DatasetShelf) throws -> (Side, Side) {
      let first = try shelf.find(name)
      guard let from else {
        guard let before = first.card.versions.map(\.version).filter({ $0 < first.version }).max() else {
          throw CommandFailure(
            "The dataset '\(first.card.name)' has no version before \(first.version); name another dataset to compare with.", code: .saidNo)
        }
        return ((first.card, before), first)
      }
      guard Int(from) != nil else { return (first, try shelf.find(from)) }
      let older = try shelf.find("\(first.card.name)@\(from)")
      return (older, try to.map { try shelf.find("\(first.card.name)@\($0)") } ?? first)
    }
  }

  struct Trash: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "trash", abstract: "What was deleted and can be restored.")
    @OptionGroup var root: RootOption
    @Flag(help: "One JSON array.") var json = false

    func run() async throws {
      try await reporting {
        let cards = try DatasetShelf(try root.existing()).trash()
        if json { return Terminal.say(try JSONLinesOut.array(cards)) }
        if cards.isEmpty { return Terminal.say("nothing is in the trash") }
        Terminal.say(
          Terminal.table(
            ["DATASET", "VERSIONS", "SIZE", "DELETED", "GOES FOR GOOD"],
            cards.map {
              [
                "\($0.dataset)",
                $0.isOfVersions == true ? "only \($0.versions.map(String.init).joined(separator: ", "))" : "\($0.versions.count)",
                Figures.bytes($0.bytes), "\($0.deletedAt)", "\($0.until)",
              ]
            }))
        Terminal.say("\(Figures.bytes(cards.reduce(0) { $0 + $1.bytes })) in all")
      }
    }
  }
}

/// Cards as a table.
struct DatasetTable {
  private let shelf: DatasetShelf

  init(_ layout: RootLayout) { shelf = DatasetShelf(layout) }

  func say(_ filter: DatasetFilter, json: Bool) throws {
    let all = try shelf.cards()
    let cards = all.filter(filter.matches)
    if json { return Terminal.say(try JSONLinesOut.array(cards)) }
    if all.isEmpty { return Terminal.say("no datasets yet: copy one into \(shelf.layout.inbox.folder(of: .dataset))/") }
    if cards.isEmpty { return Terminal.say("none of the \(all.count) datasets matches") }
    Terminal.say(
      Terminal.table(
        ["DATASET", "VERSION", "ROWS", "SIZE", "SHAPE", "SPLITS", "TAGS", "REMARKS"],
        cards.map { card in
          [
            card.name.text, "\(card.version)", Figures.grouped(card.rows), Figures.bytes(card.splits.reduce(0) { $0 + $1.bytes }),
            card.shape?.rawValue ?? card.detected.rawValue, card.splits.map(\.name).joined(separator: " "),
            (card.tags ?? []).joined(separator: " "), card.remarks?.first ?? "",
          ]
        }))
  }
}
