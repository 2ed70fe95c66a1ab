/// What a dropped file's name says of its form: `reviews.train.jsonl.gz` is JSON lines, compressed, named `reviews.train`.
package struct DroppedFileName: Sendable, Equatable {
  /// The name without the endings that say the form.
  package var stem: String
  package var format: DatasetFormat?
  package var compression: Compression?
  package var archive: ArchiveKind?

  package init(_ fileName: String) {
    var rest = fileName
    func strip(_ ending: String) -> Bool {
      guard rest.lowercased().hasSuffix(ending), rest.count > ending.count else { return false }
      rest.removeLast(ending.count)
      return true
    }
    for kind in ArchiveKind.allCases where archive == nil {
      if kind.endings.contains(where: strip) { archive = kind }
    }
    if archive == nil {
      for kind in Compression.allCases where compression == nil && strip(kind.ending) { compression = kind }
      for kind in DatasetFormat.allCases where format == nil {
        if kind.endings.contains(where: strip) { format = kind }
      }
    }
    stem = rest
  }

  /// True where the name promises something that ingest can read.
  package var isDataset: Bool { format != nil || archive != nil }
}

package enum Compression: String, Sendable, Codable, CaseIterable {
  case gzip, zstd, xz, bzip2

  package var ending: String {
    switch self {
    case .gzip: ".gz"
    case .zstd: ".zst"
    case .xz: ".xz"
    case .bzip2: ".bz2"
    }
  }
}

package enum ArchiveKind: String, Sendable, Codable, CaseIterable {
  case tar, zip
  case sevenZip = "7z"

  package var endings: [String] {
    switch self {
    case .tar: [".tar.gz", ".tar.zst", ".tar.xz", ".tar.bz2", ".tgz", ".tar"]
    case .zip: [".zip"]
    case .sevenZip: [".7z"]
    }
  }
}

/// A form of dataset file that ingest reads: one file in `DatasetFormats/` each.
package enum DatasetFormat: String, Sendable, Codable, CaseIterable {
  case csv, tsv, jsonl, json
  case plainText = "txt"

  package var endings: [String] {
    switch self {
    case .csv: [".csv"]
    case .tsv: [".tsv", ".tab"]
    case .jsonl: [".jsonl", ".ndjson"]
    case .json: [".json"]
    case .plainText: [".txt", ".text"]
    }
  }

  package var title: String {
    switch self {
    case .csv: "CSV"
    case .tsv: "TSV"
    case .jsonl: "JSON lines"
    case .json: "JSON"
    case .plainText: "plain text"
    }
  }

  /// For error texts: every ending that can be dropped.
  package static let readableEndings =
    ".csv, .tsv, .json, .jsonl, .ndjson, .txt, each also .gz, .zst, .xz or .bz2; .zip, .tar, .tar.gz, .tar.zst, .tar.xz, .7z"
}
