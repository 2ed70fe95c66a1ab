import Domain
import Platform
import StrictJSON
import SystemPackage
import Tokenizers

/// A tokenizer that was dropped without a model: a `tokenizer.json` by itself, or a folder or archive with the tokenizer's files only.
struct LoneTokenizer {
  let order: ModelOrder
  let files: any FileSystem

  /// Those of the greatest vocabularies take some 35 MB.
  private static let mostBytes = 256 << 20

  /// Whether a folder holds a tokenizer and no weights.
  static func isOne(_ folder: FilePath, _ files: any FileSystem) throws -> Bool {
    guard TokenizerFolder(files: files).isPresent(folder) else { return false }
    return try !files.names(in: folder).contains { $0.string.hasSuffix(".safetensors") }
  }

  /// Puts a file, whatever it is called, into a folder as its `tokenizer.json`.
  ///
  /// - Returns: the folder.
  func copy(to folder: FilePath) throws -> FilePath {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try files.contents(of: FilePath(order.source), limit: Self.mostBytes)
    } catch {
      guard error.code == .fileTooLarge else { throw error }
      throw Problem(
        "model.no-model", "it is larger than \(Self.mostBytes >> 20) MiB, and a tokenizer.json never is",
        at: .init(file: order.fileName),
        mend: "Drop the model's folder, or its tokenizer.json alone. A dataset belongs into inbox/datasets/.")
    }
    guard let node = try? JSONParser.parse(bytes), node["model"]?.object != nil else {
      throw Problem(
        "model.no-model", "it is neither a model's folder, nor an archive of one, nor a tokenizer.json",
        at: .init(file: order.fileName),
        mend: "Drop the model's whole folder, or pack it: tar -czf model.tar.gz -C MODEL_FOLDER . A tokenizer.json may come alone.")
    }
    try files.makeFolders(folder)
    try files.writeWhole(ContiguousArray(bytes), to: folder.appending("tokenizer.json"))
    try files.syncFolder(folder)
    KillPoint.pass(.modelExtracted)
    return folder
  }

  func card(_ folder: FilePath, _ content: (sha256: String, bytes: Int)) throws -> ModelCard {
    do {
      let tokenizer = try TokenizerFolder(files: files).load(folder)
      return ModelCard(
        name: order.name, architecture: ModelCard.loneTokenizer, parameters: 0, vocabularySize: tokenizer.vocabularySize,
        maximumPositions: 0, hasTokenizer: true, sha256: content.sha256, bytes: content.bytes, warnings: [])
    } catch let problem as Problem {
      // The path of our own copy means nothing to a user.
      throw Problem(
        "model.no-tokenizer", "it is no model, and no tokenizer that can be used", at: .init(file: order.fileName),
        why: problem.why ?? problem.what, mend: problem.mend)
    }
  }
}
