import StrictJSON

extension Tokenizer {
  /// This tokenizer with more special tokens, for roles of a conversation or calls of tools. They get the ids behind the last
  /// one, in their order; what is an added token already stays as it is. Everything else of `tokenizer.json` stays too, but
  /// its text is written anew.
  ///
  /// A model needs rows for the new ids: compare `vocabularySize`.
  package func adding(specialTokens: [String]) throws(TokenizerError) -> Tokenizer {
    try Self.check(specialTokens)
    let new = specialTokens.filter { token in !addedTokens.contains { $0.content == token } }
    // The whole tree, which is written again: the reader of tokenizers leaves vocabulary and merges out of its own.
    let file = try TokenizerJSONField.parse(json, file: TokenizerJSONReader.fileName)
    guard var root = file.node.object, !new.isEmpty else { return self }
    let vocabulary = try file.member("model").member("vocab")
    var next = try vocabulary.members().count + addedTokens.count { vocabulary.node[$0.content] == nil }
    var nodes = root["added_tokens"]?.array ?? []
    for content in new {
      let known = vocabulary.node[content]?.int
      nodes.append(TokenizerDraft.node(AddedToken(id: TokenID(known ?? next), content: content)))
      if known == nil { next += 1 }
    }
    root["added_tokens"] = JSONNode(.array(nodes))
    let text = JSONNode(.object(root)).text(.pretty) + "\n"
    return try TokenizerJSONReader(Array(text.utf8)).tokenizer(settings: settings)
  }
}
