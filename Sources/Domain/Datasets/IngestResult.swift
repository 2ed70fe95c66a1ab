/// What the ingest worker made of one drop: `ingest.json`, written last into the version's folder.
package struct IngestResult: Codable, Sendable, Equatable {
  package struct SourceFile: Codable, Sendable, Equatable {
    /// The file's name, or its path inside the archive or folder.
    package var name: String
    package var format: DatasetFormat
    /// Bytes after decompression.
    package var bytes: Int
    package var rows: Int
    package var badRows: Int
    /// "utf-8", "utf-8 with byte order mark", …
    package var encoding: String
    /// How a CSV was read: `delimiter ';', header in row 1`. Nil for other formats.
    package var dialect: String?
    /// The split that its rows went to.
    package var split: String

    enum CodingKeys: String, CodingKey {
      case name, format, bytes, rows, encoding, dialect, split
      case badRows = "bad_rows"
    }

    package init(
      name: String, format: DatasetFormat, bytes: Int, rows: Int, badRows: Int, encoding: String, dialect: String?, split: String
    ) {
      self.name = name
      self.format = format
      self.bytes = bytes
      self.rows = rows
      self.badRows = badRows
      self.encoding = encoding
      self.dialect = dialect
      self.split = split
    }
  }

  package struct Split: Codable, Sendable, Equatable {
    package var name: String
    package var rows: Int
    /// Size of the canonical `.jsonl`, and its hash.
    package var bytes: Int
    package var sha256: String
    /// True where the dropped file is the canonical file as it came: whoever stores the version gives it both names.
    package var isOriginal: Bool?

    enum CodingKeys: String, CodingKey {
      case name, rows, bytes, sha256
      case isOriginal = "is_original"
    }

    package init(name: String, rows: Int, bytes: Int, sha256: String, isOriginal: Bool? = nil) {
      self.name = name
      self.rows = rows
      self.bytes = bytes
      self.sha256 = sha256
      self.isOriginal = isOriginal
    }
  }

  package var schema = "dropforge.ingest/1"
  /// Of the dropped bytes: see `Receipt.sha256`.
  package var sourceSHA256: String
  package var sourceBytes: Int
  package var files: [SourceFile]
  package var splits: [Split]
  package var rows: Int
  package var badRows: Int
  package var columns: [DatasetColumn]
  package var detected: DatasetSchema
  /// Role to column, where a column is not called by its role: `["prompt": "question"]`.
  package var mapping: [String: String]
  /// Remarks that do not hinder: few rows, ignored files of an archive.
  package var warnings: [String]
  package var seconds: Double
  /// Of a repository that was dropped: what its README.md says for people, and the config by which its files were read.
  package var card: DatasetCardFacts?
  package var config: String?

  enum CodingKeys: String, CodingKey {
    case schema, files, splits, rows, columns, detected, mapping, warnings, seconds, card, config
    case sourceSHA256 = "source_sha256"
    case sourceBytes = "source_bytes"
    case badRows = "bad_rows"
  }

  package init(
    sourceSHA256: String, sourceBytes: Int, files: [SourceFile], splits: [Split], rows: Int, badRows: Int, columns: [DatasetColumn],
    detected: DatasetSchema, mapping: [String: String], warnings: [String], seconds: Double
  ) {
    self.sourceSHA256 = sourceSHA256
    self.sourceBytes = sourceBytes
    self.files = files
    self.splits = splits
    self.rows = rows
    self.badRows = badRows
    self.columns = columns
    self.detected = detected
    self.mapping = mapping
    self.warnings = warnings
    self.seconds = seconds
  }
}
