import DatasetFormats
import Domain
import Platform
import StrictJSON
import SystemPackage

/// The ingest worker's work: one dropped file or folder in, one dataset version out, laid out as `DatasetVersionLayout`
/// in the order's staging folder. The drop itself is only read.
///
/// Everything is streamed: read, decompressed, parsed, written and hashed in one pass, in memory that does not grow with
/// the drop. `ingest.json` is written last, after everything else is on disk: a folder without it is not whole.
package struct Ingestor {
  /// Below this a dataset is good for trying things out only, and says so.
  static let fewRows = 10
  /// Rows that are looked into to tell lists of messages from other lists.
  static let sampleRows = 100

  private let order: IngestOrder
  private let fileSystem: any FileSystem
  private let clock: WallClock
  private let report: (WorkerEvent) -> Void
  private let layout: DatasetVersionLayout

  /// - Parameter report: told `WorkerEvent.ingested` at most every 250 ms, and once at the end.
  package init(
    order: IngestOrder, fileSystem: any FileSystem, clock: WallClock = .system, report: @escaping (WorkerEvent) -> Void
  ) {
    self.order = order
    self.fileSystem = fileSystem
    self.clock = clock
    self.report = report
    layout = DatasetVersionLayout(folder: FilePath(order.staging))
  }

  /// - Throws: `Problem` for everything that a user can cause or mend; `SystemError` for the rest. The staging folder is
  ///   gone then.
  package func run() throws -> IngestResult {
    do {
      try fileSystem.makeFolders(layout.data)
      KillPoint.pass(.ingestBegun)
      return try ingest()
    } catch {
      try? fileSystem.removeTree(layout.folder)  // the error is the one to tell; a leftover is swept before the next attempt
      guard let error = error as? SystemError, let problem = Problem(error, drop: order.fileName, limits: order.limits) else { throw error }
      throw problem
    }
  }

  private func ingest() throws -> IngestResult {
    let started = clock.monotonic()
    let source = FilePath(order.source)
    let status = try dropStatus(source)
    let (reading, read, progress) = try readAll(source, status)
    defer { withExtendedLifetime(reading) {} }
    try checkRows(of: reading)
    let splits = try reading.splits.finish(read)
    try reading.badRows.finish()
    let columns = reading.columns.result()
    let preparation = Preparation(order, layout, fileSystem, splits)
    let schema = try SchemaDetection(
      columns: columns, rows: reading.rows, sample: try sample(preparation), told: order.sidecar?.columns ?? [:],
      sidecarName: reading.sidecarName)
    var result = IngestResult(
      sourceSHA256: read.sha256, sourceBytes: read.bytes, files: reading.files.sorted { ByteOrder.isBefore($0.name, $1.name) },
      splits: splits, rows: reading.rows, badRows: reading.badRows.count, columns: columns, detected: schema.schema,
      mapping: schema.mapping, warnings: warnings(of: reading, splits) + schema.warnings, seconds: 0)
    (result.card, result.config) = (reading.card?.facts, reading.card?.splits?.config)
    try prepare(&result, preparation, reading.sidecarName)
    progress.tell()
    result.seconds = Double(clock.monotonic() - started) / 1e9
    KillPoint.pass(.ingestRead)
    try fileSystem.syncTree(layout.folder)
    if result.splits.contains(where: { $0.isOriginal == true }) { try fileSystem.syncTree(source) }
    try fileSystem.publish(try PublishedJSON.bytes(of: result), to: layout.result)
    KillPoint.pass(.ingestWhole)
    return result
  }

  private typealias Read = (reading: DropReading, hash: (sha256: String, bytes: Int), progress: IngestProgress)

  /// Reads the drop; once more where only then it is known which of its files are which split.
  private func readAll(_ source: FilePath, _ status: FileStatus) throws -> Read {
    var card = status.kind == .folder ? try DropCard.inFolder(source, order, fileSystem) : nil
    // Each reason to begin anew is there once at most: a card that came late, and one whose config names nothing that is here.
    while true {
      do {
        let read = try readOnce(source, status, card)
        guard read.reading.files.isEmpty, let found = read.reading.card, found.splits != nil else { return read }
        if order.sidecar?.config != nil { throw Problem(emptyConfig: found.splits?.config ?? "", warnings: found.warnings) }
        card = found.withoutConfigs
      } catch let late as CardCameLate {
        card = late.card
      } catch let problem as Problem {
        guard status.kind == .file, card == nil, let late = lateCard(source, status), late.splits != nil else { throw problem }
        card = late
      }
      // What is in it and not the folder itself: a confined worker may change no more than that.
      for name in try fileSystem.names(in: layout.folder) { try fileSystem.removeTree(layout.folder.appending(name)) }
      try fileSystem.makeFolders(layout.data)
    }
  }

  private func readOnce(_ source: FilePath, _ status: FileStatus, _ card: DropCard?, onlyCard: Bool = false) throws -> Read {
    let size = status.kind == .file ? status.size : nil
    let progress = IngestProgress(of: size, clock: clock, report: report)
    let reading = try DropReading(order, layout, fileSystem, progress, size: size, card: card, onlyCard: onlyCard)
    progress.rows = { [unowned reading] in reading.rows }
    return (reading, try status.kind == .folder ? reading.readFolder(source) : reading.readDrop(at: source), progress)
  }

  /// The card of an archive that cannot be read without it: what is at fault may be no part of the dataset.
  private func lateCard(_ source: FilePath, _ status: FileStatus) -> DropCard? {
    guard DroppedFileName(order.fileName).archive != nil else { return nil }
    do {
      _ = try readOnce(source, status, nil, onlyCard: true)
      return nil
    } catch let late as CardCameLate {
      return late.card
    } catch {
      return nil  // the first fault is the one to tell
    }
  }

  /// What a sidecar wants done with the rows that were read.
  private func prepare(_ result: inout IngestResult, _ preparation: Preparation, _ sidecarName: String) throws {
    if let converted = try preparation.convert(result) {
      let schema = try SchemaDetection(
        columns: converted.columns, rows: converted.rows, sample: try sample(preparation), sidecarName: sidecarName)
      result.warnings.append("Converted from \(result.detected.rawValue) to \(schema.schema.rawValue).")
      (result.columns, result.rows, result.detected, result.mapping) = (converted.columns, converted.rows, schema.schema, schema.mapping)
    }
    try preparation.divide(result.columns)
    result.splits = preparation.splits
    result.warnings += preparation.remarks
  }

  private func dropStatus(_ source: FilePath) throws -> FileStatus {
    let status: FileStatus
    do throws(SystemError) {
      status = try fileSystem.status(source)
    } catch {
      throw Problem(opening: order.fileName, error)
    }
    guard status.kind == .file || status.kind == .folder else {
      throw Problem(
        "drop.no-file", "it is \(status.kind == .symlink ? "a symbolic link" : "a special file"), not a file with data",
        at: .init(file: order.fileName), mend: "Drop the file itself: cp -L copies what a link points to.")
    }
    return status
  }

  private func checkRows(of reading: DropReading) throws(Problem) {
    if reading.files.isEmpty {
      if let parquet = reading.skipped.files.first(where: { $0.lowercased().hasSuffix(".parquet") }) {
        throw Problem(foreign: .parquet, named: parquet)
      }
      throw Problem(nothingReadableIn: order.fileName, skipped: reading.skipped.warnings)
    }
    try SidecarFit.check(order.sidecar, against: reading.files.map(\.format))
    try SidecarFit.check(order.sidecar, hasConfigs: reading.card?.splits != nil)
    try reading.mended.checkThatAllWereUsed()
    guard reading.badRows.isTolerable(goodRows: reading.rows, limits: order.limits) else {
      throw reading.badRows.problem(goodRows: reading.rows, limits: order.limits)
    }
    guard reading.rows > 0 else { throw Problem(noRows: order.fileName) }
  }

  /// Rows from all over the first split, in its order. Read and not mapped: a mapping would count as this process's
  /// memory, which is not to grow with the drop.
  private func sample(_ preparation: Preparation) throws -> [JSONNode] {
    guard let split = preparation.splits.first else { return [] }
    let step = max(1, split.rows / Self.sampleRows)
    let path = preparation.path(of: split)
    let rows = try RowsByOffset(path, index: layout.index(split: split.name), fileSystem: fileSystem)
    return try stride(from: 0, to: split.rows, by: step).prefix(Self.sampleRows).compactMap { index in
      // A tree of a huge row would cost more memory than it tells.
      let bytes = try rows.row(index, limit: 1 << 20)
      return try bytes.map { try JSONParser.parse($0, repeatedKeys: .keepLast) }
    }
  }

  private func warnings(of reading: DropReading, _ splits: [IngestResult.Split]) -> [String] {
    let mended = reading.mended.used
    var warnings =
      mended == 0 ? [] : ["\(mended) mended \(mended == 1 ? "row is" : "rows are") in \(mended == 1 ? "its place" : "their places")."]
    warnings += reading.badRows.warnings + (reading.card?.warnings ?? []) + reading.warnings + reading.skipped.warnings
    if let most = order.sidecar?.maximumRows, splits.contains(where: { $0.rows >= most }) {
      warnings.append("Of each split the first \(Figures.grouped(most)) rows are taken, as \"max_rows\" says.")
    }
    if !splits.contains(where: { $0.name == SplitName.train }), let only = splits.first, order.sidecar?.split == nil {
      warnings.append("No file is named train: all rows are in \(splits.count == 1 ? "the split '\(only.name)'" : "other splits").")
    }
    // One document is one or a few rows, and is not small for that.
    let isDocument = reading.files.contains { $0.format == .plainText } && (order.sidecar?.textRows ?? .document) == .document
    if reading.rows < Self.fewRows, !isDocument {
      warnings.append(
        "Only \(reading.rows) \(reading.rows == 1 ? "row" : "rows"): enough to try things out, too few to learn from "
          + "(\(Self.fewRows) or more are advised)."
      )
    }
    return warnings
  }
}
