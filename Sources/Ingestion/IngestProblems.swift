import DatasetFormats
import Domain
import Platform
import SystemPackage

extension Problem {
  init(empty name: String) {
    self.init(
      "drop.empty", "the file is empty", at: .init(file: name), why: "it has no bytes, or none but white space",
      mend: "Look whether the program that wrote it had finished, and drop it again.")
  }

  init(onlyHeader name: String, sidecarName: String) {
    self.init(
      "csv.only-header", "it holds a header and no rows", at: .init(file: name, row: 1),
      mend: "Export it again with its rows; if row 1 is data, say \"header\": false in \(sidecarName).")
  }

  init(tooLongRow row: Int, file: String, limit: Int) {
    self.init(
      "row.too-long", "the row is longer than \(limit) bytes, the limit for one row", at: .init(file: file, row: row),
      mend:
        "Part it into several rows; if line ends are missing between rows, put them in. A row may be longer where \"ingest_row_mib\" in dropforge.json says so."
    )
  }

  init(noRows name: String) {
    self.init(
      "rows.none", "it holds no rows", at: .init(file: name),
      mend: "Export it again with its rows: one object a line ({\"text\": \"…\"}), or a header and rows of CSV.")
  }

  /// A folder or archive without anything to read.
  init(nothingReadableIn name: String, skipped: [String]) {
    self.init(
      "drop.nothing-readable", "it holds no file that is read", at: .init(file: name),
      why: skipped.isEmpty ? "there is nothing in it" : skipped.joined(separator: " "),
      mend: "Put files into it that end in \(DatasetFormat.readableEndings).")
  }

  /// The config that a sidecar names takes none of the drop's files.
  init(emptyConfig config: String, warnings: [String]) {
    self.init(
      "sidecar.config-empty", "the config '\(config)' of README.md names no file that is here", at: .init(field: "config"),
      why: warnings.isEmpty ? nil : warnings.joined(separator: " "),
      mend: "Drop the repository with the files of that config, or name another config in the sidecar.")
  }

  /// The system's refusal while a drop was read or its rows were stored; nil for what no user can mend.
  init?(_ error: SystemError, drop: String, limits: IngestLimits) {
    switch error.code {
    case .noMemory: self.init(memoryLimit: limits, name: drop, cause: error.description)
    case .fileTooLarge: self.init(outputLimit: limits, name: drop, cause: error.description)
    case .noSpace, .diskQuotaExceeded:
      self.init(
        Problem.diskFullCode, "the disk has no room for its rows", at: .init(file: drop), mend: error.mend ?? "Free space on the disk.",
        cause: error.description)
    default:
      guard error.operation == "read" else { return nil }
      self.init(opening: drop, error)
    }
  }
}
