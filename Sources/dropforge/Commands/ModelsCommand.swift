import ArgumentParser
import Domain
import Platform
import StrictJSON
import SystemPackage

struct ModelsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Models: those that were dropped, and those that jobs made.", subcommands: [List.self, Show.self],
    defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Every model that a job can name.")
    @OptionGroup var root: RootOption
    @Flag(help: "One JSON array.") var json = false

    func run() async throws {
      try await reporting {
        let shelf = ModelShelf(try root.existing())
        let dropped = try shelf.dropped(), trained = try shelf.trained()
        if json {
          let nodes = try dropped.map(shelf.node) + trained.map(shelf.node)
          return Terminal.say(JSONNode(.array(nodes)).text(.pretty))
        }
        if dropped.isEmpty, trained.isEmpty {
          return Terminal.say(
            "no models yet: copy a Hugging Face folder into \(shelf.layout.inbox.folder(of: .model))/, or run a job")
        }
        let rows =
          dropped.map { card in
            [
              card.name.text, "", card.isLoneTokenizer ? ModelCard.loneTokenizer : "base", "",
              card.isLoneTokenizer ? "" : Figures.grouped(card.parameters), "",
              "\(card.origin?.source ?? "dropped")\(card.isLoneTokenizer ? "" : ", \(card.architecture)")",
            ]
          }
          + trained.map { card in
            [
              card.name.text, "\(card.version)", card.kind.rawValue, card.base.map(shelf.title) ?? "", Figures.grouped(card.parameters),
              card.evalLoss.map { Figures.fixed($0, 4) } ?? "", "\(card.job), \(card.method)\(card.holds == "adapter" ? ", adapter" : "")",
            ]
          }
        Terminal.say(Terminal.table(["MODEL", "VERSION", "TYPE", "BASE", "PARAMETERS", "EVAL LOSS", "FROM"], rows))
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "A model's card.")
    @OptionGroup var root: RootOption
    @Argument(help: "Its name, a job's identifier, or NAME@VERSION.") var name: String
    @Flag(help: "One JSON object.") var json = false

    func run() async throws {
      try await reporting {
        let shelf = ModelShelf(try root.existing())
        let node = try shelf.find(name)
        if json { return Terminal.say(node.text(.pretty)) }
        for member in node.object?.members ?? [] where member.key != "schema" {
          let origin = member.key == "origin" ? try? PublishedJSON.decode(DatasetOrigin.self, from: member.node.text().utf8) : nil
          let text = origin?.title ?? member.node.string ?? member.node.text()
          Terminal.say("\(member.key.padding(to: 24))\(text)")
        }
      }
    }
  }
}

/// Models as their files tell them.
struct ModelShelf {
  let layout: RootLayout
  private let files = LinuxFileSystem()

  init(_ layout: RootLayout) { self.layout = layout }

  func dropped() throws -> [ModelCard] {
    try files.names(in: layout.workspace.models).compactMap { SafeName(exactly: $0.string) }.sorted().compactMap { name in
      let path = layout.workspace.model(name).card
      return files.exists(path) ? try PublishedJSON.decode(ModelCard.self, from: try files.contents(of: path)) : nil
    }
  }

  /// By name, the newest of each first.
  func trained() throws -> [TrainedModelCard] {
    try files.names(in: layout.workspace.jobs).compactMap { JobID($0.string) }.compactMap { id -> TrainedModelCard? in
      let path = layout.workspace.job(id).modelCard
      return files.exists(path) ? try PublishedJSON.decode(TrainedModelCard.self, from: try files.contents(of: path)) : nil
    }.sorted { ($0.name, -$0.version) < ($1.name, -$1.version) }
  }

  func title(_ base: TrainedModelCard.Base) -> String { base.version.map { "\(base.name)@\($0)" } ?? base.name }

  func node(_ card: ModelCard) throws -> JSONNode {
    var object = try JSONParser.parse(PublishedJSON.bytes(of: card)).object ?? JSONObject()
    object["model_type"] = card.isLoneTokenizer ? ModelCard.loneTokenizer.node : "base"
    if card.isLoneTokenizer {
      // It has none of them.
      for key in ["architecture", "parameters", "max_position_embeddings", "has_tokenizer"] { object[key] = nil }
    }
    object["path"] = layout.relative(layout.workspace.model(card.name).folder).node
    return JSONNode(.object(object))
  }

  /// With whether it is the newest of its name, and its base's own base and so on, down to what was dropped or made from nothing.
  func node(_ card: TrainedModelCard) throws -> JSONNode {
    var object = try JSONParser.parse(PublishedJSON.bytes(of: card)).object ?? JSONObject()
    let all = try trained()
    object["is_latest_version"] = (all.first { $0.name == card.name } == card).node
    var line: [JSONNode] = []
    var base = card.base
    while let step = base, line.count < 100 {
      line.append(title(step).node)
      base = all.first { $0.name.text == step.name && $0.version == step.version }?.base
    }
    object["lineage"] = JSONNode(.array(line))
    return JSONNode(.object(object))
  }

  func find(_ text: String) throws -> JSONNode {
    let all = try trained()
    let parts = text.split(separator: "@", maxSplits: 1).map(String.init)
    if parts.count == 2, let card = all.first(where: { $0.name.text == parts[0] && "\($0.version)" == parts[1] }) { return try node(card) }
    if let card = try dropped().first(where: { $0.name == SafeName(from: text) }) { return try node(card) }
    if let card = all.first(where: { $0.job.text == text || $0.name.text == text }) { return try node(card) }
    let names = try dropped().map(\.name.text) + all.map(\.name.text)
    let near = NearestKey.suggestion(for: text, among: names).map { " Did you mean '\($0)'?" } ?? ""
    throw CommandFailure("There is no model '\(text)'.\(near) `dropforge models list` tells which there are.", code: .saidNo)
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
