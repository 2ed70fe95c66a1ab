import Tokenizers

/// Cuts the documents of a batch that stay into sequences, ready to be appended to the files. For one thread.
final class SequenceCutter {
  private let setting: PipelineSetting
  private(set) var train: SequenceChunk
  private(set) var eval: SequenceChunk
  /// Sequences that each unit of the batch ended.
  private(set) var sequencesOfUnit: [Int] = []
  private(set) var overlapTokens = 0
  private(set) var cutTokens = 0
  private(set) var cutRows = 0

  init(_ setting: PipelineSetting) {
    self.setting = setting
    train = SequenceChunk(vocabulary: setting.tokenizer.vocabularySize, masked: setting.masked)
    eval = train
  }

  func cut(_ batch: EncodedBatch, _ verdict: BatchVerdict) {
    train.removeAll()
    eval.removeAll()
    sequencesOfUnit.removeAll(keepingCapacity: true)
    (overlapTokens, cutTokens, cutRows) = (0, 0, 0)
    for (index, fate) in verdict.fates.enumerated() {
      let before = train.ends.count + eval.ends.count
      switch fate {
      case .train: cut(index, batch, verdict, into: &train)
      case .eval: cut(index, batch, verdict, into: &eval)
      case .empty, .removed: break
      }
      sequencesOfUnit.append(train.ends.count + eval.ends.count - before)
    }
  }

  private func cut(_ unit: Int, _ batch: EncodedBatch, _ verdict: BatchVerdict, into chunk: inout SequenceChunk) {
    let goesOn = unit == batch.units.count - 1 && batch.batch.endsOpen
    let wentOn = unit == 0 && batch.batch.startsOpen
    let before = wentOn ? verdict.before.tokens : 0
    let places = batch.tokens(ofUnit: unit)
    batch.ids.withUnsafeBufferPointer { ids in
      batch.mask.withUnsafeBufferPointer { mask in
        func append(_ range: Range<Int>) {
          chunk.append(
            UnsafeBufferPointer(rebasing: ids[range]), mask: mask.isEmpty ? nil : UnsafeBufferPointer(rebasing: mask[range]))
        }
        switch setting.form {
        case .whole:
          var start = places.lowerBound
          for sequence in batch.sequences(ofUnit: unit) {
            append(start..<batch.sequenceEnds[sequence])
            start = batch.sequenceEnds[sequence]
            if !goesOn { chunk.endSequence() }
          }
        case .cut(let length):
          let kept = min(places.count, max(0, length - before))
          append(places.lowerBound..<places.lowerBound + kept)
          cutTokens += places.count - kept
          if goesOn { return }
          if before + places.count > length { cutRows += 1 }
          chunk.endSequence()
        case .windows(let length, let stride):
          let tail = wentOn ? verdict.before.tail : []
          let windows = Windows(length: length, stride: stride)
          let base = before - tail.count
          let joined = tail.isEmpty ? nil : (tail + ids[places], verdict.before.tailMask + (mask.isEmpty ? [] : Array(mask[places])))
          windows.forEach(before: before, tokens: before + places.count, ends: !goesOn) { window, overlap in
            if let joined {
              let range = window.lowerBound - base..<window.upperBound - base
              joined.0.withUnsafeBufferPointer { ids in
                joined.1.withUnsafeBufferPointer { mask in
                  chunk.append(
                    UnsafeBufferPointer(rebasing: ids[range]), mask: mask.isEmpty ? nil : UnsafeBufferPointer(rebasing: mask[range]))
                }
              }
            } else {
              append(places.lowerBound + window.lowerBound - base..<places.lowerBound + window.upperBound - base)
            }
            overlapTokens += overlap
            chunk.endSequence()
          }
        }
      }
    }
  }
}
