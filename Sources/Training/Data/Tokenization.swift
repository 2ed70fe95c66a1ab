import DatasetFormats
import Domain
import Platform
import SystemPackage
import Tokenizers

/// Makes token files of a dataset version, once for each tokenizer and way of reading: kept in the dataset's folder under a
/// name that says all of it, and found there by the next job.
struct Tokenization {
  let pin: TrainOrder.DatasetPin
  let ingest: IngestResult
  let reader: any SequenceReader
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
  private static let formatVersion = 1

  private static let fewSequences = 20

  static let trainSplit = "train"
  static let evalSplit = "eval"

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
    let names = ingest.splits.map(\.name)
    let train = names.contains("train") ? "train" : names[0]
    let named = ["validation", "test"].first { names.contains($0) && $0 != train }
    let trainRows = try DatasetRows(version, split: train)
    let evalRows = try named.map { try DatasetRows(version, split: $0) }
    let limit = maximumRows.map { $0 == 0 ? trainRows.count : min($0, trainRows.count) } ?? trainRows.count
    let total = limit + (evalRows?.count ?? 0)

    let sequences = Self.sequenceCount(trainRows, limit: limit)
    let share = named == nil ? heldOutShare : 0
    // Of a few long texts the end is held out, as nanoGPT does: whole ones would be far more or less than the share.
    let holdsOutTail = share > 0 && !masked && sequences < Self.fewSequences
    let heldOut = HeldOut(count: sequences, share: holdsOutTail ? 0 : share, seed: seed)
    let trainWriter = try writer(layout, Self.trainSplit)
    let evalWriter = try writer(layout, Self.evalSplit)
    var work = RowEncoding(tokenizer: tokenizer, reader: reader)
    var done = 0
    try work.encode(trainRows, limit: limit) { sequence in
      heldOut.contains(sequence) ? evalWriter : trainWriter
    } tick: {
      done += 1
      if done % 256 == 0 {
        if isStopped() { throw CancellationError() }
        report(Double(done) / Double(max(total, 1)))
      }
    }
    if let evalRows {
      try work.encode(evalRows, limit: evalRows.count) { _ in
        evalWriter
      } tick: {
        done += 1
        if done % 256 == 0 {
          if isStopped() { throw CancellationError() }
          report(Double(done) / Double(max(total, 1)))
        }
      }
    }
    try trainWriter.close()
    try evalWriter.close()
    var splits = [summary(trainWriter, Self.trainSplit), summary(evalWriter, Self.evalSplit)]
    if holdsOutTail { splits = try TailSplit(layout, vocabulary: tokenizer.vocabularySize, files: files).cut(share: share) }
    return TokenizationCard(
      id: id, datasetSHA256: pin.sha256, tokenizerSHA256: tokenizerSHA256, vocabularySize: tokenizer.vocabularySize,
      splits: splits, rows: done, emptyRows: work.emptyRows,
      seconds: Double(WallClock.system.monotonic() - start) / 1e9)
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

/// Rows to tokens: one encoder, buffers used again and again.
private struct RowEncoding {
  private let encoder: Encoder
  private let endOfText: UInt32?
  private let reader: any SequenceReader
  private var ids: [UInt32] = []
  private(set) var emptyRows = 0

  init(tokenizer: Tokenizer, reader: any SequenceReader) {
    encoder = tokenizer.makeEncoder()
    endOfText = tokenizer.endOfTextID
    self.reader = reader
  }

  mutating func encode(_ rows: DatasetRows, limit: Int, writer: (Int) -> TokenFileWriter, tick: () throws -> Void) throws {
    var sequence = 0
    for index in 0..<limit {
      let row = rows[index]
      let output = writer(sequence)
      let ends = !row.continues || index == limit - 1
      if let sequences = reader.sequences(of: row) {
        for (number, segments) in sequences.enumerated() {
          for segment in segments {
            ids.removeAll(keepingCapacity: true)
            segment.text.withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
            if segment.endsText, let endOfText { ids.append(endOfText) }
            try output.append(ids, isTrained: segment.isTrained)
          }
          if number + 1 < sequences.count { try output.endSequence() }
        }
      } else {
        emptyRows += 1
        // Every row makes as many sequences, so that they can be counted off.
        for _ in 1..<reader.sequencesOfRow { try output.endSequence() }
      }
      if ends {
        try output.endSequence()
        sequence += 1
      }
      try tick()
    }
  }
}
