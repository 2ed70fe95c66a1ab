import DatasetFormats
import Domain
import Platform
import SystemPackage
import Tokenizers

/// Makes token files of a dataset version, once for each tokenizer and way of reading: kept in the dataset's folder under a
/// name that says all of it, and found there by the next job.
struct Tokenization {
  let source: DataSource
  let tokenizer: Tokenizer
  let tokenizerSHA256: String
  let masked: Bool
  /// Held out from the rows of `train` where the dataset has no split for evaluation; 0: nothing.
  let heldOutShare: Double
  let maximumRows: Int?
  /// What the form of the rows depends on beside the dataset: it is part of the name.
  let reading: String
  let seed: UInt64
  let files: any FileSystem

  /// Rises when the same inputs would give other files.
  private static let formatVersion = 2

  private static let fewSequences = 20

  static let trainSplit = "train"
  static let evalSplit = "eval"
  /// Both, before it is known which sequence belongs to which.
  private static let undivided = "undivided"

  private var pin: TrainOrder.DatasetPin { source.pin }
  private var reader: any SequenceReader { source.reader }

  private var id: String {
    let what = [
      "\(Self.formatVersion)", pin.sha256, tokenizerSHA256, reading, "\(masked)", "\(heldOutShare)", "\(maximumRows ?? 0)", "\(seed)",
    ].joined(separator: "\n")
    return String(SHA256.hash(what.utf8).prefix(16))
  }

  /// Returns where the tokens lie, and makes them where they do not.
  ///
  /// - report: the share that is done, 0 to 1.
  /// - isStopped: asked often; where true the work ends with `CancellationError` and leaves nothing half-made.
  func make(report: (Double) -> Void, isStopped: () -> Bool) throws -> (TokenizationLayout, TokenizationCard) {
    let layout = DatasetLayout(folder: FilePath(pin.datasetFolder)).tokenization(id)
    if files.exists(layout.card) {
      return (layout, try PublishedJSON.decode(TokenizationCard.self, from: try files.contents(of: layout.card)))
    }
    let lock = try TokenizationLock(layout, files: files, isStopped: isStopped)
    if files.exists(layout.card) {  // another job's worker has made it meanwhile
      return (layout, try PublishedJSON.decode(TokenizationCard.self, from: try files.contents(of: layout.card)))
    }
    let partial = TokenizationLayout(folder: layout.folder.removingLastComponent().appending(".\(id).making"))
    try files.removeTree(partial.folder)
    try files.makeFolders(partial.folder)
    let card: TokenizationCard
    do {
      card = try write(to: partial, report: report, isStopped: isStopped)
    } catch {
      try? files.removeTree(partial.folder)  // the error is what is told
      throw error
    }
    KillPoint.pass(.tokensWritten)
    try files.publish(try PublishedJSON.bytes(of: card), to: partial.card)
    if files.exists(layout.folder) { try files.removeTree(layout.folder) }
    try files.move(partial.folder, to: layout.folder)
    lock.removeFile()
    return (layout, card)
  }

