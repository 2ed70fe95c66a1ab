extension Tokenizer {
  /// The text of the token with id 256 of a byte tokenizer, which ends a document.
  package static let endOfText = "<|endoftext|>"

  /// The byte tokenizer: ids 0 to 255 are the bytes of the text, ids from 256 on the special tokens in their order.
  ///
  /// To Hugging Face it is a byte-level BPE without merges whose vocabulary gives every byte's letter the byte as its id; a
  /// text is split at special tokens only. The ids are the same for any text. Bytes that are no UTF-8, which Hugging Face
  /// cannot be given, pass through.
  ///
  /// The first special token ends a text; `<|pad|>`, where it is among them, pads.
  package static func bytes(specialTokens: [String] = [endOfText]) throws(TokenizerError) -> Tokenizer {
    try check(specialTokens)
    var draft = TokenizerDraft(tokens: ByteAlphabet.scalars.map { String($0) })
    draft.pattern = .none
    draft.addedTokens = specialTokens.enumerated().map { AddedToken(id: TokenID(256 + $0.offset), content: $0.element) }
    return try TokenizerJSONReader(draft.json()).tokenizer(settings: TokenizerSettings(specialTokens: specialTokens))
  }

  /// Refuses special tokens that are empty, stand twice, or are the letter of a byte, which would then never be found in a
  /// text; and, where they go into the model's vocabulary, those whose letters stand for other bytes there.
  static func check(_ specialTokens: [String], inVocabulary: Bool = false) throws(TokenizerError) {
    for (index, token) in specialTokens.enumerated() {
      let bytes = ByteAlphabet.bytes(of: token)
      let reason: String
      if token.isEmpty {
        reason = "is empty"
      } else if bytes?.count == 1 {
        reason = "stands for a single byte already"
      } else if specialTokens[..<index].contains(token) {
        reason = "stands twice in the list"
      } else if inVocabulary, let bytes, bytes != Array(token.utf8) {
        reason = "is written in letters that stand for other bytes in a byte-level vocabulary"
      } else {
        continue
      }
      throw TokenizerError(
        .setting, "The special token \"\(token)\" \(reason)", mend: "Name special tokens like \"<|endoftext|>\", each once")
    }
  }
}
