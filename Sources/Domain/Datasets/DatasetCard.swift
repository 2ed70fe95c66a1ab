/// `workspace/datasets/<name>/dataset.json`: what a dataset is, its latest version first at hand, all versions below.
package struct DatasetCard: Codable, Sendable, Equatable {
  package struct Version: Codable, Sendable, Equatable {
    package var version: Int
    package var createdAt: Timestamp
    /// The drop that brought it.
    package var drop: DropID
    package var fileName: String
    package var sha256: String
    package var rows: Int
    package var badRows: Int
    package var bytes: Int
    package var detected: DatasetSchema

    enum CodingKeys: String, CodingKey {
      case version, drop, sha256, rows, bytes
      case createdAt = "created_at"
      case fileName = "file_name"
      case badRows = "bad_rows"
      case detected = "detected_schema"
    }

    package init(
      version: Int, createdAt: Timestamp, drop: DropID, fileName: String, sha256: String, rows: Int, badRows: Int, bytes: Int,
      detected: DatasetSchema
    ) {
      self.version = version
      self.createdAt = createdAt
      self.drop = drop
      self.fileName = fileName
      self.sha256 = sha256
      self.rows = rows
      self.badRows = badRows
      self.bytes = bytes
      self.detected = detected
    }
  }

  /// One of `tokenizations/`.
  package struct Tokenization: Codable, Sendable, Equatable {
    package var id: String
    package var version: Int
    package var tokenizer: String
    package var method: TrainingMethod
    package var maximumLength: Int?
    package var tokens: Int
    package var sequences: Int
    /// What was done to the rows; nil: nothing.
    package var treatment: RowTreatment?
    package var createdAt: Timestamp

    enum CodingKeys: String, CodingKey {
      case id, version, tokenizer, method, tokens, sequences, treatment
      case maximumLength = "max_length"
      case createdAt = "created_at"
    }

    package init(_ card: TokenizationCard) {
      (id, version, tokenizer, method) = (card.id, card.version, card.tokenizer, card.method)
      (maximumLength, tokens, sequences, createdAt) = (card.maximumLength, card.tokens, card.sequences, card.createdAt)
      treatment = card.treatment.changesNothing ? nil : card.treatment
    }
  }

  package var schema = "dropforge.dataset/1"
  package var name: SafeName
  package var description: String?
  package var tags: [String]?
  package var licence: String?
  /// Other names under which the same bytes were dropped.
  package var aliases: [SafeName]
  /// Of the latest version.
  package var version: Int
  package var rows: Int
  package var badRows: Int
  /// Bytes of the drop, and its hash.
  package var bytes: Int
  package var sha256: String
  package var columns: [DatasetColumn]
  package var detected: DatasetSchema
  /// What people call such rows, and what they can be converted to.
  package var shape: DatasetShape?
  package var conversions: [DatasetSchema]?
  package var mapping: [String: String]
  package var splits: [IngestResult.Split]
  package var files: [IngestResult.SourceFile]
  package var warnings: [String]
  /// Path of the canonical rows, relative to the root.
  package var data: String
  package var versions: [Version]
  /// As token ids, the newest first; nil where there is none.
  package var tokenizations: [Tokenization]?
  /// What the trainer will see of the first rows, and what is odd in the rows: made behind the receipt, absent until then.
  package var preview: DatasetPreview?
  package var remarks: [String]?
  /// Where the latest version was downloaded from; nil: it was dropped.
  package var origin: DatasetOrigin?
  /// What the repository's own card says for people, and the config that was read: of one that was downloaded or dropped as a whole.
  package var cardFacts: DatasetCardFacts?
  package var config: String?
  /// Numbers of versions that were deleted by themselves and can still be restored.
  package var deletedVersions: [Int]?

  enum CodingKeys: String, CodingKey {
    case schema, name, description, aliases, version, rows, bytes, sha256, columns, mapping, splits, files, warnings, data, versions
    case tags, shape, conversions, preview, remarks, tokenizations, origin, config
    case cardFacts = "card_data"
    case deletedVersions = "deleted_versions"
    case licence = "license"
    case badRows = "bad_rows"
    case detected = "detected_schema"
  }

  package init(
    name: SafeName, description: String?, tags: [String] = [], licence: String? = nil, aliases: [SafeName], latest: IngestResult,
    data: String, versions: [Version]
  ) {
    self.name = name
    self.description = description
    self.tags = tags
    self.licence = licence
    self.aliases = aliases
    version = versions.map(\.version).max() ?? 0
    rows = latest.rows
    badRows = latest.badRows
    bytes = latest.sourceBytes
    sha256 = latest.sourceSHA256
    columns = latest.columns
    detected = latest.detected
    let shape = DatasetShape(latest)
    self.shape = shape
    conversions = shape.conversions
    mapping = latest.mapping
    splits = latest.splits
    files = latest.files
    warnings = latest.warnings
    cardFacts = latest.card
    config = latest.config
    self.data = data
    self.versions = versions
  }
}
