import Domain
import Platform
import SystemPackage

/// Parts sequences that were written whole into those that are trained on and those that are held out.
struct SplitDivision {
  let layout: TokenizationLayout
  let whole: TokenizationCard.Split
  let vocabulary: Int
  let files: any FileSystem

  /// By documents that were drawn.
  ///
  /// - Parameter sequencesOfDocument: of each, in order.
  func divide(_ heldOut: Set<Int>, sequencesOfDocument: [UInt32]) throws -> [TokenizationCard.Split] {
    try divide { source, train, eval in
      var first = 0
      var (from, isHeldOut) = (0, false)
      func flush(_ end: Int) throws { try (isHeldOut ? eval : train).append(source, sequences: from..<end) }
      for (document, count) in sequencesOfDocument.enumerated() {
        if heldOut.contains(document) != isHeldOut {
          try flush(first)
          (from, isHeldOut) = (first, !isHeldOut)
        }
        first += Int(count)
      }
      try flush(first)
    }
  }

  /// By place: of a few long documents the last windows. The first of them loses what it shares with the one before.
  func divideTail(share: Double, stride: Int, sequencesOfDocument: [UInt32]) throws -> [TokenizationCard.Split] {
    try divide { source, train, eval in
      let count = source.sequenceCount
      let held = count < 2 ? 0 : min(count - 1, max(1, Int((Double(count) * share).rounded())))
      let first = count - held
      var start = 0
      var starts: Set<Int> = []
      for number in sequencesOfDocument {
        starts.insert(start)
        start += Int(number)
      }
      try train.append(source, sequences: 0..<first)
      guard held > 0 else { return }
      let isWithin = !starts.contains(first)
      try eval.append(source, sequences: first..<first + 1, without: isWithin ? stride : 0)
      try eval.append(source, sequences: first + 1..<count)
    }
  }

  private func divide(_ body: (TokenizedSplit, TokenFileWriter, TokenFileWriter) throws -> Void) throws -> [TokenizationCard.Split] {
    let source = try TokenizedSplit(layout, whole, vocabulary: vocabulary)
    let (train, eval) = (try writer(Tokenization.trainSplit), try writer(Tokenization.evalSplit))
    try body(source, train, eval)
    try train.close()
    try eval.close()
    for file in [layout.tokens(split: whole.name), layout.sequences(split: whole.name), layout.mask(split: whole.name)] {
      if files.exists(file) { try files.removeTree(file) }
    }
    return [train.summary(Tokenization.trainSplit), eval.summary(Tokenization.evalSplit)]
  }

  private func writer(_ split: String) throws -> TokenFileWriter {
    try TokenFileWriter(layout, split: split, vocabulary: vocabulary, masked: whole.isMasked, files: files)
  }
}
