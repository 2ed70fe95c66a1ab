/// `tokenization.json`: a dataset version as token ids. Written last.
struct TokenizationCard: Codable, Sendable, Equatable {
  struct Split: Codable, Sendable, Equatable {
    var name: String
    var tokens: Int
    var sequences: Int
    /// Tokens with loss on them.
    var trainedTokens: Int
    var isMasked: Bool

    enum CodingKeys: String, CodingKey {
      case name, tokens, sequences
      case trainedTokens = "trained_tokens"
      case isMasked = "masked"
    }
  }

  var schema = "dropforge.tokenization/1"
  var id: String
  var datasetSHA256: String
  var tokenizerSHA256: String
  var vocabularySize: Int
  var splits: [Split]
  /// Rows that were read, and those that had nothing for the method.
  var rows: Int
  var emptyRows: Int
  var seconds: Double

  enum CodingKeys: String, CodingKey {
    case schema, id, splits, rows, seconds
    case datasetSHA256 = "dataset_sha256"
    case tokenizerSHA256 = "tokenizer_sha256"
    case vocabularySize = "vocab_size"
    case emptyRows = "empty_rows"
  }

  func split(_ name: String) -> Split? { splits.first { $0.name == name } }
}
