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
  /// What `samples.md` goes on from where the config names nothing and nothing that is held out has a prompt.
  var samplePrompts: [[Int32]] { get }
  /// The held-out part with its prompts and answers; nil where the method keeps none.
  var heldOut: HeldOutSequences? { get }
  /// How many sequences are held out, and what of the training part does not fit; nil where there is no such thing.
  var evalCount: Int { get }
  /// What is computed once, before the model that trains is made.
  func reference(_ setting: ReferenceSetting) throws -> ReferenceScores?
  func objective(_ setting: ObjectiveSetting) throws -> any Objective

  // What a plan wants to know.

  /// What became of the rows, those apart that ingest could not read.
  var rows: JobPlan.Rows { get }
  /// The passes that the objective makes, the one that trains first.
  func passes(_ training: TrainingSection) -> [PassShape]
  /// The pass of a frozen model that stays beside the one that trains; nil where there is none.
  func referencePass(_ training: TrainingSection) -> PassShape?
  /// Answers that are sampled together, and their longest with its prompt; nil where none are.
  func sampling(_ training: TrainingSection) -> (batch: Int, capacity: Int)?
  /// Seconds of one evaluation, from what a step takes.
  func evaluationSeconds(_ cost: StepCost, _ configuration: Configuration) -> Double
  /// Seconds of what `reference` computes.
  func referenceSeconds(_ cost: StepCost, _ configuration: Configuration, steps: Int) -> Double
}

/// Held-out sequences with a mask, of which prompts and answers are read.
struct HeldOutSequences {
  let tokens: TokenizedSplit
  /// Of a pair of answers the first: every second sequence.
  var stride = 1
}

extension MethodWork {
  func reference(_ setting: ReferenceSetting) throws -> ReferenceScores? { nil }
  func referencePass(_ training: TrainingSection) -> PassShape? { nil }
  func sampling(_ training: TrainingSection) -> (batch: Int, capacity: Int)? { nil }
  func referenceSeconds(_ cost: StepCost, _ configuration: Configuration, steps: Int) -> Double { 0 }

  /// Forward alone is a third of forward and back.
  func evaluationSeconds(_ cost: StepCost, _ configuration: Configuration) -> Double {
    let tokens = min(evalTokens, configuration.evaluation.maximumTokens ?? evalTokens)
    let perStep = samplesPerStep * Double(trainTokens) / Double(max(trainCount, 1))
    return cost.step / 3 * Double(tokens) / max(perStep, 1)
  }
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
  /// The same, with the reason where there are none.
  func reading(_ row: DatasetRow) -> RowReading
  /// Whether the segments of a sequence are one text that is tokenized as a whole, and not texts side by side.
  var joinsSegments: Bool { get }
  /// The same with conversations rendered as the tokenizer wants them.
  func rendering(with chat: ChatRenderer) -> any SequenceReader
  /// How many a row makes.
  var sequencesOfRow: Int { get }
  /// The column whose text is all that a row gives: one segment, trained, which ends the text where no piece of it follows. nil where rows
  /// give anything else.
  var plainText: FieldName? { get }
}

/// What a row gives.
enum RowReading: Equatable {
  case sequences([[Segment]])
  /// It lacks what the schema promises: a null, an empty list.
  case nothing
  /// It has what the schema promises, and cannot be trained on all the same.
  case refused(String)
}

extension SequenceReader {
  var plainText: FieldName? { nil }
  func reading(_ row: DatasetRow) -> RowReading { sequences(of: row).map { .sequences($0) } ?? .nothing }
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
