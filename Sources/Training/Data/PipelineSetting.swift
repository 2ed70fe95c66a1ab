import Domain
import Tokenizers

/// What the threads of a pipeline need to know, the same for all rows of a split.
struct PipelineSetting: Sendable {
  let tokenizer: Tokenizer
  let reader: any SequenceReader
  /// Whether there is no loss on some tokens.
  let masked: Bool
  let form: SequenceForm
  let treatment: RowTreatment
  /// Rows of the split that are read.
  let limit: Int
  /// Each document has its own lot, whether it is held out; nil: all go to one side, and may be parted later.
  let lot: (share: Double, seed: UInt64)?
  /// Whether fingerprints of documents are wanted, to part them later.
  let keepsFingerprints: Bool

  let endOfText: TokenID?
  let stopWords: StopWordFilter?
  /// For each id whether it is taken out of rows; empty where none is.
  let isSpecial: [Bool]

  init(
    tokenizer: Tokenizer, reader: any SequenceReader, masked: Bool, form: SequenceForm, treatment: RowTreatment, limit: Int,
    lot: (share: Double, seed: UInt64)?, keepsFingerprints: Bool
  ) {
    self.tokenizer = tokenizer
    self.reader = reader
    self.masked = masked
    self.form = form
    self.treatment = treatment
    self.limit = limit
    self.lot = lot
    self.keepsFingerprints = keepsFingerprints
    endOfText = tokenizer.endOfTextID
    stopWords = treatment.removesStopWords ? StopWordFilter(lists: treatment.stopWords, own: treatment.ownStopWords) : nil
    isSpecial =
      treatment.filtersSpecialTokens ? (0..<tokenizer.vocabularySize).map { tokenizer.isSpecial(TokenID($0)) } : []
  }

  var wantsFingerprints: Bool { lot != nil || keepsFingerprints }
  var wantsTexts: Bool { treatment.duplicates != .keep }

  /// Rows of which nothing is left are kept as empty sequences where rows are only read, so that numbers stay what they were.
  var keepsEmpty: Bool { treatment.changesNothing && form == .whole }
}
