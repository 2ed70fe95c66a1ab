import StrictJSON

extension Tokenizer {
  /// The tokenizer of GPT-2's own pair of files, as OpenAI published it: `encoder.json` (also `vocab.json`) with the ids, and
  /// `vocab.bpe` (also `merges.txt`), a merge a line after a line `#version: 0.2`.
  ///
  /// `<|endoftext|>`, where the vocabulary has it, is the one special token and plays every role, as in transformers.
  package static func gpt2(vocabulary: [UInt8], merges: [UInt8]) throws(TokenizerError) -> Tokenizer {
    let file = "vocab.json"
    let root = try TokenizerJSONField.parse(vocabulary, file: file)
    var entries: [(id: TokenID, text: String)] = []
    for (text, value) in try root.members() { entries.append((try value.tokenID(), text)) }
    entries.sort { $0.id < $1.id }
    for (index, entry) in entries.enumerated() where entry.id != index {
      throw TokenizerError(
        .inconsistent, "\(file) has \(entries.count) tokens, but no token with the id \(index), or two",
        mend: "Take the file from the model again")
    }
    var draft = TokenizerDraft(tokens: entries.map(\.text))
    draft.merges = try mergeLines(merges)
    var settings = TokenizerSettings()
    if let end = entries.first(where: { $0.text == endOfText }) {
      draft.addedTokens = [AddedToken(id: end.id, content: end.text, normalized: true)]
      settings = TokenizerSettings(beginningOfText: endOfText, endOfText: endOfText, unknown: endOfText)
    }
    return try TokenizerJSONReader(draft.json()).tokenizer(settings: settings)
  }

  private static func mergeLines(_ bytes: [UInt8]) throws(TokenizerError) -> [(left: String, right: String)] {
    var merges: [(left: String, right: String)] = []
    for (number, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let text = String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
      if text.isEmpty || text.hasPrefix("#version") { continue }
      let parts = text.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw TokenizerError(
          .syntax, "merges.txt, line \(number + 1) must be two tokens with one space between them, but is \"\(text)\"",
          mend: "Take the file from the model again")
      }
      merges.append((String(parts[0]), String(parts[1])))
    }
    return merges
  }
}
