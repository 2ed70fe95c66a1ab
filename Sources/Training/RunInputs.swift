import Domain
import LanguageModels
import Tokenizers

/// Everything that a run starts from: config, tokens, samples, tokenizer, model.
struct RunInputs {
  let configuration: Configuration
  let tokenizer: Tokenizer
  /// How conversations are rendered, where the data holds any.
  let chat: ChatRenderer?
  let modelConfiguration: ModelConfiguration
  let trainSamples: any SampleSource
  let evalSamples: any SampleSource
  let train: TokenizationCard.Split
  let eval: TokenizationCard.Split
  /// The held-out part by itself: prompts are taken of it.
  let heldOut: TokenizedSplit
  /// Names the run: a checkpoint with another name is not gone on from.
  let identity: String
  let remarks: [String]
}
