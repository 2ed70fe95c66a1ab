import ArgumentParser
import Domain
import Engines
import Platform
import StrictJSON
import SystemPackage

/// What changes something goes to the agent as a dropped request, as everything does.
extension DatasetsCommand {
  struct Describe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "describe", abstract: "Say something about a dataset for people: a description, tags, a license.")
    @OptionGroup var root: RootOption
    @Argument var name: String
    @Option(help: "One sentence or more; \"\" takes it away.") var description: String?
    @Option(name: .customLong("tag"), help: "A tag; several may be given, and take the place of those that stand.") var tags: [String] = []
    @Flag(help: "Take all tags away.") var noTags = false
    @Option(help: "Its license.") var license: String?

    func run() async throws {
      try await reporting {
        var request: JSONObject = ["action": "describe", "dataset": name.node]
        request["description"] = description?.node
        request["license"] = license?.node
        if !tags.isEmpty || noTags { request["tags"] = tags.node }
        try await RequestSender(root).send(JSONNode(.object(request)), called: "describe-\(name)")
      }
    }
  }

  struct Convert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "convert", abstract: "Say a dataset's rows in another schema, as a dataset of its own or as the next version.")
    @OptionGroup var root: RootOption
    @Argument(help: "Its name, or NAME@VERSION.") var name: String
    @Option(help: "The schema: \(DatasetSchema.targets.joined(separator: ", ")).") var to: String
    @Option(name: .customLong("name"), help: "What the result is to be called. Default: the name and the schema.") var newName: String?

    func run() async throws {
      try await reporting {
        var request: JSONObject = ["action": "convert", "dataset": name.node, "to": to.node]
        request["name"] = newName?.node
        try await RequestSender(root).send(JSONNode(.object(request)), called: "convert-\(name)")
      }
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "delete",
      abstract: "Delete a dataset with everything that hangs on it, or one version of it; it can be restored for a while.")
    @OptionGroup var root: RootOption
    @Argument(help: "Its name, or NAME@VERSION.") var name: String
    @Option(help: "Only this version of it; the others stay.") var version: Int?
    @Flag(help: "Even where a job that is not over uses it.") var force = false

    func run() async throws {
      try await reporting {
        var request: JSONObject = ["action": "delete", "kind": "dataset", "name": name.node, "force": force.node]
        request["version"] = version?.node
        try await RequestSender(root).send(JSONNode(.object(request)), called: "delete-\(name)")
      }
    }
  }

  struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "restore", abstract: "Bring a deleted dataset or version back.")
    @OptionGroup var root: RootOption
    @Argument(help: "Its name, or NAME@VERSION.") var name: String

    func run() async throws {
      try await reporting {
        try await RequestSender(root).send(["action": "restore", "dataset": name.node], called: "restore-\(name)")
      }
    }
  }

  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "export", abstract: "Write a dataset's rows as JSON lines or CSV (RFC 4180), a file a split. Needs no agent.")
    @OptionGroup var root: RootOption
    @Argument(help: "Its name, or NAME@VERSION.") var name: String
    @Option(help: "jsonl or csv.") var format = "jsonl"
    @Option(name: [.short, .customLong("output")], help: ArgumentHelp("The folder to make. Default: NAME-VERSION here.", valueName: "dir"))
    var output: String?

    func run() async throws {
      try await reporting {
        guard let form = DatasetRequest.ExportFormat(rawValue: format.lowercased()) else {
          throw CommandFailure("--format is jsonl or csv, not '\(format)'.", code: .usage)
        }
        let shelf = DatasetShelf(try root.existing())
        let (card, version) = try shelf.find(name)
        let target = Paths.absolute(output ?? "\(card.name)-\(version)")
        let files = LinuxFileSystem()
        guard !files.exists(target) else {
          throw CommandFailure("\(target) is there already. Name another folder with -o.", code: .saidNo)
        }
        // Under a hidden name until it is whole.
        let hidden = target.removingLastComponent().appending(".\(target.lastComponent?.string ?? "export").part")
        let order = RowsOrder(
          dataset: card.name, version: version, folder: shelf.folder(card.name, version).folder.string, output: hidden.string,
          form: form == .csv ? .csv : .jsonl)
        let scratch = try Scratch()
        defer { scratch.remove() }
        let path = scratch.path.appending("order.json")
        try files.publish(try PublishedJSON.bytes(of: order), to: path)
        switch await NativeEngine(worker: Program.worker).run(
          .rows(path), threads: nil, stop: StopRequest(), graceSeconds: 1, onEvent: { _ in })
        {
        case .done: break
        case .refused(let problem): throw problem
        case .crashed(let crash): throw crash.problem(doing: "exporting \(card.name)")
        case .stopped: throw CommandFailure("The export was stopped.", code: .saidNo)
        }
        try files.removeFile(hidden.appending(RowsOrder.resultName))
        try files.move(hidden, to: target)
        let rows = card.versions.first { $0.version == version }?.rows ?? 0
        Terminal.say("\(card.name)@\(version): \(Figures.grouped(rows)) rows as \(form == .csv ? "CSV" : "JSON lines") in \(target)")
      }
    }
  }
}

struct SamplesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "samples", abstract: "Look at a dataset's rows, a page at a time.")
  @OptionGroup var root: RootOption
  @Argument(help: "Its name, or NAME@VERSION.") var dataset: String
  @Option(help: "Any page, from 1.") var page = 1
  @Option(help: "Its split. Default: the first, which is train where there is one.") var split: String?
  @Option(help: "Rows a page.") var rows = 20
  @Flag(help: "One JSON object, as in samples/page-000001.json.") var json = false

  func run() async throws {
    try await reporting {
      let shelf = DatasetShelf(try root.existing())
      let (card, version) = try shelf.find(dataset)
      var words = [
        "samples", card.name.text, "\(version)", shelf.folder(card.name, version).folder.string, "--page", "\(page)", "--rows", "\(rows)",
      ]
      if let split { words += ["--split", split] }
      try Program.becomeWorker(words + (json ? ["--json"] : []))
    }
  }
}
