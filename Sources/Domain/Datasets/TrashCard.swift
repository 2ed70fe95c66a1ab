/// `workspace/trash/<id>/trash.json`: a deleted dataset that can be restored.
package struct TrashCard: Codable, Sendable, Equatable {
  package static let fileName = "trash.json"

  package var schema = "dropforge.trash/1"
  package var dataset: SafeName
  package var versions: [Int]
  /// That its files take.
  package var bytes: Int
  package var deletedAt: Timestamp
  /// When it goes for good.
  package var until: Timestamp

  enum CodingKeys: String, CodingKey {
    case schema, dataset, versions, bytes, until
    case deletedAt = "deleted_at"
  }

  package init(dataset: SafeName, versions: [Int], bytes: Int, deletedAt: Timestamp, until: Timestamp) {
    self.dataset = dataset
    self.versions = versions
    self.bytes = bytes
    self.deletedAt = deletedAt
    self.until = until
  }
}
