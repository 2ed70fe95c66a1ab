/// What is to be brought from the Hub: what a user asked for, with every default filled in.
package struct DownloadWish: Codable, Sendable, Equatable {
  /// What the dataset or model is to be called here.
  package var name: SafeName
  package var source: HubSource
  /// A branch, a tag, or a commit's 40 hexadecimal digits.
  package var revision: String
  package var config: String?
  /// Splits, joined by `+`: `train+test`. nil or `all`: every one.
  package var split: String?
  /// Patterns of paths in the repository; empty: told from config and split.
  package var files: [String]
  package var maximumRows: Int?
  package var maximumBytes: Int?
  /// Seconds that it may take, from its first start.
  package var maximumSeconds: Int?
  package var preset: String?

  enum CodingKeys: String, CodingKey {
    case name, source, revision, config, split, files, preset
    case maximumRows = "max_rows"
    case maximumBytes = "max_bytes"
    case maximumSeconds = "max_seconds"
  }

  package init(
    name: SafeName, source: HubSource, revision: String = "main", config: String? = nil, split: String? = nil, files: [String] = [],
    maximumRows: Int? = nil, maximumBytes: Int? = nil, maximumSeconds: Int? = nil, preset: String? = nil
  ) {
    self.name = name
    self.source = source
    self.revision = revision
    self.config = config
    self.split = split
    self.files = files
    self.maximumRows = maximumRows
    self.maximumBytes = maximumBytes
    self.maximumSeconds = maximumSeconds
    self.preset = preset
  }

  /// Whether the same bytes are wanted: those of the one serve the other, however long each may take.
  package func wantsTheSame(as other: DownloadWish) -> Bool {
    var other = other
    other.maximumSeconds = maximumSeconds
    return other == self
  }

  /// Every split that is named; empty: all.
  package var splits: [String] { split.map { $0 == "all" ? [] : $0.split(separator: "+").map(String.init) } ?? [] }

  /// "hf:HuggingFaceTB/finemath, config finemath-4plus, split train".
  package var title: String {
    var parts = [source.description]
    if revision != "main" { parts[0] += "@\(revision)" }
    if let config { parts.append("config \(config)") }
    if !splits.isEmpty { parts.append("split \(splits.joined(separator: "+"))") }
    if !files.isEmpty { parts.append("files \(files.joined(separator: " "))") }
    return parts.joined(separator: ", ")
  }
}

/// The fields by which a sidecar and a request say what is to be downloaded.
package struct DownloadFields: Sendable, Equatable {
  package var source: String
  package var config: String?
  package var split: String?
  package var revision: String?
  package var files: [String] = []
  package var maximumRows: Int?
  package var maximumBytes: Int?
  package var maximumSeconds: Int?

  package init(source: String) { self.source = source }

  /// - Parameter name: what it is to be called; nil: as the preset or the repository.
  /// - Returns: the wish, or what is wrong with which field.
  package func wish(called name: String?) -> Result<DownloadWish, Complaint> {
    let preset = DatasetPreset.named(source)
    guard let source = preset?.source ?? HubSource(self.source) else { return .failure(.init(field: "source", message: unknownSource)) }
    if let revision, revision.isEmpty || revision.contains(where: \.isWhitespace) || revision.hasPrefix("-") {
      return .failure(.init(field: "revision", message: "\"\(revision)\" is no revision; give a branch, a tag or a commit"))
    }
    if source.kind == .model, let field = [("config", config), ("split", split)].first(where: { $0.1 != nil })?.0 {
      return .failure(.init(field: field, message: "a model has none; it is for datasets"))
    }
    if source.kind == .model, maximumRows != nil {
      return .failure(.init(field: "max_rows", message: "a model has no rows; it is for datasets"))
    }
    return .success(
      DownloadWish(
        name: SafeName(from: name ?? preset?.name ?? source.name), source: source, revision: revision ?? "main",
        config: config ?? preset?.config, split: split ?? (config == nil || config == preset?.config ? preset?.split : nil),
        files: files, maximumRows: maximumRows, maximumBytes: maximumBytes, maximumSeconds: maximumSeconds,
        preset: preset?.name))
  }

  private var unknownSource: String {
    let hint = NearestKey.suggestion(for: source, among: DatasetPreset.names).map { " Did you mean \"\($0)\"?" } ?? ""
    return
      "\"\(source)\" is no source; write hf:OWNER/NAME for a dataset of the Hugging Face Hub, hf-model:OWNER/NAME for a model, or one of \(DatasetPreset.names.joined(separator: ", ")).\(hint)"
  }

  package struct Complaint: Error, Sendable, Equatable {
    package var field: String
    package var message: String
  }
}
