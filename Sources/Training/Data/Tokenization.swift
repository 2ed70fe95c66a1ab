import DatasetFormats
import Domain
import Kernels
import Platform
import Synchronization
import SystemPackage
import Tokenizers

/// Makes token files of a dataset version, once for each tokenizer and way of reading: kept in the dataset's folder under a
/// name that says all of it, and found there by whoever needs the same.
struct Tokenization {
  let source: DataSource
  let tokenizer: Tokenizer
  /// What the config calls it.
  let tokenizerName: String
  let method: TrainingMethod
  let masked: Bool
  /// Held out from the rows of `train` where the dataset has no split for evaluation; 0: nothing.
  let heldOutShare: Double
  let maximumRows: Int?
  /// What the form of the rows depends on beside the dataset: it is part of the name.
  let reading: String
  let seed: Int
  /// Longest sequence, tokens; of account only where rows become windows or are cut.
  let maximumLength: Int
  let treatment: RowTreatment
  let threads: Int
  let files: any FileSystem

  /// Rises when the same inputs would give other files.
  private static let formatVersion = 3

  private static let fewDocuments = 20

  static let trainSplit = "train"
  static let evalSplit = "eval"
  /// Both, before it is known which sequence belongs to which.
  private static let undivided = "undivided"

  struct Made {
    var layout: TokenizationLayout
    var card: TokenizationCard
    var wasThere: Bool
  }

  private var pin: TrainOrder.DatasetPin { source.pin }
  private var reader: any SequenceReader { source.reader }
  private var tokenizerSHA256: String { SHA256.hash(tokenizer.json) }

  private var form: SequenceForm {
    if treatment.makesWindows { return .windows(length: maximumLength, stride: treatment.stride) }
    return treatment.truncate == true ? .cut(length: maximumLength) : .whole
  }

  /// What is done to rows, in words that are the same wherever that is.
  private var recipe: String {
    var words = ["\(form)", "\(treatment.minimumTokens)", "\(treatment.filtersSpecialTokens)", treatment.duplicates.rawValue]
    if treatment.duplicates == .near { words.append("\(treatment.similarity)") }
    words.append(Set(treatment.stopWords.map(\.rawValue)).sorted().joined(separator: ","))
    words.append(Set(treatment.ownStopWords).sorted().joined(separator: "\u{0}"))
    return words.joined(separator: "|")
  }

  var id: String {
    let what = [
      "\(Self.formatVersion)", pin.sha256, tokenizerSHA256, reading, "\(masked)", "\(heldOutShare)", "\(maximumRows ?? 0)", "\(seed)",
      recipe,
    ].joined(separator: "\n")
    return String(SHA256.hash(what.utf8).prefix(16))
  }

  /// Returns where the tokens lie, and makes them where they do not.
  ///
  /// - report: rows that are done, and of how many.
  /// - isStopped: asked often, by several threads; where true the work ends with `CancellationError` and leaves nothing half-made.
  func make(report: @escaping (Int, Int) -> Void, isStopped: @escaping () -> Bool) throws -> Made {
    try checkTreatment()
    let layout = DatasetLayout(folder: FilePath(pin.datasetFolder)).tokenization(id)
    if let card = try standing(layout) { return Made(layout: layout, card: card, wasThere: true) }
    let lock = try TokenizationLock(layout, files: files, isStopped: isStopped)
    if let card = try standing(layout) {  // another worker has made it meanwhile
      lock.removeFile()
      return Made(layout: layout, card: card, wasThere: true)
    }
    let partial = layout.partial
    try files.removeTree(partial.folder)
    try files.makeFolders(partial.folder)
    let card: TokenizationCard
    do {
      card = try write(to: partial, report: report, isStopped: isStopped)
    } catch {
      try? files.removeTree(partial.folder)  // the error is what is told
      lock.removeFile()
      throw error
    }
    KillPoint.pass(.tokensWritten)
    try files.publish(try PublishedJSON.bytes(of: card), to: partial.card)
    if files.exists(layout.folder) { try files.removeTree(layout.folder) }
    try files.move(partial.folder, to: layout.folder)
    lock.removeFile()
    return Made(layout: layout, card: card, wasThere: false)
  }

  private func standing(_ layout: TokenizationLayout) throws -> TokenizationCard? {
    files.exists(layout.card) ? try PublishedJSON.decode(TokenizationCard.self, from: try files.contents(of: layout.card)) : nil
  }

  /// Conversations are made of special tokens and of every word that was said.
  private func checkTreatment() throws {
    guard reader.isConversation, treatment.filtersSpecialTokens || treatment.removesStopWords else { return }
    throw Problem(
      "tokenization.conversation", "the dataset '\(pin.name)' holds conversations, whose tokens cannot be taken out one by one",
      at: .init(field: treatment.filtersSpecialTokens ? "filter_special_tokens" : "stop_words"),
      why: "a chat template marks with special tokens who speaks", mend: "Remove the field and drop it again.")
  }

