import DatasetFormats
import Domain
import Ingestion
import SystemPackage
import TestSupport

/// A dataset as ingest leaves it, made from a text.
struct IngestedRows {
  let folders: TrainingFolders
  let result: IngestResult

  init(_ text: String, named name: String = "rows.jsonl") throws {
    folders = try TrainingFolders()
    let source = try folders.source(text, named: name)
    result = try Ingestor(
      order: IngestOrder(
        drop: Specimen.drop(), source: source.string, fileName: name, staging: folders.version.folder.string, sidecar: nil,
        limits: IngestLimits()), fileSystem: folders.files, report: { _ in }
    ).run()
  }

  func rows() throws -> DatasetRows { try DatasetRows(folders.version, split: "train") }
}
