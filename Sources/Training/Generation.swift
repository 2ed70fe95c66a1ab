import Domain
import Kernels
import LanguageModels
import Platform
import SystemPackage
import Tokenizers

/// `dropforge generate`: text that a model goes on with.
package struct Generation {
  package var model: FilePath
  package var prompt: String
  package var tokens: Int
  package var temperature: Double
  package var topK: Int
  package var topP: Double
  package var seed: UInt64
  package var threads: Int

  package init(model: FilePath, prompt: String, tokens: Int, temperature: Double, topK: Int, topP: Double, seed: UInt64, threads: Int) {
    self.model = model
    self.prompt = prompt
    self.tokens = tokens
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.seed = seed
    self.threads = threads
  }

  /// Returns the continuation; `emit` hears it piece by piece.
  ///
  /// - Throws: `Problem`.
  package func run(emit: (String) -> Void) throws -> String {
    do {
      let tokenizer = try TokenizerFolder(files: LinuxFileSystem()).load(model)
      let model = try LanguageModel.load(model, on: ThreadTeam(count: threads))
      var ids = tokenizer.encode(prompt, addingSpecialTokens: true).map(Int32.init)
      // Nothing to go on from: the end of one text is the beginning of the next.
      if ids.isEmpty, let end = tokenizer.endOfTextID { ids = [Int32(end)] }
      guard !ids.isEmpty else { throw Problem("generate.empty", "there is no prompt", mend: "Give some text to go on with.") }
      let sampler = Sampler(temperature: temperature, topK: topK > 0 ? topK : nil, topP: topP, seed: seed)
      return try TextGeneration(model: model, tokenizer: tokenizer).complete(ids, tokens: tokens, sampler: sampler, emit: emit)
    } catch let error as ModelError {
      throw Problem(model: error)
    }
  }
}
