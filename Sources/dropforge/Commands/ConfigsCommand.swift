import ArgumentParser
import Domain
import Platform
import StrictJSON
import SystemPackage

struct ConfigsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "configs", abstract: "Stored configs: list, show, compare, rename; and make a new one.",
    subcommands: [List.self, Show.self, Diff.self, Rename.self, ConfigNewCommand.self, ConfigSchemaCommand.self],
    defaultSubcommand: List.self,
    aliases: ["config"])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Every stored config, with its newest version.")
    @OptionGroup var root: RootOption
    @Flag(help: "One JSON array.") var json = false

    func run() async throws {
      try await reporting {
        let shelf = ConfigShelf(try root.existing())
        let cards = try shelf.cards()
        if json { return Terminal.say(try JSONLinesOut.array(cards)) }
        if cards.isEmpty { return Terminal.say("no configs yet: copy one into \(shelf.layout.inbox.folder(of: .config))/") }
        Terminal.say(
          Terminal.table(
            ["CONFIG", "VERSION", "METHOD", "FINDINGS", "USED", "LAST USED"],
            try cards.map { card in
              [
                card.name.text, "\(card.version)", try shelf.method(of: card), card.findings.tally, "\(card.timesUsed)",
                card.lastUsedAt.map { "\($0)" } ?? "never",
              ]
            }))
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "A stored config as it was dropped, its versions, and what validation says of it.")
    @OptionGroup var root: RootOption
    @Argument(help: "Its name, or NAME@VERSION.") var name: String
    @Option(help: "A version; else the newest.") var version: Int?
    @Flag(help: "With every default filled in.") var resolved = false
    @Flag(help: "One JSON object: validation.json with the config in it.") var json = false

    func run() async throws {
      try await reporting {
        let shelf = ConfigShelf(try root.existing())
        let (card, number) = try shelf.find(version.map { "\(name)@\($0)" } ?? name)
        let text = try shelf.text(card.name, number)
        let node = try JSONParser.parse(text)
        let shown = resolved ? Configuration.decode(node, source: .none).0.node : node
        let findings = Configuration.decode(node, source: ConfigSource(Array(text.utf8))).1
        if json {
          var object = try JSONParser.parse(PublishedJSON.bytes(of: card)).object ?? JSONObject()
          object["shown_version"] = number.node
          object["config"] = shown
          return Terminal.say(JSONNode(.object(object)).text(.pretty))
        }
        let use = card.timesUsed == 0 ? "never used" : "used \(card.timesUsed) \(card.timesUsed == 1 ? "time" : "times")"
        Terminal.say("\(card.name), version \(number) of \(card.version); \(use)\(card.lastUsedAt.map { ", last \($0)" } ?? "")\n")
        Terminal.say(resolved ? shown.text(.pretty) : text.trimmingNewlines)
        if !findings.isEmpty {
          Terminal.say("")
          FindingsView.say(findings, of: text)
        }
      }
    }
  }

  struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "diff", abstract: "What two configs differ in, field by field, every default filled in. Exit code 1 where they do.")
    @OptionGroup var root: RootOption
    @Argument(help: "A stored config, NAME or NAME@VERSION, or a file.") var left: String
    @Argument(help: "The same; left out, the version before.") var right: String?
    @Flag(help: "One JSON object.") var json = false

    func run() async throws {
      try await reporting {
        let shelf = ConfigShelf(try root.existing())
        let (one, other) = try shelf.pair(left, right)
        let difference = ConfigDifference(one.node, called: one.name, other.node, called: other.name)
        Terminal.say(
          json
            ? String(decoding: try PublishedJSON.bytes(of: difference).dropLast(), as: UTF8.self)
            : "\(one.name) -> \(other.name)\n\(difference.text)")
        if !difference.lines.isEmpty { throw ExitCode(CommandFailure.Code.saidNo.rawValue) }
      }
    }
  }

  struct Rename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rename", abstract: "Give a stored config another name.")
    @OptionGroup var root: RootOption
    @Argument var name: String
    @Argument(help: "What it is to be called.") var newName: String
    @Flag(help: "Even where a job that is not over names it.") var force = false

    func run() async throws {
      try await reporting {
        try await RequestSender(root).send(
          ["action": "rename", "kind": "config", "name": name.node, "to": newName.node, "force": force.node], called: "rename-\(name)")
      }
    }
  }
}

