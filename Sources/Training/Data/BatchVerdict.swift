import Tokenizers

/// What becomes of a document.
enum UnitFate: Equatable {
  case train
  case eval
  /// Nothing is left of it.
  case empty
  case removed(PipelineTally.Filter)
}

/// What stays of a batch. One fate a unit.
struct BatchVerdict {
  var fates: [UnitFate] = []
  /// The document that goes on from the batch before, and the one that goes on into the next.
  var before = DocumentCarry()
  var after = DocumentCarry()

  /// Forgets its fates, and keeps their memory for others.
  mutating func restart(before: DocumentCarry) {
    fates.removeAll(keepingCapacity: true)
    self.before = before
    after = DocumentCarry()
  }
}

/// A document whose end has not come yet: what became of it, and the tokens that a later window still needs.
struct DocumentCarry {
  var fate = UnitFate.train
  /// Tokens so far.
  var tokens = 0
  /// The last of them, fewer than a window has.
  var tail: [TokenID] = []
  var tailMask: [UInt8] = []

  /// Takes in what a batch leaves open.
  mutating func goOn(with batch: EncodedBatch, _ verdict: BatchVerdict, _ form: SequenceForm) {
    guard batch.batch.endsOpen, let fate = verdict.fates.last else {
      self = DocumentCarry()
      return
    }
    let wentOn = batch.units.count == 1 && batch.batch.startsOpen
    if !wentOn { self = DocumentCarry() }
    self.fate = fate
    let places = batch.tokens(ofUnit: batch.units.count - 1)
    let base = tokens - tail.count
    tokens += places.count
    guard case .windows(let length, let stride) = form else { return }
    tail += batch.ids[places]
    if !batch.mask.isEmpty { tailMask += batch.mask[places] }
    let unneeded = Windows(length: length, stride: stride).needed(after: tokens) - base
    tail.removeFirst(unneeded)
    if !tailMask.isEmpty { tailMask.removeFirst(unneeded) }
  }
}
