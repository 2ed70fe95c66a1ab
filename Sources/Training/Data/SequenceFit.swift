import Domain

/// Which sequences of a split can be trained on where none may be longer than so many predictions.
struct SequenceFit: Sendable, Equatable {
  /// Numbers of those that have a target left, in order.
  private(set) var usable: [Int32] = []
  /// Sequences that are cut at their end.
  private(set) var truncated = 0
  /// Sequences whose every target is cut away, and those that had none.
  private(set) var cutAway = 0
  private(set) var untrained = 0
  /// Longest sample, tokens.
  private(set) var longest = 1
  let maximumLength: Int

  init(_ split: TokenizedSplit, maximumLength: Int) {
    self.maximumLength = maximumLength
    for index in 0..<split.sequenceCount {
      let tokens = split.sequence(index)
      let seen = tokens.prefix(maximumLength + 1)
      if tokens.count > seen.count { truncated += 1 }
      if seen.dropFirst().contains(where: split.isTrained) {
        usable.append(Int32(index))
        longest = max(longest, min(seen.count - 1, maximumLength))
      } else if tokens.dropFirst().contains(where: split.isTrained) {
        cutAway += 1
      } else {
        untrained += 1
      }
    }
  }

  var dropped: Int { cutAway + untrained }

  /// What a user should know, in sentences.
  var remarks: [String] {
    var remarks: [String] = []
    let all = usable.count + dropped
    if truncated > 0 {
      remarks.append("\(truncated) of \(all) sequences are longer than max_length \(maximumLength) and are cut at their end.")
    }
    if cutAway > 0 {
      remarks.append(
        "\(cutAway) of \(all) sequences have nothing left to train on after the cut at max_length \(maximumLength), and are left out: raise max_length to keep them."
      )
    }
    if untrained > 0 {
      remarks.append("\(untrained) of \(all) sequences hold nothing to train on (no answer, or a single token), and are left out.")
    }
    return remarks
  }
}
