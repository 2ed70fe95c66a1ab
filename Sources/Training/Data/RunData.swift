import Domain
import Platform
import StrictJSON
import SystemPackage
import Tokenizers

/// The tokens of a run: every dataset tokenized, several of them mixed, the two sides held apart.
struct RunData {
  let order: TrainOrder
  let configuration: Configuration
  let tokenizer: Tokenizer
  let method: any Method
  let files: any FileSystem
  let report: (WorkerEvent) -> Void

  typealias LoadedSplit = (card: TokenizationCard.Split, tokens: TokenizedSplit)

  struct Made {
    var train: LoadedSplit
    var eval: LoadedSplit
    /// What a user should know of the rows, in sentences.
    var remarks: [String]
    /// Why rows were refused, where any were: the first reason.
    var refusal: String?
  }

  private typealias Tokenized = (source: DataSource, layout: TokenizationLayout, card: TokenizationCard)

  func make(parts: [(source: DataSource, ratio: Double)], eval: DataSource?) throws -> Made {
    let share = eval == nil ? configuration.data.heldOutShare : 0
    let isMixed = order.mixture != nil
    var remarks: [String] = []
    var tokenized: [Tokenized] = []
    for part in parts {
      let made = try tokenization(
        part.source, heldOutShare: share, rowLimit: isMixed ? rowLimit(part.ratio, share) : configuration.data.rowLimit)
      tokenized.append((part.source, made.0, made.1))
      remarks += Self.remarks(of: made.1, in: part.source, isOne: !isMixed)
    }
    var held: LoadedSplit?
    if let eval {
      let (layout, card) = try tokenization(eval, heldOutShare: 0, rowLimit: configuration.data.rowLimit)
      remarks += Self.remarks(of: card, in: eval, isOne: false)
      held = try load(layout, card, Tokenization.trainSplit)
    }
    let refusal = tokenized.flatMap(\.card.refused).first.map { "\($0.reason) (row \($0.firstRow))" }
    guard isMixed else {
      let (source, layout, card) = tokenized[0]
      let train = try load(layout, card, Tokenization.trainSplit)
      let eval = try held ?? load(layout, card, Tokenization.evalSplit)
      if held != nil || source.namedEvalSplit != nil, let leak = Self.leak(train.tokens, eval.tokens) { remarks.append(leak) }
      return Made(train: train, eval: eval, remarks: remarks, refusal: refusal)
    }
    let mixture = try Mixture(
      parts: try zip(tokenized, parts).map { made, part in
        let eval = try held == nil ? load(made.layout, made.card, Tokenization.evalSplit).tokens : nil
        return Mixture.Part(
          name: part.source.pin.name, ratio: part.ratio, train: try load(made.layout, made.card, Tokenization.trainSplit).tokens, eval: eval
        )
      },
      total: configuration.data.rowLimit, seed: UInt64(configuration.seed), vocabulary: tokenizer.vocabularySize,
      masked: parts.contains { method.masks($0.source.reader) }, layout: JobLayout(folder: FilePath(order.folder)).mixture, files: files
    ).make(given: held?.tokens)
    let split = { (name: String) throws -> LoadedSplit in try self.load(mixture.layout, mixture.card, name) }
    return Made(
      train: try split(Tokenization.trainSplit), eval: try held ?? split(Tokenization.evalSplit), remarks: mixture.remarks + remarks,
      refusal: refusal)
  }

  /// Of a part no more rows are read than its share of the total, and what is held out of them.
  private func rowLimit(_ ratio: Double, _ heldOut: Double) -> Int? {
    configuration.data.rowLimit.map { Int((Double($0) * ratio / max(0.01, 1 - heldOut)).rounded(.up)) + 1 }
  }

  private func tokenization(_ source: DataSource, heldOutShare: Double, rowLimit: Int?) throws -> (TokenizationLayout, TokenizationCard) {
    var lastReport = WallClock.system.monotonic()
    let data = configuration.data
    let templates = [tokenizer.settings.chatTemplate].compactMap(\.self) + tokenizer.settings.namedChatTemplates.map(\.template)
    let chat = source.reader.isConversation ? SHA256.hash((templates.joined(separator: "\u{0}") + configuration.tools.text()).utf8) : ""
    return try Tokenization(
      source: source, tokenizer: tokenizer, tokenizerSHA256: SHA256.hash(tokenizer.json), masked: method.masks(source.reader),
      heldOutShare: heldOutShare, maximumRows: rowLimit,
      reading: [data.textField, data.promptField, data.completionField].map { $0 ?? "" }.joined(separator: "|")
        + "|\(tokenizer.endOfTextID ?? 0)|\(chat)",
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

  private func load(_ layout: TokenizationLayout, _ card: TokenizationCard, _ name: String) throws -> LoadedSplit {
    guard let split = card.split(name) else {
      throw Problem(
        "tokenization.damaged", "the card in \(layout.folder) names no split '\(name)'",
        mend: "Delete that folder; the tokens are made anew.")
    }
    return (split, try TokenizedSplit(layout, split, vocabulary: card.vocabularySize))
  }

  // MARK: remarks

  private static func remarks(of card: TokenizationCard, in source: DataSource, isOne: Bool) -> [String] {
    let of = isOne ? "" : " of '\(source.pin.name)'"
    var remarks: [String] = []
    if card.emptyRows > 0 { remarks.append("\(card.emptyRows) rows\(of) have nothing for this method and are left out.") }
    for refused in card.refused {
      remarks.append("\(refused.rows) of \(card.rows) rows\(of) are left out: \(refused.reason) (the first is row \(refused.firstRow)).")
    }
    if card.duplicates > 0 {
      remarks.append(
        "\(card.duplicates) of \(card.rows) rows\(of) are equal to one before them; equal rows are either all trained on or all held out.")
    }
    return remarks
  }

  /// A given evaluation part of which some was trained on flatters the model.
  private static func leak(_ train: TokenizedSplit, _ eval: TokenizedSplit) -> String? {
    guard eval.sequenceCount > 0 else { return nil }
    let trained = Set((0..<train.sequenceCount).map(train.fingerprint))
    let leaked = (0..<eval.sequenceCount).count { !eval.sequence($0).isEmpty && trained.contains(eval.fingerprint($0)) }
    guard leaked > 0 else { return nil }
    return
      "\(leaked) of \(eval.sequenceCount) rows of the evaluation part stand in the training part too: its figures flatter the model. Remove them from one of the two."
  }
}
