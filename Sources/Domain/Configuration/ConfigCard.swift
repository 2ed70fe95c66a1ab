/// `workspace/configs/<name>/validation.json`: a stored config, its versions, its use, and what validation said of the newest.
package struct ConfigCard: Codable, Sendable, Equatable {
  package struct Version: Codable, Sendable, Equatable {
    package var version: Int
    package var sha256: String
    package var createdAt: Timestamp
    package var timesUsed: Int
    package var lastUsedAt: Timestamp?
    package var findings: [Finding]

    enum CodingKeys: String, CodingKey {
      case version, sha256, findings
      case createdAt = "created_at"
      case timesUsed = "times_used"
      case lastUsedAt = "last_used_at"
    }

    package init(version: Int, sha256: String, createdAt: Timestamp, timesUsed: Int, lastUsedAt: Timestamp?, findings: [Finding]) {
      self.version = version
      self.sha256 = sha256
      self.createdAt = createdAt
      self.timesUsed = timesUsed
      self.lastUsedAt = lastUsedAt
      self.findings = findings
    }
  }

  package var schema = "dropforge.validation/1"
  package var name: SafeName
  /// The newest.
  package var version: Int
  /// Whether jobs can use the newest: it has no error.
  package var isValid: Bool
  /// Of all versions.
  package var timesUsed: Int
  package var lastUsedAt: Timestamp?
  /// Of the newest version.
  package var findings: [Finding]
  package var versions: [Version]

  enum CodingKeys: String, CodingKey {
    case schema, name, version, findings, versions
    case isValid = "is_valid"
    case timesUsed = "times_used"
    case lastUsedAt = "last_used_at"
  }

  /// - Parameter versions: at least one, the newest last.
  package init(name: SafeName, versions: [Version]) {
    self.name = name
    self.versions = versions
    version = versions.last?.version ?? 0
    findings = versions.last?.findings ?? []
    isValid = findings.errors.isEmpty
    timesUsed = versions.reduce(0) { $0 + $1.timesUsed }
    lastUsedAt = versions.compactMap(\.lastUsedAt).max()
  }
}
