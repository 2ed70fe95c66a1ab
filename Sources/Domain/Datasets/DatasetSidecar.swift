import StrictJSON

/// `NAME.dataset.json` beside a dataset: what its name and content do not say.
package struct DatasetSidecar: Section, Codable {
  /// How a plain text becomes rows.
  package enum TextRows: String, WordField, CaseIterable, Codable {
    /// The file is one document, cut into rows at line ends that join again without a seam.
    case document
    /// Each line is a document.
    case line
    /// Documents are parted by empty lines.
    case paragraph
  }

  package var description: String?
  package var format: DatasetFormat?
  package var textRows = TextRows.document
  package var delimiter: String?
  package var quote: String?
  package var header: Bool?
  package var encoding: DatasetEncoding?
  /// Role to column: `{"prompt": "question", "completion": "answer"}`.
  package var columns: [String: String] = [:]
  package var split: String?
  package var maximumRows: Int?
  /// Split to its share of the rows, above 0; what is left is train.
  package var splits: [String: Double] = [:]
  /// Of the lot that decides which row goes where.
  package var seed: Int?
  /// The column of which every value has the same share in every split.
  package var stratify: String?
  /// The schema that the rows are converted to when they are read.
  package var convert: DatasetSchema?
  /// Where it is to be downloaded from, and what of it (`DownloadFields`). Not kept with what says how to read: see `asRead`.
  package var source: String?
  package var config: String?
  package var revision: String?
  package var files: [String]?
  package var maximumBytes: Int?
  package var maximumSeconds: Int?
  package var tags: [String] = []
  package var licence: String?

  package init() {}

  package static let ending = ".dataset.json"
  private static let tokensPlace =
    "tokens are not taken from files that are kept; set HF_TOKEN in the agent's environment, or name a file of mode 600 in dropforge.json (\"hub_token_file\")"

  package static let fields: [Field<DatasetSidecar>] = {
    [
      Field("description", \.description, "For people."),
      Field("tags", \.tags, effect: .remark, "For people."),
      Field("license", \.licence, aliases: ["licence"], effect: .remark, "For people, and for the model card."),
      Field("format", \.format, "csv, tsv, jsonl, json or txt, where the name's ending says it wrong."),
      Field(
        "text_rows", \.textRows,
        "Plain text: \"document\" (the file is one), \"line\" (each line is one), \"paragraph\" (parted by empty lines). Default: document."
      ),
      Field("delimiter", \.delimiter, "CSV: the character between fields. Default: found by looking."),
      Field("quote", \.quote, "CSV: the character around fields. Default: \"."),
      Field("header", \.header, "CSV: whether the first row names the columns. Default: found by looking."),
      Field(
        "encoding", \.encoding,
        "What the text is written in. Default: UTF-8; CSV and plain text also UTF-16 and Windows-1252, found by looking."),
      Field(
        "columns", \.columns, aliases: ["mapping", "column_mapping"],
        "Role to column: {\"prompt\": \"question\", \"completion\": \"answer\"}."),
      Field("split", \.split, "The split that all rows go to. Default: told from the files' names, else train."),
      Field("max_rows", \.maximumRows, aliases: ["max_samples"], limit: .atLeast(1), "Rows taken at most, from the start."),
      Field(
        "splits", \.splits, aliases: ["split_ratio"],
        "Splits to make of the rows, with the share of each: {\"validation\": 0.1, \"test\": 0.1}; what is left is train. Equal rows go to one split."
      ),
      Field("seed", \.seed, "Of the lot by which rows go to the splits. Default: 42."),
      Field("stratify", \.stratify, "A column, such as label: each of its values has the same share in every split."),
      Field("convert", \.convert, aliases: ["convert_to"], "The schema to convert the rows to, as messages, when they are read."),
      Field(
        "source", \.source,
        "Where to download it from: \"hf:OWNER/NAME\", \"hf-model:OWNER/NAME\" for a model, or a preset's name. The fields below say what of it."
      ),
      Field(
        "config", \.config,
        "Of a download, and of a dropped repository whose README.md has configs: which of them. Default: the card's default; of a dropped one without, the first."
      ),
      Field("revision", \.revision, "Of a download: a branch, a tag or a commit. Default: main."),
      Field("files", \.files, "Of a download: patterns of paths, as data/train-0000*.parquet. Default: told from config and split."),
      Field(
        "max_bytes", \.maximumBytes, limit: .atLeast(1),
        "Of a download: bytes at most; of several files as many are taken, in order, as fit."),
      Field(
        "max_seconds", \.maximumSeconds, limit: .atLeast(1),
        "Of a download: refused where it would take longer, as the line's first second tells. Default: no limit but the agent's."),
      Field(foreign: "token", aliases: ["access_token", "hf_token"], .refused(tokensPlace)),
    ]
  }()
}

extension DatasetSidecar {
  /// What is to be downloaded; nil: nothing, it says how a drop is to be read.
  ///
  /// - Parameter name: the sidecar's own, without its ending.
  package func download(called name: String?) -> Result<DownloadWish, DownloadFields.Complaint>? {
    guard let source else {
      for (field, isSet) in [
        ("revision", revision != nil), ("files", files != nil), ("max_bytes", maximumBytes != nil), ("max_seconds", maximumSeconds != nil),
      ] where isSet {
        return .failure(.init(field: field, message: "this says what is to be downloaded, and no \"source\" says where from"))
      }
      return nil
    }
    var fields = DownloadFields(source: source)
    (fields.config, fields.split, fields.revision, fields.files) = (config, split, revision, files ?? [])
    (fields.maximumRows, fields.maximumBytes, fields.maximumSeconds) = (maximumRows, maximumBytes, maximumSeconds)
    return fields.wish(called: name)
  }

  /// Without what only a download needs: how the rows are to be read.
  package var asRead: DatasetSidecar {
    if source == nil { return self }
    var sidecar = self
    (sidecar.source, sidecar.config, sidecar.revision, sidecar.files, sidecar.split) = (nil, nil, nil, nil, nil)
    (sidecar.maximumBytes, sidecar.maximumSeconds) = (nil, nil)
    return sidecar
  }
}

extension DatasetFormat: WordField {}

extension DatasetSidecar {
  package static let defaultSeed = 42

  /// What rows depend on: what is said for people alone makes no other version of them. nil where nothing else is said.
  package var reading: DatasetSidecar? {
    var reading = self
    (reading.description, reading.tags, reading.licence) = (nil, [], nil)
    return reading == DatasetSidecar() ? nil : reading
  }
}
