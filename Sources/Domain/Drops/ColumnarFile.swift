/// Files whose rows lie column by column: Parquet and Arrow, the Hub's own forms. They are read by a converter beside the program, where
/// there is one.
package enum ColumnarFile {
  package static let endings = [".parquet", ".arrow", ".feather"]

  /// The name without the ending that says so; nil where it says nothing of the kind.
  package static func stem(of name: String) -> String? {
    endings.first { name.lowercased().hasSuffix($0) && name.count > $0.count }.map { String(name.dropLast($0.count)) }
  }

  /// Parquet's and Arrow's first bytes. A stream of Arrow, as `save_to_disk` writes it, has none of its own: its name says it.
  package static func isColumnar(name: String, head: [UInt8]) -> Bool {
    if head.starts(with: Array("PAR1".utf8)) || head.starts(with: Array("ARROW1".utf8)) { return true }
    return name.lowercased().hasSuffix(".arrow") && head.starts(with: [0xFF, 0xFF, 0xFF, 0xFF])
  }

  /// What `datasets` writes beside Arrow files, and is no rows.
  package static let companions: Set<String> = ["state.json", "dataset_info.json", "dataset_dict.json"]
}

/// What the worker that has columnar files read is told.
package struct ColumnarOrder: Codable, Sendable, Equatable {
  package var drop: DropID
  /// Absolute path of the dropped file or folder, which is only read.
  package var source: String
  package var fileName: String
  /// Absolute path of the folder to make: rows as JSON lines, and `result.json` last.
  package var staging: String
  /// The Python to start.
  package var python: String
  package var limits: IngestLimits

  package init(drop: DropID, source: String, fileName: String, staging: String, python: String, limits: IngestLimits) {
    self.drop = drop
    self.source = source
    self.fileName = fileName
    self.staging = staging
    self.python = python
    self.limits = limits
  }

  package static let resultName = "columnar.json"
  /// Where the rows lie in the staging folder, as a drop of their own.
  package static let rowsName = "rows"
}

/// What came of it.
package struct ColumnarResult: Codable, Sendable, Equatable {
  /// Of the dropped bytes, as ingest has it.
  package var sha256: String
  package var bytes: Int
  /// The name of the rows' file or folder below `rows`.
  package var name: String
  /// "pyarrow 26.0.1".
  package var reader: String
  package var remarks: [String]

  package init(sha256: String, bytes: Int, name: String, reader: String, remarks: [String]) {
    self.sha256 = sha256
    self.bytes = bytes
    self.name = name
    self.reader = reader
    self.remarks = remarks
  }
}

extension Problem {
  /// - Parameter python: what was looked for pyarrow.
  package init(noConverter name: String, python: String, cause: String? = nil) {
    self.init(
      "parquet.no-converter", "it is a Parquet or Arrow file, and there is nothing here that reads those", at: .init(file: name),
      why: "they are read by Python with pyarrow, which is not part of Dropforge, and \(python) has none",
      mend:
        "Make one: python3 -m venv /opt/dropforge-python && /opt/dropforge-python/bin/pip install pyarrow. Say where it is in dropforge.json, \"python\": \"/opt/dropforge-python/bin/python3\", start the agent anew and drop the file again.",
      cause: cause)
  }
}
