import Domain
import LanguageModels

/// Direct preference optimisation, Rafailov et al., arXiv 2305.18290: the chosen answer is made likelier than the rejected one, as far as
/// the frozen model that the run began with allows. Losses in `PreferenceLoss`.
struct DirectPreference: Method {
  private let training: TrainingSection

  init(_ training: TrainingSection) { self.training = training }

  func reader(_ data: DataSection, ingest: IngestResult) throws -> any SequenceReader { PreferenceReader(data, ingest: ingest) }

  func work(_ data: MethodData) throws -> any MethodWork {
    let kind = PreferenceLoss.Kind(rawValue: training.preference.loss?.rawValue ?? "") ?? .sigmoid
    let loss = PreferenceLoss(
      kind: kind, beta: training.preference.beta ?? 0.1, labelSmoothing: kind == .robust ? training.preference.labelSmoothing ?? 0 : 0)
    return try PreferenceWork(data, needsReference: true) { .direct(loss, $0) }
  }
}
