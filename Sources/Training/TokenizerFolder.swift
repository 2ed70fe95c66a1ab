import Domain
import Platform
import SystemPackage
import Tokenizers

/// Tokenizers in Hugging Face's files: `tokenizer.json`, `tokenizer_config.json`, `special_tokens_map.json`.
struct TokenizerFolder {
  let files: any FileSystem

  /// - Throws: `Problem` where the folder has none, or one that cannot be used.
  func load(_ folder: FilePath) throws -> Tokenizer {
    do {
      let json = folder.appending("tokenizer.json")
      if files.exists(json) {
        let settings = folder.appending("tokenizer_config.json")
        let template = folder.appending("chat_template.jinja")
        return try Tokenizer.read(
          json: try files.contents(of: json), configuration: files.exists(settings) ? try files.contents(of: settings) : nil,
          chatTemplate: files.exists(template) ? String(decoding: try files.contents(of: template), as: UTF8.self) : nil)
      }
      let (vocabulary, merges) = (folder.appending("vocab.json"), folder.appending("merges.txt"))
      guard files.exists(vocabulary), files.exists(merges) else {
        throw Problem(
          "tokenizer.missing", "\(folder) has no tokenizer: neither tokenizer.json, nor vocab.json with merges.txt",
          mend: "Put the model's tokenizer files into its folder and drop it again, or name another tokenizer in the config.")
      }
      return try Tokenizer.gpt2(vocabulary: try files.contents(of: vocabulary), merges: try files.contents(of: merges))
    } catch let error as TokenizerError {
      throw Problem("tokenizer.unsupported", "the tokenizer in \(folder) cannot be used", why: error.message, mend: error.mend + ".")
    }
  }

  /// Whether there is one; whether it can be used is another question.
  func isPresent(_ folder: FilePath) -> Bool {
    files.exists(folder.appending("tokenizer.json"))
      || (files.exists(folder.appending("vocab.json")) && files.exists(folder.appending("merges.txt")))
  }

  func save(_ tokenizer: Tokenizer, to folder: FilePath) throws {
    for file in tokenizer.files() { try files.writeWhole(ContiguousArray(file.bytes), to: folder.appending(file.name)) }
  }
}
