import Domain
import Platform
import StrictJSON
import SystemPackage
import Tokenizers

/// The datasets of a run on their way to a method: rows, tokenizer, and the token files where the method wants them; several datasets
/// are mixed, and what is held out is held apart.
struct MethodData {
  let order: TrainOrder
  let configuration: Configuration
  let tokenizer: Tokenizer
  /// What is trained on, with the share of each.
  let sources: [(source: DataSource, ratio: Double)]
  /// The dataset that the job names for evaluation.
  let evalSource: DataSource?
  let files: any FileSystem
  let report: (WorkerEvent) -> Void

  typealias LoadedSplit = (card: TokenizationCard.Split, tokens: TokenizedSplit)

  struct Tokens {
    var train: LoadedSplit
    var eval: LoadedSplit
    /// What a user should know of the rows, in sentences.
    var remarks: [String]
    /// What became of the rows, before any was cut.
    var rows: JobPlan.Rows
    /// Why rows were refused, where any were: the first reason.
    var refusal: String?
  }

  private typealias Tokenized = (source: DataSource, layout: TokenizationLayout, card: TokenizationCard)

  /// The token files of both splits, found or made.
  func tokens(masked: (any SequenceReader) -> Bool) throws -> Tokens {
    if order.evaluation != nil { return try measured(masked: masked) }
    let (parts, eval) = (sources, evalSource)
    let unit = sources[0].source.reader.sequencesOfRow
    let share = eval == nil ? configuration.data.heldOutShare : 0
    let isMixed = order.mixture != nil
    var remarks: [String] = []
    var tokenized: [Tokenized] = []
    for part in parts {
      let made = try tokenization(
        part.source, masked, heldOutShare: share, rowLimit: isMixed ? rowLimit(part.ratio, share) : configuration.data.rowLimit)
      tokenized.append((part.source, made.0, made.1))
      remarks += Self.remarks(of: made.1, in: part.source, isOne: !isMixed)
    }
    var held: LoadedSplit?
    if let eval {
      let (layout, card) = try tokenization(eval, masked, heldOutShare: 0, rowLimit: configuration.data.rowLimit)
      remarks += Self.remarks(of: card, in: eval, isOne: false)
      held = try load(layout, card, Tokenization.trainSplit)
    }
    let rows = Self.rows(of: tokenized.map(\.card))
    let refusal = tokenized.flatMap(\.card.refused).first.map { "\($0.reason) (row \($0.firstRow))" }
    guard isMixed else {
      let (source, layout, card) = tokenized[0]
      let train = try load(layout, card, Tokenization.trainSplit)
      let eval = try held ?? load(layout, card, Tokenization.evalSplit)
      if held != nil || source.namedEvalSplit != nil, let leak = Self.leak(train.tokens, eval.tokens, unit) { remarks.append(leak) }
      return Tokens(train: train, eval: eval, remarks: remarks, rows: rows, refusal: refusal)
    }
    let mixture = try Mixture(
      parts: try zip(tokenized, parts).map { made, part in
        let eval = try held == nil ? load(made.layout, made.card, Tokenization.evalSplit).tokens : nil
        return Mixture.Part(
          name: part.source.pin.name, ratio: part.ratio, train: try load(made.layout, made.card, Tokenization.trainSplit).tokens, eval: eval
        )
      },
      total: configuration.data.rowLimit, seed: UInt64(configuration.seed), vocabulary: tokenizer.vocabularySize,
      masked: parts.contains { masked($0.source.reader) }, unit: unit, layout: JobLayout(folder: FilePath(order.folder)).mixture,
      files: files
    ).make(given: held?.tokens)
    let split = { (name: String) throws -> LoadedSplit in try self.load(mixture.layout, mixture.splits, name) }
    return Tokens(
      train: try split(Tokenization.trainSplit), eval: try held ?? split(Tokenization.evalSplit), remarks: mixture.remarks + remarks,
      rows: rows,
      refusal: refusal)
  }

  /// Of an evaluation on request: what is measured stands for what would be trained on too, which is never looked at.
  private func measured(masked: (any SequenceReader) -> Bool) throws -> Tokens {
    let source = sources[0].source
    let (layout, card) = try tokenization(source, masked, heldOutShare: 0, rowLimit: configuration.data.rowLimit)
    let all = try load(layout, card, Tokenization.trainSplit)
    return Tokens(
      train: all, eval: all, remarks: Self.remarks(of: card, in: source, isOne: true), rows: Self.rows(of: [card]),
      refusal: card.refused.first.map { "\($0.reason) (row \($0.firstRow))" })
  }

  /// Of a part no more rows are read than its share of the total, and what is held out of them.
  private func rowLimit(_ ratio: Double, _ heldOut: Double) -> Int? {
    configuration.data.rowLimit.map { Int((Double($0) * ratio / max(0.01, 1 - heldOut)).rounded(.up)) + 1 }
  }