  private func write(to layout: TokenizationLayout, report: (Double) -> Void, isStopped: () -> Bool) throws -> TokenizationCard {
    let start = WallClock.system.monotonic()
    let version = DatasetVersionLayout(folder: FilePath(pin.folder))
    let named = source.namedEvalSplit
    let trainRows = try DatasetRows(version, split: source.trainSplit)
    let evalRows = try named.map { try DatasetRows(version, split: $0) }
    let limit = min(trainRows.count, maximumRows ?? trainRows.count)
    let total = limit + (evalRows?.count ?? 0)

    let sequences = Self.sequenceCount(trainRows, limit: limit)
    let share = named == nil ? heldOutShare : 0
    // Of a few long texts the end is held out, as nanoGPT does: whole ones would be far more or less than the share.
    let holdsOutTail = share > 0 && !masked && sequences < Self.fewSequences
    let isDrawn = share > 0 && !holdsOutTail
    let drawsFromTable = isDrawn && sequences <= HeldOut.mostInTable
    let trainWriter = try writer(layout, drawsFromTable ? Self.undivided : Self.trainSplit)
    let evalWriter = try writer(layout, Self.evalSplit)
    var work = RowEncoding(tokenizer: tokenizer, reader: reader)
    var done = 0
    let tick = {
      done += 1
      if done % 256 == 0 {
        if isStopped() { throw CancellationError() }
        report(Double(done) / Double(max(total, 1)))
      }
    }
    var fingerprints: [UInt64] = []
    if isDrawn, !drawsFromTable {
      try work.encode(trainRows, limit: limit, tick: tick) { unit in
        var fingerprint = Fingerprint()
        for sequence in unit { for id in sequence.ids { fingerprint.add(id) } }
        let isHeldOut = HeldOut.contains(fingerprint: fingerprint.value, share: share, seed: seed)
        for sequence in unit { try (isHeldOut ? evalWriter : trainWriter).append(sequence) }
      }
    } else {
      fingerprints = try work.stream(trainRows, limit: limit, into: trainWriter, tick: tick)
    }
    if let evalRows { try work.stream(evalRows, limit: evalRows.count, into: evalWriter, tick: tick) }
    try trainWriter.close()
    try evalWriter.close()
    var splits = [summary(trainWriter, Self.trainSplit), summary(evalWriter, Self.evalSplit)]
    if holdsOutTail { splits = try TailSplit(layout, vocabulary: tokenizer.vocabularySize, files: files).cut(share: share) }
    if drawsFromTable {
      splits = try divide(layout, summary(trainWriter, Self.undivided), HeldOut.drawn(fingerprints, share: share, seed: seed))
    }
    return TokenizationCard(
      id: id, datasetSHA256: pin.sha256, tokenizerSHA256: tokenizerSHA256, vocabularySize: tokenizer.vocabularySize,
      splits: splits, rows: done, emptyRows: work.emptyRows, refused: work.refused,
      duplicates: fingerprints.count - Set(fingerprints).count,
      seconds: Double(WallClock.system.monotonic() - start) / 1e9)
  }

  /// Parts what was written whole into the two splits.
  private func divide(
    _ layout: TokenizationLayout, _ whole: TokenizationCard.Split, _ heldOut: Set<Int>
  ) throws -> [TokenizationCard.Split] {
    let source = try TokenizedSplit(layout, whole, vocabulary: tokenizer.vocabularySize)
    let (train, eval) = (try writer(layout, Self.trainSplit), try writer(layout, Self.evalSplit))
    let size = reader.sequencesOfRow
    for index in 0..<source.sequenceCount { try (heldOut.contains(index / size) ? eval : train).append(source.encoded(index)) }
    try train.close()
    try eval.close()
    for file in [layout.tokens(split: whole.name), layout.sequences(split: whole.name), layout.mask(split: whole.name)] {
      if files.exists(file) { try files.removeTree(file) }
    }
    return [summary(train, Self.trainSplit), summary(eval, Self.evalSplit)]
  }

  private func writer(_ layout: TokenizationLayout, _ split: String) throws -> TokenFileWriter {
    try TokenFileWriter(layout, split: split, vocabulary: tokenizer.vocabularySize, masked: masked, files: files)
  }

  private func summary(_ writer: TokenFileWriter, _ name: String) -> TokenizationCard.Split {
    .init(name: name, tokens: writer.tokenCount, sequences: writer.sequenceCount, trainedTokens: writer.trainedCount, isMasked: masked)
  }

  /// Rows that end a document: pieces of one count once.
  private static func sequenceCount(_ rows: DatasetRows, limit: Int) -> Int {
    var count = 0
    for row in 0..<limit where !rows[row].continues || row == limit - 1 { count += 1 }
    return count
  }
}