  private func write(
    to layout: TokenizationLayout, report: @escaping (Int, Int) -> Void, isStopped: @escaping () -> Bool
  ) throws -> TokenizationCard {
    let start = WallClock.system.monotonic()
    let version = DatasetVersionLayout(folder: FilePath(pin.folder))
    let named = source.namedEvalSplit
    let trainRows = try DatasetRows(version, split: source.trainSplit)
    let evalRows = try named.map { try DatasetRows(version, split: $0) }
    let limit = min(trainRows.count, maximumRows ?? trainRows.count)
    let total = limit + (evalRows?.count ?? 0)

    let documents = Self.documents(trainRows, limit: limit, team: ThreadTeam(count: threads))
    let share = named == nil ? heldOutShare : 0
    // Of a few long texts the end is held out, as nanoGPT does: whole ones would be far more or less than the share.
    let holdsOutTail = share > 0 && !masked && documents < Self.fewDocuments
    let isDrawn = share > 0 && !holdsOutTail
    let isFew = documents <= HeldOut.mostInTable
    let isUndivided = (isDrawn && isFew) || (holdsOutTail && form != .whole)
    let trainName = isUndivided ? Self.undivided : Self.trainSplit
    let (trainWriter, evalWriter) = (try writer(layout, trainName), try writer(layout, Self.evalSplit))
    var tally = try TokenPipeline(
      trainRows, setting(limit: limit, lot: isDrawn && !isFew ? (share, UInt64(seed)) : nil, keepsFingerprints: isFew),
      train: trainWriter, eval: evalWriter, report: { report($0, total) }, isStopped: isStopped
    ).run(threads: threads)
    let ofTrain = tally
    if let evalRows {
      let done = tally.rows
      tally.add(
        try TokenPipeline(
          evalRows, setting(limit: evalRows.count, lot: nil, keepsFingerprints: isFew), train: evalWriter, eval: nil,
          report: { report(done + $0, total) }, isStopped: isStopped
        ).run(threads: threads))
    }
    try trainWriter.close()
    try evalWriter.close()
    var splits = [trainWriter.summary(Self.trainSplit), evalWriter.summary(Self.evalSplit)]
    let division = SplitDivision(
      layout: layout, whole: trainWriter.summary(Self.undivided), vocabulary: tokenizer.vocabularySize, files: files)
    if holdsOutTail, isUndivided {
      splits = try division.divideTail(share: share, stride: treatment.stride, sequencesOfDocument: ofTrain.sequencesOfDocument)
    } else if holdsOutTail {
      splits = try TailSplit(layout, vocabulary: tokenizer.vocabularySize, files: files).cut(share: share)
    } else if isUndivided {
      splits = try division.divide(
        HeldOut.drawn(ofTrain.fingerprints, share: share, seed: UInt64(seed)), sequencesOfDocument: ofTrain.sequencesOfDocument)
    }
    let equal = ofTrain.fingerprints.count - Set(ofTrain.fingerprints).count
    let card = card(splits, tally, equal: equal, seconds: Double(WallClock.system.monotonic() - start) / 1e9)
    let statistics = try TokenCounting(layout: layout, card: card, tokenizer: tokenizer, threads: threads)
      .statistics(rowLengths: tally.lengths.ascending)
    try files.publish(try PublishedJSON.bytes(of: statistics), to: layout.statistics)
    return card
  }

  /// - Parameter equal: documents of the training part that are equal to one before them.
  private func card(_ splits: [TokenizationCard.Split], _ tally: PipelineTally, equal: Int, seconds: Double) -> TokenizationCard {
    TokenizationCard(
      id: id, dataset: pin.name.text, version: pin.version, datasetSHA256: pin.sha256, tokenizer: tokenizerName,
      tokenizerSHA256: tokenizerSHA256, vocabularySize: tokenizer.vocabularySize, method: method,
      maximumLength: form == .whole ? nil : maximumLength, treatment: treatment, heldOutShare: heldOutShare, seed: seed, splits: splits,
      rows: tally.rows, emptyRows: tally.emptyRows, refused: tally.refused,
      duplicates: equal, removed: tally.removals(treatment), documents: tally.documents,
      textBytes: tally.textBytes, textTokens: tally.textTokens, overlapTokens: tally.overlapTokens,
      createdAt: Timestamp(nanoseconds: WallClock.system.now()), seconds: seconds)
  }

  private func setting(limit: Int, lot: (share: Double, seed: UInt64)?, keepsFingerprints: Bool) -> PipelineSetting {
    PipelineSetting(
      tokenizer: tokenizer, reader: reader, masked: masked, form: form, treatment: treatment, limit: limit, lot: lot,
      keepsFingerprints: keepsFingerprints)
  }

  private func writer(_ layout: TokenizationLayout, _ split: String) throws -> TokenFileWriter {
    try TokenFileWriter(layout, split: split, vocabulary: tokenizer.vocabularySize, masked: masked, files: files)
  }

  /// Rows that end a document, pieces of one counted once; no further than it matters.
  private static func documents(_ rows: DatasetRows, limit: Int, team: ThreadTeam) -> Int {
    let block = 4_096
    var count = 0
    var done = 0
    while done < limit, count <= HeldOut.mostInTable {
      let start = done
      done = min(limit, start + 8 * team.count * block)
      let ends = Atomic(0)
      team.run(tasks: (done - start + block - 1) / block) { task, _ in
        var own = 0
        for row in start + task * block..<min(done, start + task * block + block) where row == limit - 1 || !rows.borrowed(row).continues {
          own += 1
        }
        ends.add(own, ordering: .relaxed)
      }
      count += ends.load(ordering: .relaxed)
      rows.release(start..<done)
    }
    return count
  }
}
