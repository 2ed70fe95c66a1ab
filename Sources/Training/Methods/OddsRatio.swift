import Domain
import LanguageModels

/// Odds ratio preference optimisation, Hong et al., arXiv 2403.07691: cross-entropy on the chosen text, and beside it the odds of the
/// chosen answer against those of the rejected one. There is no reference.
struct OddsRatio: Method {
  private let training: TrainingSection

  init(_ training: TrainingSection) { self.training = training }

  func reader(_ data: DataSection, ingest: IngestResult) throws -> any SequenceReader { PreferenceReader(data, ingest: ingest) }

  func work(_ data: MethodData) throws -> any MethodWork {
    let loss = OddsRatioLoss(beta: training.preference.beta ?? 0.1)
    return try PreferenceWork(data, needsReference: false) { _ in .oddsRatio(loss) }
  }
}
