import DatasetFormats
import Domain
import Platform
import SystemPackage

/// The look at stored versions behind their receipts: samples, and what is odd in the rows. One process for many small ones.
package struct Survey {
  private let fileSystem: any FileSystem
  private let clock: WallClock
  private let isStopped: () -> Bool
  private let preview: (IngestResult, DatasetVersionLayout) throws -> DatasetPreview

  /// - Parameters:
  ///   - isStopped: asked often; where true the work ends with `CancellationError` and leaves nothing half-made.
  ///   - preview: what the trainer sees of the first rows; the roof knows who can say.
  package init(
    fileSystem: any FileSystem, clock: WallClock = .system, isStopped: @escaping () -> Bool = { false },
    preview: @escaping (IngestResult, DatasetVersionLayout) throws -> DatasetPreview
  ) {
    self.fileSystem = fileSystem
    self.clock = clock
    self.isStopped = isStopped
    self.preview = preview
  }

  /// Makes what is not there. Files are published whole, `quality.json` last.
  ///
  /// - Throws: `SystemError` where a version cannot be read or nothing can be written.
  package func run(_ orders: [SurveyOrder]) throws {
    for order in orders {
      let layout = DatasetVersionLayout(folder: FilePath(order.folder))
      // Deleted meanwhile, or done before a crash.
      guard fileSystem.exists(layout.result), !fileSystem.exists(layout.quality) else { continue }
      try survey(order, layout)
    }
  }

  /// - Returns: what was published as `quality.json`.
  @discardableResult
  package func survey(_ order: SurveyOrder, _ layout: DatasetVersionLayout) throws -> DatasetQuality {
    do {
      return try look(order, layout)
    } catch {
      try? fileSystem.removeTree(layout.samplesMaking)  // the error is the one to tell
      throw error
    }
  }

  private func look(_ order: SurveyOrder, _ layout: DatasetVersionLayout) throws -> DatasetQuality {
    let started = clock.monotonic()
    let ingest = try PublishedJSON.decode(IngestResult.self, from: try fileSystem.contents(of: layout.result))
    try fileSystem.removeTree(layout.samplesMaking)  // of an attempt that a crash ended
    var pass = QualityPass(dataset: order.dataset, version: order.version, ingest: ingest)
    for (index, split) in ingest.splits.enumerated() {
      var pages = SamplePages(order, layout, split, isFirst: index == 0, fileSystem)
      try StoredRows(layout.rows(split: split.name), fileSystem: fileSystem).forEach { row, number in
        if number % 1_024 == 0, isStopped() { throw CancellationError() }
        try pages.add(row, number)
        pass.note(row, split: split.name, number: number + 1)
      }
      try pages.finish()
    }
    let quality = pass.result(seconds: Double(clock.monotonic() - started) / 1e9)
    try fileSystem.removeTree(layout.samples)
    try fileSystem.rename(layout.samplesMaking, to: layout.samples)
    try fileSystem.publish(try PublishedJSON.bytes(of: try preview(ingest, layout)), to: layout.preview)
    try fileSystem.publish(try PublishedJSON.bytes(of: quality), to: layout.quality)
    return quality
  }
}
