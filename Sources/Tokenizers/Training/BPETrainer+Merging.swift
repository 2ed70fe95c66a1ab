extension BPETrainer {
  /// Finds the merges and makes the tokenizer.
  ///
  /// Source of the algorithm, to the letter: `BpeTrainer::do_train` of huggingface/tokenizers. The pair with the highest count
  /// is merged, of those with equal counts the one with the lowest ids. Two of its habits show where two merges make the same
  /// token: the count of a pair is not taken back when the pair is merged, and a pair may stand in the queue twice, each
  /// entry with the words in which it was found.
  ///
  /// `progress` gets the tokens so far and those asked for, now and then; what it throws ends the training.
  package consuming func train<Failure: Error>(
    progress: (_ tokens: Int, _ of: Int) throws(Failure) -> Void
  ) throws(Failure) -> TrainedMerges {
    endText()
    var state = MergeTraining(counts, specialTokens: settings.specialTokens)
    try state.run(vocabularySize: settings.vocabularySize, minimumFrequency: settings.minimumFrequency, progress: progress)
    return TrainedMerges(settings: settings, tokens: state.tokens, merges: state.merges)
  }

  package consuming func train() throws(TokenizerError) -> Tokenizer {
    try train { (_, _) throws(TokenizerError) in }.tokenizer()
  }
}
