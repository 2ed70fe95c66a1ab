import StrictJSON

/// The tokens of a config.json that mark begin, end and padding.
package struct SpecialTokens: Sendable, Equatable {
  package var begin: Int?
  /// Generation stops at any of them.
  package var end: [Int]
  package var padding: Int?

  package init(begin: Int? = nil, end: [Int] = [], padding: Int? = nil) {
    self.begin = begin
    self.end = end
    self.padding = padding
  }

  /// Defaults hold only where a field is left out: null means that there is none, as transformers writes it.
  init(reading fields: ConfigurationFields, default standard: SpecialTokens, vocabularySize: Int) throws(ModelError) {
    begin = fields.object["bos_token_id"] == nil ? standard.begin : try fields.optionalInt("bos_token_id")
    end = fields.object["eos_token_id"] == nil ? standard.end : try fields.tokens("eos_token_id")
    padding = fields.object["pad_token_id"] == nil ? standard.padding : try fields.optionalInt("pad_token_id")
    // -1 is how some released files write "none".
    if let begin, begin < 0 { self.begin = nil }
    if let padding, padding < 0 { self.padding = nil }
    end.removeAll { $0 < 0 }
    if let padding, padding >= vocabularySize {
      throw fields.invalid("pad_token_id is \(padding), but vocab_size is \(vocabularySize).")
    }
  }

  var members: [(String, JSONNode)] {
    let ends = end.map { JSONNode.number($0) }
    return [
      ("bos_token_id", begin.map { .number($0) } ?? nil),
      ("eos_token_id", ends.count == 1 ? ends[0] : ends.isEmpty ? nil : JSONNode(.array(ends))),
      ("pad_token_id", padding.map { .number($0) } ?? nil),
    ]
  }
}
