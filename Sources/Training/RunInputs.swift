import Domain
import LanguageModels
import Tokenizers

/// Everything that a run starts from: config, tokens, samples, tokenizer, model.
struct RunInputs {
  let configuration: Configuration
  let tokenizer: Tokenizer
  /// How conversations are rendered, where the data hold any.
  let chat: ChatRenderer?
  let modelConfiguration: ModelConfiguration
  /// The method with its data.
  let work: any MethodWork
  /// Names the run: a checkpoint with another name is not gone on from.
  let identity: String
  let remarks: [String]
  /// Rows of the datasets that ingest could not read.
  let badRows: Int
  /// Of an evaluation on request, where the dataset has several: the split that is measured.
  var measuredSplit: String?

  /// Passes over the data that so many steps make, with a fraction.
  func epoch(at step: Int) -> Double { Double(step) * work.samplesPerStep / Double(work.trainCount) }
}
