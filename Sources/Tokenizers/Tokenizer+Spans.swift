// Which bytes of a text each of its tokens is.
extension Tokenizer {
  /// The end of each token in the text that `ids` were made of, as an offset in its UTF-8: what Hugging Face calls offsets.
  ///
  /// White space that an added token swallows belongs to it, a space that the tokenizer puts before a piece to nothing.
  ///
  /// - Returns: nil where the tokens are not the text, since the tokenizer changes it (normalization form C does).
  package func ends(of ids: [TokenID], in text: [UInt8]) -> [Int]? {
    var ends: [Int] = []
    ends.reserveCapacity(ids.count)
    var at = 0
    var swallows = false
    for id in ids {
      var bytes = vocabulary.bytes(of: id)[...]
      let added = addedTokens.first { $0.id == id }
      if pipeline.addsPrefixSpace, bytes.first == 0x20, at >= text.count || text[at] != 0x20 { bytes = bytes.dropFirst() }
      if !text[at...].starts(with: bytes) {
        let start = at
        if swallows || added?.stripsLeft == true { while at < text.count, Self.isSpace(text[at]) { at += 1 } }
        guard at > start, text[at...].starts(with: bytes) else { return nil }
        if swallows, added?.stripsLeft != true, let last = ends.indices.last { ends[last] = at }
      }
      at += bytes.count
      ends.append(at)
      swallows = added?.stripsRight == true
    }
    if swallows, at < text.count, text[at...].allSatisfy(Self.isSpace) {
      at = text.count
      ends[ends.count - 1] = at
    }
    return at == text.count ? ends : nil
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  /// The text as it is before it is cut into pieces: in normalization form C where the tokenizer wants that.
  package func normalized(_ text: [UInt8]) -> [UInt8] {
    normalizer.flatMap { normalizer in text.withUnsafeBufferPointer { normalizer.normalized($0) } } ?? text
  }
}
