/// What the worker is told of a dropped base model: look whether it is one, and say what it is.
package struct ModelOrder: Codable, Sendable, Equatable {
  package var drop: DropID
  package var name: SafeName
  /// Absolute path of the dropped folder or archive.
  package var source: String
  package var fileName: String
  /// Absolute path of the folder to build: `model.json` (`ModelCard`), and where `source` is an archive its files in `files/`.
  package var staging: String
  package var limits: IngestLimits

  package init(drop: DropID, name: SafeName, source: String, fileName: String, staging: String, limits: IngestLimits) {
    self.drop = drop
    self.name = name
    self.source = source
    self.fileName = fileName
    self.staging = staging
    self.limits = limits
  }
}
