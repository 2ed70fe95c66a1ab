import DatasetFormats
import Domain
import Kernels
import Platform
import Tokenizers

/// Rows of a split to token files, on several threads: the same bytes with any number of them.
///
/// A thread takes a batch of rows and reads, filters and encodes it. What stays is decided in the order of the rows (whether a text came
/// before is a matter of order), the batch is cut into sequences, and these are appended in order again. A thread whose batch is not
/// next leaves it to whoever has the one before and goes on (`OrderedStage`), so that a slow batch holds nobody up. Memory is two batches
/// a thread, whatever the size of the dataset, and what duplicates take (`SeenTable`, `NearTable`).
final class TokenPipeline: @unchecked Sendable {  // because what threads share is reached within the stages, or has a lock of its own
  private let rows: DatasetRows
  private let setting: PipelineSetting
  private let batches: RowBatches
  /// The second is for what is held out by lot.
  private let writers: (train: TokenFileWriter, eval: TokenFileWriter?)
  private let decisions = OrderedStage<PipelineBatch>()
  private let files = OrderedStage<PipelineBatch>()
  private let stopped: () -> Bool
  private let report: (Int) -> Void

  // Reached within `decisions`.
  private let duplicates: DuplicateFilter
  @exclusivity(unchecked) private var carry = DocumentCarry()
  // Reached within `files`.
  @exclusivity(unchecked) private var tally = PipelineTally()
  @exclusivity(unchecked) private var openSequences = 0
  /// Rows whose memory was given back.
  @exclusivity(unchecked) private var released = 0
  // The first thread that fails sets it; read when all have ended.
  private let failure = FirstFailure()

  /// Bytes of rows after which their memory is given back. Each time the kernel stops all threads for a moment, so it is not done often.
  private static let releasedAtOnce = 4 << 20

  /// - Parameters:
  ///   - report: told now and then how many rows are done, by one thread at a time.
  ///   - isStopped: asked by every thread once a batch; where true the work ends with `CancellationError`.
  init(
    _ rows: DatasetRows, _ setting: PipelineSetting, train: TokenFileWriter, eval: TokenFileWriter?, report: @escaping (Int) -> Void,
    isStopped: @escaping () -> Bool
  ) {
    self.rows = rows
    self.setting = setting
    batches = RowBatches(rows, limit: setting.limit)
    writers = (train, eval)
    self.report = report
    stopped = isStopped
    duplicates = DuplicateFilter(setting.treatment, count: setting.limit)
  }

  func run(threads: Int) throws -> PipelineTally {
    let shelf = BatchShelf((0..<(threads == 1 ? 1 : 2 * threads)).map { _ in PipelineBatch(setting) })
    ThreadTeam(count: threads).run(tasks: threads) { _, _ in self.work(shelf) }
    if let error = failure.error { throw error }
    return tally
  }

  private func work(_ shelf: BatchShelf) {
    do {
      let encoder = BatchEncoder(setting, rows: rows)
      var decided: [PipelineBatch] = []
      // A batch first and rows then: the thread with the lowest rows always has what it needs to go on.
      while let batch = shelf.take() {
        guard let rows = batches.next() else { return shelf.putBack(batch) }
        if stopped() { throw CancellationError() }
        encoder.encode(rows, into: &batch.encoded)
        decisions.hand(rows.number, batch) { batch in
          decide(batch)
          decided.append(batch)
        }
        for batch in decided {
          batch.cut()
          try files.hand(batch.encoded.batch.number, batch) { batch in
            try write(batch.encoded, batch.verdict, batch.cutter)
            shelf.putBack(batch)
          }
        }
        decided.removeAll(keepingCapacity: true)
      }
    } catch {
      failure.note(error)
      shelf.close()
    }
  }

  /// What stays of a batch, and where it goes.
  private func decide(_ batch: PipelineBatch) {
    batch.verdict.restart(before: carry)
    decide(batch.encoded, &batch.verdict)
    carry.goOn(with: batch.encoded, batch.verdict, setting.form)
    batch.verdict.after = carry
  }

  private func decide(_ batch: borrowing EncodedBatch, _ verdict: inout BatchVerdict) {
    for index in batch.units.indices {
      let unit = batch.units[index]
      if index == 0, batch.batch.startsOpen {
        verdict.fates.append(carry.fate)
        continue
      }
      let goesOn = index == batch.units.count - 1 && batch.batch.endsOpen
      let fate: UnitFate =
        if !setting.keepsEmpty, !goesOn, batch.tokens(ofUnit: index).isEmpty || unit.textTokens == 0 {
          .empty
        } else if !goesOn, unit.textTokens < setting.treatment.minimumTokens {
          .removed(.minimumTokens)
        } else if !duplicates.isNew(unit.text) {
          .removed(.duplicates)
        } else if let lot = setting.lot, HeldOut.contains(fingerprint: unit.fingerprint, share: lot.share, seed: lot.seed) {
          .eval
        } else {
          .train
        }
      verdict.fates.append(fate)
    }
  }

  private func write(_ batch: EncodedBatch, _ verdict: BatchVerdict, _ cutter: SequenceCutter) throws {
    try writers.train.append(cutter.train)
    try writers.eval?.append(cutter.eval)
    tally.rows += batch.batch.rows.count
    tally.emptyRows += batch.emptyRows
    for (reason, row) in batch.refused { tally.refuse(reason, row: row) }
    if batch.specialTokens.rows > 0 { tally.remove(.specialTokens, rows: batch.specialTokens.rows, tokens: batch.specialTokens.tokens) }
    if batch.stopWords.rows > 0 { tally.remove(.stopWords, rows: batch.stopWords.rows, tokens: batch.stopWords.tokens) }
    for (index, unit) in batch.units.enumerated() {
      let tokens = batch.tokens(ofUnit: index).count
      let goesOn = index == batch.units.count - 1 && batch.batch.endsOpen
      let wentOn = index == 0 && batch.batch.startsOpen
      switch verdict.fates[index] {
      case .empty: if !unit.isMissing { tally.emptyRows += 1 }
      case .removed(let filter): tally.remove(filter, rows: goesOn ? 0 : 1, tokens: tokens)
      case .train, .eval:
        tally.textBytes += unit.textBytes
        tally.textTokens += unit.textTokens
        openSequences += cutter.sequencesOfUnit[index]
        if setting.keepsFingerprints, !wentOn { tally.fingerprints.append(unit.fingerprint) }
        if goesOn { continue }
        let length = wentOn ? verdict.before.tokens + tokens : tokens
        if length > 0 {
          tally.documents += 1
          tally.lengths.add(length)
        }
        if setting.keepsFingerprints { tally.sequencesOfDocument.append(UInt32(openSequences)) }
        openSequences = 0
      }
    }
    tally.overlapTokens += cutter.overlapTokens
    if cutter.cutTokens > 0 { tally.remove(.truncate, rows: cutter.cutRows, tokens: cutter.cutTokens) }
    let done = batch.batch.rows.upperBound
    if rows.byteCount(of: released..<done) >= Self.releasedAtOnce || done == setting.limit {
      rows.release(released..<done)
      released = done
    }
    report(tally.rows)
  }
}
