extension TokenizerJSONReader {
  func addedTokens(_ model: BPEModelReader) throws(TokenizerError) -> [AddedToken] {
    var tokens: [AddedToken] = []
    // Hugging Face gives ids itself, whatever the file says: the vocabulary's, or the next free one behind it.
    var next = TokenID(model.tokens.count + model.plainTokens.count)
    for element in try root.optional("added_tokens")?.elements() ?? [] {
      let token = try addedToken(element)
      if tokens.contains(where: { $0.content == token.content || $0.id == token.id }) {
        throw element.inconsistent(
          "\"\(element.path)\" in tokenizer.json has the content \"\(token.content)\" and the id \(token.id), one of which another added token has",
          mend: "Leave one of them out")
      }
      let known = model.vocabulary.id(of: token.content)
      guard token.id == known ?? next else {
        throw element.inconsistent(
          "\"\(element.path)\" in tokenizer.json gives the id \(token.id) to \"\(token.content)\", but Hugging Face would give it the id \(known ?? next)",
          mend: "Added tokens must have the id that \"model.vocab\" gives them, or follow it without a gap")
      }
      if known == nil { next += 1 } else { try checkBytes(token, model, element) }
      tokens.append(token)
    }
    return tokens
  }

  private func addedToken(_ field: TokenizerJSONField) throws(TokenizerError) -> AddedToken {
    let token = AddedToken(
      id: try field.member("id").tokenID(), content: try field.member("content").string(),
      singleWord: try field.member("single_word").bool(),
      stripsLeft: try field.member("lstrip").bool(), stripsRight: try field.member("rstrip").bool(),
      normalized: try field.member("normalized").bool(), special: try field.member("special").bool())
    if token.content.isEmpty { throw field.malformed("\"\(field.path).content\" in tokenizer.json is empty") }
    return token
  }

  /// A token cannot stand for its text when it is found and for other bytes when the model makes it.
  private func checkBytes(_ token: AddedToken, _ model: BPEModelReader, _ field: TokenizerJSONField) throws(TokenizerError) {
    guard let bytes = ByteAlphabet.bytes(of: token.content), bytes != Array(token.content.utf8) else { return }
    throw field.inconsistent(
      "\"\(field.path)\" in tokenizer.json is \"\(token.content)\", which is also a token of \"model.vocab\" and stands for other bytes there",
      mend: "Give the added token another content")
  }
}