  private func tokenization(
    _ source: DataSource, _ masked: (any SequenceReader) -> Bool, heldOutShare: Double, rowLimit: Int?
  ) throws -> (TokenizationLayout, TokenizationCard) {
    var lastReport = WallClock.system.monotonic()
    let made = try Tokenization(
      source: source, configuration: configuration, tokenizer: tokenizer, masked: masked(source.reader), heldOutShare: heldOutShare,
      maximumRows: rowLimit, threads: order.threads, files: files
    ).make(
      report: { done, total in
        let now = WallClock.system.monotonic()
        if now - lastReport > 200_000_000 {
          lastReport = now
          report(.phase(.tokenizing, share: Double(done) / Double(max(total, 1))))
        }
      }, isStopped: { WorkerProcess.stopWasAsked })
    report(.tokenized(source.pin.name, id: made.card.id))
    return (made.layout, made.card)
  }

  private func load(_ layout: TokenizationLayout, _ card: TokenizationCard, _ name: String) throws -> LoadedSplit {
    try load(layout, card.splits, name)
  }

  private func load(_ layout: TokenizationLayout, _ splits: [TokenizationCard.Split], _ name: String) throws -> LoadedSplit {
    guard let split = splits.first(where: { $0.name == name }) else {
      throw Problem(
        "tokenization.damaged", "the card in \(layout.folder) names no split '\(name)'",
        mend: "Delete that folder; the tokens are made anew.")
    }
    return (split, try TokenizedSplit(layout, split, vocabulary: tokenizer.vocabularySize))
  }

  // MARK: remarks

  private static func rows(of cards: [TokenizationCard]) -> JobPlan.Rows {
    var rows = JobPlan.Rows()
    let refused = cards.flatMap(\.refused).reduce(0) { $0 + $1.rows }
    rows.read = cards.reduce(0) { $0 + $1.rows }
    rows.empty = cards.reduce(0) { $0 + $1.emptyRows }
    rows.refused = refused
    rows.duplicate = cards.reduce(0) { $0 + $1.duplicates }
    rows.usable = max(0, rows.read - refused - (rows.empty ?? 0))
    return rows
  }

  private static func remarks(of card: TokenizationCard, in source: DataSource, isOne: Bool) -> [String] {
    let of = isOne ? "" : " of '\(source.pin.name)'"
    var remarks: [String] = []
    if card.emptyRows > 0 { remarks.append("\(card.emptyRows) rows\(of) have nothing for this method and are left out.") }
    for refused in card.refused {
      remarks.append("\(refused.rows) of \(card.rows) rows\(of) are left out: \(refused.reason) (the first is row \(refused.firstRow)).")
    }
    for removed in card.removed where removed.rows > 0 {
      remarks.append("\(removed.filter): \(Figures.grouped(removed.rows)) rows\(of), \(Figures.grouped(removed.tokens)) tokens taken away.")
    }
    if card.duplicates > 0 {
      remarks.append(
        "\(card.duplicates) of \(card.rows) rows\(of) are equal to one before them; equal rows are either all trained on or all held out.")
    }
    return remarks
  }

  /// A given evaluation part of which some was trained on flatters the model.
  private static func leak(_ train: TokenizedSplit, _ eval: TokenizedSplit, _ unit: Int) -> String? {
    guard eval.sequenceCount > 0 else { return nil }
    let trained = Set((0..<train.sequenceCount / unit).map { train.fingerprint($0, of: unit) })
    let leaked = (0..<eval.sequenceCount / unit).count {
      !eval.places($0, of: unit).isEmpty && trained.contains(eval.fingerprint($0, of: unit))
    }
    guard leaked > 0 else { return nil }
    return
      "\(leaked) of \(eval.sequenceCount / unit) rows of the evaluation part stand in the training part too: its figures flatter the model. Remove them from one of the two."
  }

  func nothingToTrain(_ train: TokenizationCard.Split, _ refusal: String? = nil) -> Problem {
    if order.evaluation != nil {
      return Problem(
        "data.nothing-to-measure",
        "the dataset '\(order.train.name)' has nothing to measure: \(train.tokens) tokens, \(train.trainedTokens) of them with a loss",
        why: refusal
          ?? "rows are empty, or every answer lies beyond the \(configuration.training.maximumLength) tokens that are read of a row",
        mend: "Look at the rows (data/ in the dataset's folder), and drop the request again.")
    }
    return Problem(
      "data.nothing-to-train",
      "the dataset '\(order.train.name)' has nothing to train on: \(train.tokens) tokens, \(train.trainedTokens) of them with a loss",
      why: refusal ?? "rows are empty, or every completion lies beyond max_length \(configuration.training.maximumLength)",
      mend: refusal == nil
        ? "Look at the rows (data/ in the dataset's folder), raise training.max_length, or add rows."
        : "Mend the rows, or the chat template (chat_template.jinja in the model's folder), and drop them again.")
  }

  static func remarks(emptyRows: Int, evalTokens: Int) -> [String] {
    var remarks: [String] = []
    if emptyRows > 0 { remarks.append("\(emptyRows) rows have nothing for this method and are left out.") }
    if evalTokens < 2 {
      remarks.append(
        "Nothing is held out: the dataset is too small, its rows are all equal, or data.eval_split is 0. There is no evaluation.")
    }
    return remarks
  }
}
