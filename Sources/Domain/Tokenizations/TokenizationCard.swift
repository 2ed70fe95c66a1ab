/// `tokenization.json`: a dataset version as token ids. Written last.
package struct TokenizationCard: Codable, Sendable, Equatable {
  package struct Split: Codable, Sendable, Equatable {
    package var name: String
    package var tokens: Int
    package var sequences: Int
    /// Tokens with loss on them.
    package var trainedTokens: Int
    package var isMasked: Bool

    enum CodingKeys: String, CodingKey {
      case name, tokens, sequences
      case trainedTokens = "trained_tokens"
      case isMasked = "masked"
    }

    package init(name: String, tokens: Int, sequences: Int, trainedTokens: Int, isMasked: Bool) {
      self.name = name
      self.tokens = tokens
      self.sequences = sequences
      self.trainedTokens = trainedTokens
      self.isMasked = isMasked
    }
  }

  /// Rows that were refused for one reason.
  package struct Refused: Codable, Sendable, Equatable {
    package var reason: String
    package var rows: Int
    /// Number of the first of them, from 1.
    package var firstRow: Int

    enum CodingKeys: String, CodingKey {
      case reason, rows
      case firstRow = "first_row"
    }

    package init(reason: String, rows: Int, firstRow: Int) {
      self.reason = reason
      self.rows = rows
      self.firstRow = firstRow
    }
  }

  /// What a filter took away. `rows` are those that are gone, or for a filter that takes tokens out of rows those it changed.
  package struct Removal: Codable, Sendable, Equatable {
    package var filter: String
    package var rows: Int
    package var tokens: Int

    package init(filter: String, rows: Int, tokens: Int) {
      self.filter = filter
      self.rows = rows
      self.tokens = tokens
    }
  }

  package var schema = "dropforge.tokenization/3"
  package var id: String
  package var dataset: String
  package var version: Int
  package var datasetSHA256: String
  /// A model's name, `byte`, or `train`.
  package var tokenizer: String
  package var tokenizerSHA256: String
  package var vocabularySize: Int
  package var method: TrainingMethod
  /// Where rows were cut or became windows.
  package var maximumLength: Int?
  package var treatment: RowTreatment
  /// Share that is held out, 0 to 1, and the seed it is drawn with.
  package var heldOutShare: Double
  package var seed: Int
  package var splits: [Split]
  /// Rows that were read, and those that had nothing for the method.
  package var rows: Int
  package var emptyRows: Int
  /// Rows that cannot be trained on, by reason.
  package var refused: [Refused]
  /// Documents that are equal to one before them and stay; of very large datasets not counted.
  package var duplicates: Int
  /// What each filter that was asked for took away, in the order in which they work.
  package var removed: [Removal]
  /// Documents that stayed: their number, the bytes of their text, and their tokens before any became windows.
  package var documents: Int
  package var textBytes: Int
  package var textTokens: Int
  /// Tokens that stand twice, because windows overlap.
  package var overlapTokens: Int
  package var createdAt: Timestamp
  package var seconds: Double

  enum CodingKeys: String, CodingKey {
    case schema, id, dataset, version, tokenizer, method, splits, rows, duplicates, removed, documents, seed, seconds, treatment
    case datasetSHA256 = "dataset_sha256"
    case tokenizerSHA256 = "tokenizer_sha256"
    case vocabularySize = "vocab_size"
    case maximumLength = "max_length"
    case heldOutShare = "eval_split"
    case emptyRows = "empty_rows"
    case refused = "refused_rows"
    case textBytes = "text_bytes"
    case textTokens = "text_tokens"
    case overlapTokens = "overlap_tokens"
    case createdAt = "created_at"
  }

  package init(
    id: String, dataset: String, version: Int, datasetSHA256: String, tokenizer: String, tokenizerSHA256: String, vocabularySize: Int,
    method: TrainingMethod, maximumLength: Int?, treatment: RowTreatment, heldOutShare: Double, seed: Int, splits: [Split], rows: Int,
    emptyRows: Int, refused: [Refused], duplicates: Int, removed: [Removal], documents: Int, textBytes: Int, textTokens: Int,
    overlapTokens: Int, createdAt: Timestamp, seconds: Double
  ) {
    self.id = id
    self.dataset = dataset
    self.version = version
    self.datasetSHA256 = datasetSHA256
    self.tokenizer = tokenizer
    self.tokenizerSHA256 = tokenizerSHA256
    self.vocabularySize = vocabularySize
    self.method = method
    self.maximumLength = maximumLength
    self.treatment = treatment
    self.heldOutShare = heldOutShare
    self.seed = seed
    self.splits = splits
    self.rows = rows
    self.emptyRows = emptyRows
    self.refused = refused
    self.duplicates = duplicates
    self.removed = removed
    self.documents = documents
    self.textBytes = textBytes
    self.textTokens = textTokens
    self.overlapTokens = overlapTokens
    self.createdAt = createdAt
    self.seconds = seconds
  }

  package func split(_ name: String) -> Split? { splits.first { $0.name == name } }
  package var tokens: Int { splits.reduce(0) { $0 + $1.tokens } }
  package var sequences: Int { splits.reduce(0) { $0 + $1.sequences } }
}
