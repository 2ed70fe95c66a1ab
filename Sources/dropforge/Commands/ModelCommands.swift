import ArgumentParser
import Domain
import Platform
import SystemPackage

struct GenerateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "generate", abstract: "Sample from a trained or dropped model.")

  @OptionGroup var root: RootOption
  @Argument(help: "A finished job, a model in workspace/models/, or the path of a Hugging Face folder.") var model: String
  @Argument(help: "The text to go on with.") var prompt: String
  @Option(help: "Tokens to write at most.") var maxTokens = 200
  @Option(help: "0: always the likeliest token.") var temperature = 0.8
  @Option(help: "Choose among so many of the likeliest tokens; 0: all.") var topK = 0
  @Option(help: "Choose among the likeliest tokens that together have this probability.") var topP = 1.0
  @Option(help: "The same seed gives the same text.") var seed: UInt64 = 42
  @Flag(help: "One JSON object.") var json = false

  func run() async throws {
    try await reporting {
      let folder = try ModelLocator(root.layout).folder(of: model)
      var arguments = [
        "generate", folder.string, prompt, "--max-tokens", "\(maxTokens)", "--temperature", "\(temperature)", "--top-k", "\(topK)",
        "--top-p",
        "\(topP)", "--seed", "\(seed)",
      ]
      if json { arguments.append("--json") }
      try Program.becomeWorker(arguments)
    }
  }
}

struct ScoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Log-probabilities that a model gives to tokens: its loss and perplexity on them.")

  @OptionGroup var root: RootOption
  @Argument(help: "A finished job, a model in workspace/models/, or the path of a Hugging Face folder.") var model: String
  @Option(help: ArgumentHelp("A LoRA adapter in PEFT's layout, to be laid over the model.", valueName: "dir")) var adapter: String?
  @Option(help: ArgumentHelp("Token ids: 1,2,3.", valueName: "ids")) var ids: String?
  @Option(help: "Text, for models with a tokenizer.") var text: String?
  @Flag(help: "The logits too, a row a position.") var logits = false
  @Flag(help: "One JSON object.") var json = false

  func validate() throws {
    guard (ids == nil) != (text == nil) else { throw ValidationError("Give either --ids or --text.") }
  }

  func run() async throws {
    try await reporting {
      let folder = try ModelLocator(root.layout).folder(of: model)
      var arguments = ["score", folder.string]
      if let adapter { arguments += ["--adapter", Paths.absolute(adapter).string] }
      if let ids { arguments += ["--ids", ids] }
      if let text { arguments += ["--text", text] }
      if logits { arguments.append("--logits") }
      if json { arguments.append("--json") }
      try Program.becomeWorker(arguments)
    }
  }
}

/// Finds a model's folder from what a user calls it.
struct ModelLocator {
  private let layout: RootLayout
  private let files = LinuxFileSystem()

  init(_ layout: RootLayout) { self.layout = layout }

  /// A folder with a config.json is taken as it is; else a name is looked for among the models, then among the jobs.
  func folder(of model: String) throws -> FilePath {
    let path = Paths.absolute(model)
    if files.exists(path.appending("config.json")) || files.exists(path.appending("adapter_config.json")) { return path }
    if files.isFolder(layout.workspace.folder) {
      let dropped = layout.workspace.model(SafeName(from: model))
      if files.exists(dropped.folder.appending("config.json")) { return dropped.folder }
      if let card = try? PublishedJSON.decode(ModelCard.self, from: try files.contents(of: dropped.card)), card.isLoneTokenizer {
        throw CommandFailure(
          "'\(model)' is a tokenizer without a model: it has no weights. `dropforge models` tells which are models.", code: .saidNo)
      }
      if let job = try? StatusReader(layout).job(called: model) {
        let final = layout.workspace.job(job.id).finalModel
        if files.exists(final.appending("config.json")) || files.exists(final.appending("adapter_config.json")) { return final }
        throw CommandFailure("The job '\(job.id)' has no model yet: it is \(job.state.rawValue).", code: .saidNo)
      }
    }
    throw CommandFailure(
      "There is no model '\(model)': neither a folder with a config.json, nor a model or a finished job in \(layout.root). Name the root with --root where it is another.",
      code: .saidNo)
  }
}
