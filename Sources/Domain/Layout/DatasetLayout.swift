import SystemPackage

/// `workspace/datasets/<name>/`.
package struct DatasetLayout: Sendable, Equatable {
  package let folder: FilePath

  package init(folder: FilePath) { self.folder = folder }

  package var card: FilePath { folder.appending("dataset.json") }
  /// The card for people, with samples; opens from disk.
  package var report: FilePath { folder.appending("report.html") }
  package var versions: FilePath { folder.appending("versions") }
  package func version(_ number: Int) -> DatasetVersionLayout { DatasetVersionLayout(folder: versions.appending("\(number)")) }
  package var tokenizations: FilePath { folder.appending("tokenizations") }
  package func tokenization(_ id: String) -> TokenizationLayout { TokenizationLayout(folder: tokenizations.appending(id)) }
}

/// `versions/<n>/`, and while it is being made, the staging folder of the same form.
package struct DatasetVersionLayout: Sendable, Equatable {
  package let folder: FilePath

  package init(folder: FilePath) { self.folder = folder }

  /// What the ingest worker found: `IngestResult`. Written last: a version without it is not whole.
  package var result: FilePath { folder.appending("ingest.json") }
  package var data: FilePath { folder.appending("data") }
  /// Canonical rows, one JSON object a line.
  package func rows(split: String) -> FilePath { data.appending("\(split).jsonl") }
  /// Offset index of `rows`: format in docs/formats.md.
  package func index(split: String) -> FilePath { data.appending("\(split).index") }
  package var badRows: FilePath { folder.appending("bad-rows.jsonl") }
  /// What is odd in the rows: `DatasetQuality`. Written last of what is made behind the receipt.
  package var quality: FilePath { folder.appending("quality.json") }
  /// `DatasetPreview`.
  package var preview: FilePath { folder.appending("preview.json") }
  /// The first pages of the rows, for looking at.
  package var samples: FilePath { folder.appending("samples") }
  /// Where they are made, to be renamed when they are whole.
  package var samplesMaking: FilePath { folder.appending(".samples.making") }
  /// Pages count from 1. Those of other splits than the first lie in a folder of the split's name.
  package func samples(split: String?, page: Int) -> FilePath { Self.page(page, split: split, in: samples) }
  package static func page(_ page: Int, split: String?, in samples: FilePath) -> FilePath {
    let digits = String(page)
    let name = "page-\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits).json"
    return (split.map { samples.appending($0) } ?? samples).appending(name)
  }
  /// Mended copies of an earlier version's bad rows that this one was made with, as they were dropped: `1-NAME.bad-rows.jsonl`, ….
  package var mended: FilePath { folder.appending("mended") }
  /// The dropped bytes, unchanged.
  package var original: FilePath { folder.appending("original") }
}

/// `tokenizations/<id>/`: a dataset version as token ids, made once for a tokenizer and its settings.
package struct TokenizationLayout: Sendable, Equatable {
  package let folder: FilePath

  package init(folder: FilePath) { self.folder = folder }

  /// Where it is made, beside its place: a folder whose name begins with a point is no tokenization.
  package var partial: TokenizationLayout {
    TokenizationLayout(folder: folder.removingLastComponent().appending(".\(folder.lastComponent?.string ?? "tokens")\(Self.making)"))
  }
  package static let making = ".making"
  /// Held by the worker that makes it.
  package var lock: FilePath { folder.removingLastComponent().appending(".\(folder.lastComponent?.string ?? "tokens").lock") }

  /// Written last: a tokenization without it is not whole.
  package var card: FilePath { folder.appending("tokenization.json") }
  package func tokens(split: String) -> FilePath { folder.appending("\(split).tokens") }
  package func sequences(split: String) -> FilePath { folder.appending("\(split).sequences") }
  package func mask(split: String) -> FilePath { folder.appending("\(split).mask") }
  /// `TokenStatistics`.
  package var statistics: FilePath { folder.appending("statistics.json") }
}
