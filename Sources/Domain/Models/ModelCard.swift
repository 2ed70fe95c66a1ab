/// `workspace/models/<name>/model.json`: what a dropped base model is.
package struct ModelCard: Codable, Sendable, Equatable {
  package var schema = "dropforge.model/1"
  package var name: SafeName
  /// As config.json's model_type; of a tokenizer that came by itself `loneTokenizer`.
  package var architecture: String
  package var parameters: Int
  package var vocabularySize: Int
  package var maximumPositions: Int
  /// True where a tokenizer came with it.
  package var hasTokenizer: Bool
  /// Of the sorted list of the files' names and hashes.
  package var sha256: String
  package var bytes: Int
  package var warnings: [String]
  /// Where it was downloaded from; nil: it was dropped.
  package var origin: DatasetOrigin?

  enum CodingKeys: String, CodingKey {
    case schema, name, architecture, parameters, sha256, bytes, warnings, origin
    case vocabularySize = "vocab_size"
    case maximumPositions = "max_position_embeddings"
    case hasTokenizer = "has_tokenizer"
  }

  /// What came is a tokenizer and no weights: jobs and requests can name it as their tokenizer.
  package static let loneTokenizer = "tokenizer"
  package var isLoneTokenizer: Bool { architecture == Self.loneTokenizer }

  package init(
    name: SafeName, architecture: String, parameters: Int, vocabularySize: Int, maximumPositions: Int, hasTokenizer: Bool, sha256: String,
    bytes: Int, warnings: [String]
  ) {
    self.name = name
    self.architecture = architecture
    self.parameters = parameters
    self.vocabularySize = vocabularySize
    self.maximumPositions = maximumPositions
    self.hasTokenizer = hasTokenizer
    self.sha256 = sha256
    self.bytes = bytes
    self.warnings = warnings
  }
}
