/// What a training found.
package struct TrainedMerges: Sendable {
  let settings: BPETrainer.Settings
  /// The bytes of every token, by id; the special ones come first.
  let tokens: [[UInt8]]
  let merges: [MergeTraining.Merge]

  /// The tokenizer, by way of its `tokenizer.json`.
  package func tokenizer() throws(TokenizerError) -> Tokenizer {
    let special = settings.specialTokens
    let texts = special + tokens[special.count...].map { ByteAlphabet.text(of: $0) }
    var draft = TokenizerDraft(tokens: texts)
    // Where a pair was merged twice, its later rank counts.
    var last: [UInt64: Int] = [:]
    for (rank, merge) in merges.enumerated() { last[merge.pair] = rank }
    draft.merges = merges.enumerated().filter { last[$0.element.pair] == $0.offset }.map { merge in
      (texts[Int(merge.element.pair >> 32)], texts[Int(merge.element.pair & 0xFFFF_FFFF)])
    }
    draft.addedTokens = special.enumerated().map { AddedToken(id: TokenID($0.offset), content: $0.element) }
    draft.pattern = settings.pattern
    return try TokenizerJSONReader(draft.json()).tokenizer(settings: TokenizerSettings(specialTokens: special))
  }
}
