import ArgumentParser
import Domain
import StrictJSON

struct TokenizationsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizations", abstract: "Datasets as token ids: list them, delete one.", subcommands: [List.self, Delete.self],
    defaultSubcommand: List.self, aliases: ["tokenization"])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Every tokenization, of all datasets or of one.")
    @OptionGroup var root: RootOption
    @Argument(help: "A dataset.") var dataset: String?
    @Flag(help: "One JSON array.") var json = false

    func run() async throws {
      try await reporting {
        let shelf = DatasetShelf(try root.existing())
        let cards = try dataset.map { [try shelf.find($0).card] } ?? shelf.cards()
        if json {
          let nodes = try cards.flatMap { card in
            try (card.tokenizations ?? []).map { one in
              var object = try JSONParser.parse(PublishedJSON.bytes(of: one)).object ?? JSONObject()
              object["dataset"] = card.name.text.node
              return JSONNode(.object(object))
            }
          }
          return Terminal.say(JSONNode(.array(nodes)).text(.pretty))
        }
        let rows = cards.flatMap { card in
          (card.tokenizations ?? []).map { one in
            [
              one.id, "\(card.name)@\(one.version)", one.tokenizer, one.method.rawValue, one.maximumLength.map(String.init) ?? "",
              Figures.grouped(one.tokens), Figures.grouped(one.sequences), one.treatment?.title ?? "", "\(one.createdAt)",
            ]
          }
        }
        if rows.isEmpty {
          return Terminal.say(
            "no tokenizations\(dataset.map { " of '\($0)'" } ?? "") yet: a job makes those it needs, a request {\"action\": \"tokenize\"} others"
          )
        }
        Terminal.say(
          Terminal.table(["TOKENIZATION", "DATASET", "TOKENIZER", "METHOD", "LENGTH", "TOKENS", "SEQUENCES", "ROWS WITH", "MADE"], rows))
      }
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "delete", abstract: "Delete a tokenization's files; it is made again where it is needed.")
    @OptionGroup var root: RootOption
    @Argument(help: "Its identifier.") var id: String
    @Option(help: "Its dataset, where several have one of that identifier.") var dataset: String?
    @Flag(help: "Even where a job or an errand that is not over may use it.") var force = false

    func run() async throws {
      try await reporting {
        var request: JSONObject = ["action": "delete", "kind": "tokenization", "name": id.node, "force": force.node]
        request["dataset"] = dataset?.node
        try await RequestSender(root).send(JSONNode(.object(request)), called: "delete-tokenization-\(id)")
      }
    }
  }
}
