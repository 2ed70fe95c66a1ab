import DatasetFormats
import Domain
import LanguageModels
import Platform
import Tokenizers

/// A training method: how it reads rows, and what it makes of a dataset. What it does at a step is its `Objective`.
/// To add one: a file here, and a case of `TrainingMethod`.
protocol Method: Sendable {
  /// - Throws: `Problem` where the dataset has nothing for the method: `MethodFit` has said so before.
  func reader(_ data: DataSection, ingest: IngestResult) throws -> any SequenceReader
  func work(_ data: MethodData) throws -> any MethodWork
}

/// A method with its data: what a run trains on, and how.
protocol MethodWork {
  /// Sequences, pairs or prompts an epoch, at least 1; and how many of them a step takes.
  var trainCount: Int { get }
  var samplesPerStep: Double { get }
  /// What is counted above, for people.
  var unit: String { get }
  /// Longest sequence that goes through the model.
  var length: Int { get }
  var trainTokens: Int { get }
  var evalTokens: Int { get }
  /// What a user should know of the samples, in sentences.
  var remarks: [String] { get }
  /// What `samples.md` goes on from where the config names nothing.
  var samplePrompt: [Int32] { get }
  /// What is computed once, before the model that trains is made.
  func reference(_ setting: ReferenceSetting) throws -> ReferenceScores?
  func objective(_ setting: ObjectiveSetting) throws -> any Objective
}

extension MethodWork {
  func reference(_ setting: ReferenceSetting) throws -> ReferenceScores? { nil }
}

/// Where a run's reference is computed.
struct ReferenceSetting {
  let configuration: Configuration
  let run: String
  let steps: Int
  let job: JobLayout
  let files: any FileSystem
  let clock: WallClock
  /// The model as it is before the first step, a copy of its own.
  let startModel: () throws -> LanguageModel
  let report: (WorkerEvent) -> Void
  let isStopped: () -> Bool
}

/// Where an objective works.
struct ObjectiveSetting {
  let configuration: Configuration
  let tokenizer: Tokenizer
  let model: LanguageModel
  let shape: RunShape
  let job: JobLayout
  let files: any FileSystem
  let clock: WallClock
  let reference: ReferenceScores?
  let startModel: () throws -> LanguageModel
  let allowsCommands: Bool
  /// A line of the log.
  let say: (String) throws -> Void

  var training: TrainingSection { configuration.training }
}

/// Reads rows as sequences of segments.
protocol SequenceReader: Sendable {
  /// Whether rows are prompts with answers, so that there is something to mask.
  var hasPrompts: Bool { get }
  /// Whether rows are conversations, which a chat template renders.
  var isConversation: Bool { get }
  /// The sequences that a row makes, as many of every row; nil where the row lacks what the schema promises.
  func sequences(of row: DatasetRow) -> [[Segment]]?
  /// How many a row makes.
  var sequencesOfRow: Int { get }
}

extension TrainingMethod {
  func make(_ training: TrainingSection) -> any Method {
    switch self {
    case .pretrain: Pretraining(training)
    case .sft: SupervisedFineTuning(training)
    case .dpo: DirectPreference(training)
    case .orpo: OddsRatio(training)
    case .grpo: GroupRelative(training)
    }
  }
}
