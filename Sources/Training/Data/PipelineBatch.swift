/// A batch on its way through a pipeline: its rows as tokens, what stays of them, and the sequences they become. One thread has it at a
/// time; its memory is used again for a later batch.
final class PipelineBatch: @unchecked Sendable {  // because only one thread has it, and stages and the shelf hand it over under a lock
  @exclusivity(unchecked) var encoded = EncodedBatch()
  @exclusivity(unchecked) var verdict = BatchVerdict()
  let cutter: SequenceCutter

  init(_ setting: PipelineSetting) { cutter = SequenceCutter(setting) }

  func cut() { cutter.cut(encoded, verdict) }
}
