import LanguageModels

/// Pairs as samples that people can look at: of each the chosen text, then the rejected one, trained where the answer stands.
struct PairSamples: SampleSource {
  let pairs: PreferencePairs
  /// orpo learns the whole of the chosen text besides.
  let trainsPrompts: Bool

  var count: Int { 2 * pairs.count }
  var length: Int { pairs.length }

  func sample(_ index: Int, epoch: Int) -> Sample {
    let pair = pairs.pair(index / 2 % pairs.count, epoch: epoch)
    let isChosen = index % 2 == 0, sequence = isChosen ? pair.chosen : pair.rejected
    let isTrained = sequence.isAnswer.map { $0 || trainsPrompts && isChosen }
    return Sample(
      tokens: Array(sequence.tokens.dropLast()),
      targets: sequence.tokens.indices.dropFirst().map { isTrained[$0] ? sequence.tokens[$0] : MicroBatch.ignored })
  }
}