struct DeleteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Delete a stored config or dataset with all its versions, or a tokenization: `dropforge delete config NAME`.")
  @OptionGroup var root: RootOption
  @Argument(help: "What it is: config, dataset or tokenization.") var kind: String
  @Argument var name: String
  @Flag(help: "Even where a job that is not over uses it.") var force = false

  func run() async throws {
    try await reporting {
      try await RequestSender(root).send(
        ["action": "delete", "kind": kind.node, "name": name.node, "force": force.node], called: "delete-\(name)")
    }
  }
}

/// The stored configs as their files tell them: readable with or without an agent.
struct ConfigShelf {
  let layout: RootLayout
  private let files = LinuxFileSystem()

  init(_ layout: RootLayout) { self.layout = layout }

  func cards() throws -> [ConfigCard] {
    try files.names(in: layout.workspace.configs).compactMap { SafeName(exactly: $0.string) }.sorted().compactMap(card)
  }

  private func card(_ name: SafeName) throws -> ConfigCard? {
    let path = layout.workspace.config(name).validation
    guard files.exists(path) else { return nil }
    return try PublishedJSON.decode(ConfigCard.self, from: try files.contents(of: path))
  }

  func method(of card: ConfigCard) throws -> String {
    Configuration.decode(try JSONParser.parse(try text(card.name, card.version)), source: .none).0.training.method.rawValue
  }

  func text(_ name: SafeName, _ version: Int) throws -> String {
    String(decoding: try files.contents(of: layout.workspace.config(name).version(version)), as: UTF8.self)
  }

  /// A config and a version of it: "NAME" is the newest.
  func find(_ text: String) throws -> (ConfigCard, Int) {
    let parts = text.split(separator: "@", maxSplits: 1).map(String.init)
    let name = SafeName(from: parts.first ?? text)
    guard let card = try card(name) else {
      let near = NearestKey.suggestion(for: name.text, among: try cards().map(\.name.text)).map { " Did you mean '\($0)'?" } ?? ""
      throw CommandFailure("There is no config '\(name)'.\(near) `dropforge configs list` tells which there are.", code: .saidNo)
    }
    guard parts.count == 2 else { return (card, card.version) }
    guard let version = Int(parts[1]), card.versions.contains(where: { $0.version == version }) else {
      let known = card.versions.map { "\($0.version)" }.joined(separator: ", ")
      throw CommandFailure("The config '\(name)' has no version \(parts[1]); it has \(known).", code: .saidNo)
    }
    return (card, version)
  }

  struct Side {
    var name: String
    var node: JSONNode
  }

  /// What is compared: two configs, or with one word the newest version and the one before.
  func pair(_ left: String, _ right: String?) throws -> (Side, Side) {
    if let right { return (try side(left), try side(right)) }
    let (card, version) = try find(left)
    guard let before = card.versions.last(where: { $0.version < version }) else {
      throw CommandFailure(
        "The config '\(card.name)' has no version before \(version); name another config to compare with.", code: .saidNo)
    }
    return (try side("\(card.name)@\(before.version)"), try side("\(card.name)@\(version)"))
  }

  private func side(_ text: String) throws -> Side {
    let path = Paths.absolute(text)
    if text.hasSuffix(".json"), files.exists(path) {
      let node = try JSONParser.parse(try files.contents(of: path))
      return Side(name: path.lastComponent?.string ?? text, node: node["config"]?.object == nil ? node : node["config"] ?? node)
    }
    let (card, version) = try find(text)
    return Side(name: "\(card.name)@\(version)", node: try JSONParser.parse(try self.text(card.name, version)))
  }
}

extension String {
  /// Without line ends behind.
  fileprivate var trimmingNewlines: String {
    var rest = self[...]
    while let last = rest.last, last.isNewline { rest = rest.dropLast() }
    return String(rest)
  }
}
