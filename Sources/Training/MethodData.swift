import Domain
import Platform
import SystemPackage
import Tokenizers

/// A dataset on its way to a method: rows, tokenizer, and the token files where the method wants them.
struct MethodData {
  typealias LoadedSplit = (card: TokenizationCard.Split, tokens: TokenizedSplit)

  let order: TrainOrder
  let configuration: Configuration
  let tokenizer: Tokenizer
  let method: any Method
  let ingest: IngestResult
  /// Of the dataset that the job names for evaluation.
  let evalIngest: IngestResult?
  let files: any FileSystem
  let report: (WorkerEvent) -> Void

  /// The token files of both splits, found or made.
  func tokens(masked: (any SequenceReader) -> Bool) throws -> (train: LoadedSplit, eval: LoadedSplit, emptyRows: Int) {
    let (layout, card) = try tokenization(
      order.train, ingest, masked, heldOutShare: order.eval == nil ? configuration.data.heldOutShare : 0)
    let train = try split(card, layout, Tokenization.trainSplit)
    var eval = try split(card, layout, Tokenization.evalSplit)
    if let other = order.eval, let evalIngest {
      let (otherLayout, otherCard) = try tokenization(other, evalIngest, masked, heldOutShare: 0)
      eval = try split(otherCard, otherLayout, Tokenization.trainSplit)
    }
    return (train, eval, card.emptyRows)
  }

  private func tokenization(
    _ pin: TrainOrder.DatasetPin, _ ingest: IngestResult, _ masked: (any SequenceReader) -> Bool, heldOutShare: Double
  ) throws -> (TokenizationLayout, TokenizationCard) {
    var lastReport = WallClock.system.monotonic()
    let data = configuration.data, reader = try method.reader(data, ingest: ingest)
    let kind = reader.sequencesOfRow == 1 ? "" : "|\(reader.sequencesOfRow) of a row"
    return try Tokenization(
      pin: pin, ingest: ingest, reader: reader, tokenizer: tokenizer, tokenizerSHA256: SHA256.hash(tokenizer.json), masked: masked(reader),
      heldOutShare: heldOutShare, maximumRows: data.maximumSamples,
      reading: [data.textField, data.promptField, data.completionField].map { $0 ?? "" }.joined(separator: "|")
        + "|\(tokenizer.endOfTextID ?? 0)" + kind,
      seed: UInt64(configuration.seed), files: files
    ).make(
      report: { share in
        let now = WallClock.system.monotonic()
        if now - lastReport > 200_000_000 {
          lastReport = now
          report(.phase(.tokenizing, share: share))
        }
      }, isStopped: { WorkerProcess.stopWasAsked })
  }

  private func split(_ card: TokenizationCard, _ layout: TokenizationLayout, _ name: String) throws -> LoadedSplit {
    guard let split = card.split(name) else {
      throw Problem(
        "tokenization.damaged", "the card in \(layout.folder) names no split '\(name)'",
        mend: "Delete that folder; the tokens are made anew.")
    }
    return (split, try TokenizedSplit(layout, split, vocabulary: card.vocabularySize))
  }

  func nothingToTrain(_ train: TokenizationCard.Split) -> Problem {
    Problem(
      "data.nothing-to-train",
      "the dataset '\(order.train.name)' has nothing to train on: \(train.tokens) tokens, \(train.trainedTokens) of them with a loss",
      why: "rows are empty, or every completion lies beyond max_length \(configuration.training.maximumLength)",
      mend: "Look at the rows (data/ in the dataset's folder), raise training.max_length, or add rows.")
  }

  static func remarks(emptyRows: Int, evalTokens: Int) -> [String] {
    var remarks: [String] = []
    if emptyRows > 0 { remarks.append("\(emptyRows) rows have nothing for this method and are left out.") }
    if evalTokens < 2 {
      remarks.append("Nothing is held out: the dataset is too small, or data.eval_split is 0. There is no evaluation.")
    }
    return remarks
  }
}
