/// What a worker is told to look through behind the receipt: a stored version, of which quality, samples and a preview are made.
package struct SurveyOrder: Codable, Sendable, Equatable {
  package var dataset: SafeName
  package var version: Int
  /// Absolute path of the version's folder, in which the findings are published.
  package var folder: String

  package init(dataset: SafeName, version: Int, folder: String) {
    self.dataset = dataset
    self.version = version
    self.folder = folder
  }
}

/// Rows of a version in another form, into a folder: a conversion to another schema, or an export.
package struct RowsOrder: Codable, Sendable, Equatable {
  package enum Form: Codable, Sendable, Equatable {
    /// JSON lines of another schema, to be dropped again.
    case converted(DatasetSchema)
    case jsonl
    /// RFC 4180.
    case csv
  }

  package var dataset: SafeName
  package var version: Int
  /// Absolute path of the version's folder, which is only read.
  package var folder: String
  /// Absolute path of the folder to make: a file a split, and `result.json` last.
  package var output: String
  package var form: Form
  package var limits: IngestLimits

  package init(dataset: SafeName, version: Int, folder: String, output: String, form: Form, limits: IngestLimits = IngestLimits()) {
    self.dataset = dataset
    self.version = version
    self.folder = folder
    self.output = output
    self.form = form
    self.limits = limits
  }
}

extension RowsOrder {
  /// The file of the output folder that says what became of the rows: a folder without it is not whole.
  package static let resultName = "result.json"
}

/// What became of the rows.
package struct RowsResult: Codable, Sendable, Equatable {
  package struct Refusal: Codable, Sendable, Equatable {
    /// A clause: "the conversation has 4 turns, and a row of instruction/input/output holds one exchange".
    package var reason: String
    package var rows: Int
    package var first: DatasetQuality.Place

    package init(reason: String, rows: Int, first: DatasetQuality.Place) {
      self.reason = reason
      self.rows = rows
      self.first = first
    }
  }

  package struct File: Codable, Sendable, Equatable {
    package var name: String
    package var rows: Int
    package var bytes: Int

    package init(name: String, rows: Int, bytes: Int) {
      self.name = name
      self.rows = rows
      self.bytes = bytes
    }
  }

  package var schema = "dropforge.rows/1"
  package var files: [File]
  /// Rows that were read.
  package var read: Int
  /// Rows that could not be said in the other form, by reason.
  package var refused: [Refusal]

  package init(files: [File], read: Int, refused: [Refusal]) {
    self.files = files
    self.read = read
    self.refused = refused
  }

  package var written: Int { files.reduce(0) { $0 + $1.rows } }
}

extension RowsResult.Refusal {
  /// "12 rows are left out: … (the first: train 7)".
  package var sentence: String {
    "\(Figures.grouped(rows)) \(rows == 1 ? "row is" : "rows are") left out: \(reason) (the first: \(first.split) \(first.row))"
  }
}
