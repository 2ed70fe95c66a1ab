import StrictJSON

/// `tokenizer`: how text becomes token ids.
package struct TokenizerSection: Section {
  package enum Kind: String, WordField, CaseIterable { case bpe }

  /// "byte", "train", or a model's name.
  package var name: String?
  package var kind = Kind.bpe
  package var vocabularySize = 4_096
  package var minimumFrequency = 2
  package var specialTokens: [String] = ["<|endoftext|>"]
  package var paddingSide: String?
  package var trustRemoteCode = false
  package var addedTokens: [String] = []

  package init() {}

  /// Names that mean a tokenizer made here and not a model's.
  package static let madeHere: Set<String> = ["byte", "train", ""]

  package static let fields: [Field<TokenizerSection>] = {
    [
      Field(
        "name", \.name, aliases: ["tokenizer_name", "tokenizer_name_or_path"],
        "\"byte\" (256 bytes and the end of text), \"train\" (made from the dataset), or the name of a dropped tokenizer.json, or of a model whose tokenizer is used. Default: the model's own; byte for scratch."
      ),
      Field("type", \.kind, "For train: byte-level byte-pair encoding."),
      Field("vocab_size", \.vocabularySize, limit: .within(257...1_000_000), "For train: entries, special tokens included. Default: 4096."),
      Field("min_frequency", \.minimumFrequency, limit: .atLeast(1), "For train: pairs that are rarer are not merged. Default: 2."),
      Field("special_tokens", \.specialTokens, "For train: they come first; the first ends a document. Default: [\"<|endoftext|>\"]."),
      Field(
        "padding_side", \.paddingSide, aliases: ["tokenizer_padding_side"],
        effect: .ignored("sequences are padded on the right in training and on the left in generation; the field has no effect"),
        "For other trainers."),
      Field(
        "trust_remote_code", \.trustRemoteCode, effect: .ignored("no code of a model is ever run here; the field has no effect"),
        "For other trainers."),
      Field(
        "add_special_tokens", \.addedTokens,
        effect: .refused("tokens cannot be added to a tokenizer yet; use a tokenizer that has them, or \"train\" with special_tokens"),
        "Tokens to add to the tokenizer."),
    ] + otherTrainers
  }()
}
