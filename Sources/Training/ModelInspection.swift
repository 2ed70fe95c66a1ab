import Domain
import Kernels
import LanguageModels
import Platform
import SystemPackage
import Tokenizers

/// Looks whether a dropped folder is a model that can be trained on, and says what it is.
package struct ModelInspection {
  private let order: ModelOrder
  private let files: any FileSystem

  package init(order: ModelOrder, files: any FileSystem) {
    self.order = order
    self.files = files
  }

  /// Writes `model.json` into the staging folder, last.
  ///
  /// - Throws: `Problem`.
  package func run() throws {
    let staging = ModelLayout(folder: FilePath(order.staging))
    try files.makeFolders(staging.folder)  // empty: what an earlier attempt left, the agent has removed
    let source = FilePath(order.source)
    let isFolder: Bool
    do throws(SystemError) {
      isFolder = try files.status(source).kind == .folder
    } catch {
      throw Problem("model.unreadable", "\(order.fileName) cannot be read", mend: error.mend ?? "Drop it again.", cause: error.description)
    }
    guard isFolder else {
      let form = DroppedFileName(order.fileName)
      let isJSON = form.format == .json && form.compression == nil
      return try inspect(
        try isJSON
          ? LoneTokenizer(order: order, files: files).copy(to: staging.extracted)
          : ModelArchive(order: order, files: files).extract(to: staging.extracted), staging)
    }
    try inspect(source, staging)
  }

  private func inspect(_ folder: FilePath, _ staging: ModelLayout) throws {
    let card = try card(folder)
    try files.publish(try PublishedJSON.bytes(of: card), to: staging.card)
    KillPoint.pass(.modelInspected)
  }

  private func card(_ folder: FilePath) throws -> ModelCard {
    guard files.exists(folder.appending("config.json")) else {
      if try LoneTokenizer.isOne(folder, files) { return try LoneTokenizer(order: order, files: files).card(folder, try hash(folder)) }
      throw Problem(
        "model.no-config", "\(order.fileName) holds no config.json",
        why: "a model is a Hugging Face folder: config.json, *.safetensors, tokenizer.json",
        mend: "Drop the folder that holds these files itself, not one above it.")
    }
    var warnings: [String] = []
    do {
      let model = try LanguageModel.load(folder, on: ThreadTeam(count: 1))
      let tokenizer = try tokenizer(in: folder, model, &warnings)
      let (sha256, bytes) = try hash(folder)
      return ModelCard(
        name: order.name, architecture: model.configuration.architecture.rawValue, parameters: model.layout.count,
        vocabularySize: model.dimensions.vocabularySize, maximumPositions: model.dimensions.maximumPositions, hasTokenizer: tokenizer,
        sha256: sha256, bytes: bytes, warnings: warnings)
    } catch let error as ModelError {
      // Paths of the claim mean nothing to a user: the file's own name does.
      var problem = Problem(model: error)
      problem.place = error.path.map { Problem.Place(file: "\(order.fileName)/\(FilePath($0).lastComponent?.string ?? $0)") }
      throw problem
    }
  }

  private func tokenizer(in folder: FilePath, _ model: LanguageModel, _ warnings: inout [String]) throws -> Bool {
    let tokenizers = TokenizerFolder(files: files)
    guard tokenizers.isPresent(folder) else {
      warnings.append("There is no tokenizer.json: jobs on this model must name a tokenizer.")
      return false
    }
    do {
      let tokenizer = try tokenizers.load(folder)
      if tokenizer.vocabularySize > model.dimensions.vocabularySize {
        warnings.append(
          "The tokenizer has \(tokenizer.vocabularySize) entries, the model \(model.dimensions.vocabularySize): they do not belong together."
        )
      }
      return true
    } catch let problem as Problem {
      warnings.append("Its tokenizer cannot be used: \(problem.why ?? problem.what).")
      return false
    }
  }

  /// Of the sorted list of the files' names and hashes: `<sha256>  <name>` a line, as sha256sum writes it.
  private func hash(_ folder: FilePath) throws -> (String, Int) {
    var list = ""
    var total = 0
    for (path, status) in try files.walk(folder) where status.kind == .file {
      let (sha256, bytes) = try files.sha256(of: folder.pushing(path))
      list += "\(sha256)  \(path)\n"
      total += bytes
    }
    return (SHA256.hash(list.utf8), total)
  }
}
