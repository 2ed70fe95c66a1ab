/// What a download will bring, fixed before its first byte: `plan.json`. The commit is pinned here, so that a push half-way cannot
/// mix two revisions, in this process or a later one.
package struct DownloadPlan: Codable, Sendable, Equatable {
  package struct File: Codable, Sendable, Equatable {
    /// In the repository, with forward slashes.
    package var path: String
    package var size: Int
    /// The content's hash, in hexadecimal digits: 64 of SHA-256 for a large file (LFS), 40 of git's blob SHA-1 for others.
    package var hash: String
    /// The split that its rows belong to; nil: of a model, or the dataset's card.
    package var split: String?

    package init(path: String, size: Int, hash: String, split: String?) {
      self.path = path
      self.size = size
      self.hash = hash
      self.split = split
    }
  }

  package var schema = "dropforge.download-plan/1"
  package var source: HubSource
  package var revision: String
  /// 40 hexadecimal digits.
  package var commit: String
  package var config: String?
  /// As the repository's card names it: `odc-by`.
  package var licence: String?
  package var files: [File]
  /// Where the Hub was when it was planned.
  package var endpoint: String
  package var plannedAt: Timestamp
  /// What a user should know: files that were left out, and why.
  package var remarks: [String]
  /// What the repository's card says for people.
  package var card: DatasetCardFacts?

  enum CodingKeys: String, CodingKey {
    case schema, source, revision, commit, config, files, endpoint, remarks, card
    case licence = "license"
    case plannedAt = "planned_at"
  }

  package init(
    source: HubSource, revision: String, commit: String, config: String?, licence: String?, files: [File], endpoint: String,
    plannedAt: Timestamp, remarks: [String], card: DatasetCardFacts? = nil
  ) {
    self.source = source
    self.revision = revision
    self.commit = commit
    self.config = config
    self.licence = licence
    self.files = files
    self.endpoint = endpoint
    self.plannedAt = plannedAt
    self.remarks = remarks
    self.card = card
  }

  package var bytes: Int { files.reduce(0) { $0 + $1.size } }
}

/// What a download brought: `result.json`, written when every file is in its place.
package struct DownloadResult: Codable, Sendable, Equatable {
  package var schema = "dropforge.download/1"
  package var origin: DatasetOrigin
  package var bytes: Int
  /// Bytes that came over the network in all the attempts of this process.
  package var transferred: Int
  package var seconds: Double
  /// What it was to take, as this process measured before it began.
  package var estimate: TimeEstimate?
  package var remarks: [String]

  package init(origin: DatasetOrigin, bytes: Int, transferred: Int, seconds: Double, estimate: TimeEstimate? = nil, remarks: [String]) {
    self.origin = origin
    self.bytes = bytes
    self.transferred = transferred
    self.seconds = seconds
    self.estimate = estimate
    self.remarks = remarks
  }
}

/// Where a dataset or a model came from, for its card.
package struct DatasetOrigin: Codable, Sendable, Equatable {
  /// `hf:OWNER/NAME`.
  package var source: String
  package var revision: String
  /// 40 hexadecimal digits.
  package var commit: String
  package var config: String?
  package var licence: String?
  /// Its page, for people.
  package var page: String
  /// Paths in the repository.
  package var files: [String]
  package var downloadedAt: Timestamp
  /// What the repository's card says for people.
  package var card: DatasetCardFacts?

  enum CodingKeys: String, CodingKey {
    case source, revision, commit, config, page, files, card
    case licence = "license"
    case downloadedAt = "downloaded_at"
  }

  package init(
    source: String, revision: String, commit: String, config: String?, licence: String?, page: String, files: [String],
    downloadedAt: Timestamp, card: DatasetCardFacts? = nil
  ) {
    self.source = source
    self.revision = revision
    self.commit = commit
    self.config = config
    self.licence = licence
    self.page = page
    self.files = files
    self.downloadedAt = downloadedAt
    self.card = card
  }
}

extension DatasetOrigin {
  /// "hf:OWNER/NAME, commit 0123456789ab, mit": in one line, for people.
  package var title: String {
    ([source + (revision == "main" || revision == commit ? "" : "@\(revision)"), "commit \(commit.prefix(12))"]
      + [config.map { "config \($0)" }, licence].compactMap(\.self)).joined(separator: ", ")
  }
}
