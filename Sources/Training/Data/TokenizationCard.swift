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

  /// Rows that were refused for one reason.
  struct Refused: Codable, Sendable, Equatable {
    var reason: String
    var rows: Int
    /// Number of the first of them, from 1.
    var firstRow: Int

    enum CodingKeys: String, CodingKey {
      case reason, rows
      case firstRow = "first_row"
    }
  }

  var schema = "dropforge.tokenization/2"
  var id: String
  var datasetSHA256: String
  var tokenizerSHA256: String
  var vocabularySize: Int
  var splits: [Split]
  /// Rows that were read, and those that had nothing for the method.
  var rows: Int
  var emptyRows: Int
  /// Rows that cannot be trained on, by reason.
  var refused: [Refused]
  /// Sequences that are equal to one before them.
  var duplicates: Int
  var seconds: Double

  enum CodingKeys: String, CodingKey {
    case schema, id, splits, rows, duplicates, seconds
    case datasetSHA256 = "dataset_sha256"
    case tokenizerSHA256 = "tokenizer_sha256"
    case vocabularySize = "vocab_size"
    case emptyRows = "empty_rows"
    case refused = "refused_rows"
  }

  func split(_ name: String) -> Split? { splits.first { $0.name == name } }
}
