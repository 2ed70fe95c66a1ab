/// `workspace/trash/<id>/trash.json`: a deleted dataset, or a version of one, that can be restored.
package struct TrashCard: Codable, Sendable, Equatable {
  package static let fileName = "trash.json"

  package var schema = "dropforge.trash/1"
  package var dataset: SafeName
  package var versions: [Int]
  /// True where these versions alone were deleted, and the dataset stayed.
  package var isOfVersions: Bool?
  /// That its files take.
  package var bytes: Int
  package var deletedAt: Timestamp
  /// When it goes for good.
  package var until: Timestamp

  enum CodingKeys: String, CodingKey {
    case schema, dataset, versions, bytes, until
    case deletedAt = "deleted_at"
    case isOfVersions = "versions_only"
  }

  package init(
    dataset: SafeName, versions: [Int], isOfVersions: Bool? = nil, bytes: Int, deletedAt: Timestamp, until: Timestamp
  ) {
    self.dataset = dataset
    self.isOfVersions = isOfVersions
    self.versions = versions
    self.bytes = bytes
    self.deletedAt = deletedAt
    self.until = until
  }
}
