import DatasetFormats
import Domain
import Kernels
import Platform
import Tokenizers

/// Rows of a split to token files, on several threads: the same bytes with any number of them.
///
/// A thread takes a batch of rows and reads, filters and encodes it; decides in the order of the rows, behind a gate, what stays
/// (whether a text came before is a matter of order); cuts it into sequences; and appends it behind a second gate. Memory is a few
/// batches a thread, whatever the size of the dataset, and what duplicates take (`SeenTable`, `NearTable`).
final class TokenPipeline: @unchecked Sendable {  // because what threads share is reached within the gates, or is a lock of its own
  private let rows: DatasetRows
  private let setting: PipelineSetting
  private let batches: RowBatches
  /// The second is for what is held out by lot.
  private let writers: (train: TokenFileWriter, eval: TokenFileWriter?)
  private let decisions = OrderedGate()
  private let files = OrderedGate()
  private let stopped: () -> Bool
  private let report: (Int) -> Void

  // Reached within `decisions`.
  private let duplicates: DuplicateFilter
  private var carry = DocumentCarry()
  // Reached within `files`.
  private var tally = PipelineTally()
  private var openSequences = 0
  // The first thread that fails sets it; read when all have ended.
  private let failure = FirstFailure()

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
    ThreadTeam(count: threads).run(tasks: threads) { _, _ in self.work() }
    if let error = failure.error { throw error }
    return tally
  }

  private func work() {
    do {
      let encoder = BatchEncoder(setting, rows: rows)
      let cutter = SequenceCutter(setting)
      while let rowBatch = batches.next() {
        if stopped() { throw CancellationError() }
        let batch = encoder.encode(rowBatch)
        guard let verdict = decisions.pass(rowBatch.number, { self.decide(batch) }) else { return }
        cutter.cut(batch, verdict)
        let isWritten: Void? = try files.pass(rowBatch.number) { try self.write(batch, verdict, cutter) }
        guard isWritten != nil else { return }
      }
    } catch {
      failure.note(error)
      decisions.breakOff()
      files.breakOff()
    }
  }

  /// What stays of a batch, and where it goes.
  private func decide(_ batch: EncodedBatch) -> BatchVerdict {
    var verdict = BatchVerdict()
    verdict.before = carry
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
    carry.goOn(with: batch, verdict, setting.form)
    verdict.after = carry
    return verdict
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
    rows.release(batch.batch.rows)
    report(tally.rows)
  }
}
