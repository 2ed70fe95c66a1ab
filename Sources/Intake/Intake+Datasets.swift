import Catalogue
import Domain
import Engines
import Logging
import Platform
import StrictJSON
import SystemPackage

extension Intake {
  /// Has a worker read a dropped dataset.
  func readDataset(_ drop: ClaimedDrop) async throws -> Judged {
    let fileName = drop.name
    if !drop.isFolder {
      if BadRowsFile.isNameless(fileName) { return rejection(of: drop, kind: .dataset, Problem(namelessBadRows: fileName)) }
      if let dataset = BadRowsFile.dataset(of: fileName) { return try await readMended(drop, of: dataset) }
    }
    let name = SafeName(from: ColumnarFile.stem(of: fileName) ?? DroppedFileName(fileName).stem)
    let sidecar = try await catalogue.sidecar(for: name)
    return try await readDataset(drop, from: drop.path, fileName: fileName, name: name, sidecar: sidecar)
  }

  /// - Parameters:
  ///   - source: the drop itself; for mended rows, the stored original of their dataset.
  ///   - mended: the version whose original that is: the drop mends its bad rows.
  func readDataset(
    _ drop: ClaimedDrop, from source: FilePath, fileName: String, name: SafeName, sidecar: DatasetSidecar?,
    mended: DatasetVersionLayout? = nil
  ) async throws -> Judged {
    let staging = layout.workspace.staging(drop.id)
    try files.removeTree(staging)  // of an attempt that a crash ended
    var (source, readAs) = (source, fileName)
    let columnar = ColumnarRows(files: files, python: settings.python, limits: settings.ingestLimits)
    var converted: ColumnarResult?
    if try columnar.isColumnar(source, name: fileName) {
      switch try await convert(drop, source, fileName, columnar) {
      case .failure(let problem): return rejection(of: drop, kind: .dataset, problem)
      case .success(let made): (converted, source, readAs) = (made.result, made.rows, made.rows.lastComponent?.string ?? fileName)
      }
    }
    var order = IngestOrder(
      drop: drop.id, source: source.string, fileName: readAs, staging: staging.string, sidecar: sidecar, limits: settings.ingestLimits,
      rowsMayStay: converted == nil, mended: try mended.map { try mends(drop, after: $0).map(\.string) } ?? [])
    order.isConverted = converted != nil
    let orderPath = layout.workspace.order(drop.id)
    try files.publish(try PublishedJSON.bytes(of: order), to: orderPath)
    if let problem = try await runWorker(.ingest(orderPath), for: drop) { return rejection(of: drop, kind: .dataset, problem) }
    if let converted {
      try columnar.tell(converted, of: fileName, in: DatasetVersionLayout(folder: staging))
      try files.removeTree(layout.workspace.columnar(drop.id))
    }
    var reading = ""
    if let mended {
      reading = try mends(drop, after: mended).map { "+" + (try files.sha256(of: $0).sha256) }.joined()
      try keepOriginal(of: mended, in: DatasetVersionLayout(folder: staging))
    }
    var told = order
    told.fileName = fileName
    return try judge(drop, asReadBy: told, name: name, reading: reading)
  }

  /// Has columnar rows written as JSON lines, beside the staging folder.
  private func convert(
    _ drop: ClaimedDrop, _ source: FilePath, _ fileName: String, _ columnar: ColumnarRows
  ) async throws -> Result<(result: ColumnarResult, rows: FilePath), Problem> {
    let folder = layout.workspace.columnar(drop.id)
    try files.removeTree(folder)  // of an attempt that a crash ended
    try files.makeFolders(folder)
    let orderPath = layout.workspace.order(drop.id)
    try files.publish(
      try PublishedJSON.bytes(of: columnar.order(for: drop.id, source: source, fileName: fileName, staging: folder)), to: orderPath)
    if let problem = try await runWorker(.columnar(orderPath), for: drop) {
      try files.removeTree(folder)
      return .failure(problem)
    }
    return .success(try columnar.result(in: folder))
  }

  /// What a worker made of a drop, as an entry.
  ///
  /// - Parameter reading: what the rows depend on beside the drop's bytes and the sidecar.
  nonisolated func judge(_ drop: ClaimedDrop, asReadBy order: IngestOrder, name: SafeName, reading: String) throws -> Judged {
    let staging = DatasetVersionLayout(folder: FilePath(order.staging))
    let result = try PublishedJSON.decode(IngestResult.self, from: try files.contents(of: staging.result))
    let told = try order.sidecar?.reading.map { SHA256.hash(try PublishedJSON.line(of: $0)) } ?? ""
    let form = form(for: drop)
    let entry = Catalogue.dataset(
      named: name, drop: drop.id, fileName: order.fileName, reading: told + reading, description: order.sidecar?.description,
      tags: order.sidecar.flatMap { $0.tags.isEmpty ? nil : $0.tags }, licence: order.sidecar?.licence, result: result, at: now
    ) { decision in Self.verdict(decision, name, result, form) }
    return Judged(drop: drop, entry: entry)
  }

  /// The staging folder becomes the version's folder; the original goes into it.
  nonisolated func placeDataset(_ receipt: Receipt, _ drop: ClaimedDrop, _ original: FilePath, _ files: any FileSystem) throws {
    guard let path = receipt.path else { return }
    if path.hasPrefix(layout.relative(layout.workspace.sidecars)) { return try place(original, at: layout.absolute(path), files) }
    let version = DatasetVersionLayout(folder: layout.absolute(path))
    let staging = layout.workspace.staging(drop.id)
    if !files.exists(version.result) {
      try files.removeTree(version.folder)
      try files.renameWithoutReplacing(staging, to: version.folder)
    }
    KillPoint.pass(.versionMoved)
    try files.syncFolder(version.folder.removingLastComponent())
    try files.syncFolder(layout.workspace.staging)
    guard let name = original.lastComponent else { return }
    if !drop.isFolder, BadRowsFile.dataset(of: name.string) != nil { return try placeMended(original, name.string, in: version, files) }
    try makeFolder(version.original, files)
    try place(original, at: version.original.appending(name), files)
    try nameRows(of: version, after: version.original.appending(name), files)
  }

  /// A sidecar: kept for drops of its name; where the dataset is here already, it is read anew.
  func judgeSidecar(_ drop: ClaimedDrop, _ document: JSONDocument) async throws -> Judged {
    let fileName = drop.name
    let name = SafeName(from: String(fileName.dropLast(DatasetSidecar.ending.count)))
    guard let object = document.node.object else {
      return rejection(
        of: drop, kind: .dataset,
        Problem(
          "sidecar.no-object", "\(fileName) is \(document.node.kindName)",
          mend: "A sidecar is a JSON object; its fields are listed in docs/formats.md."))
    }
    var sidecar = DatasetSidecar()
    let findings = sidecar.overlay(object, path: "", source: document.source)
    guard findings.errors.isEmpty else {
      return rejection(of: drop, kind: .dataset, Problem(findings: findings, in: fileName), findings: findings, sha256: document.sha256)
    }
    if let judged = try await judgeDownload(drop, document, sidecar, called: name, findings) { return judged }
    let latest = try await catalogue.latestStoredVersion(of: name)
    let message =
      latest == nil
      ? "This sidecar is kept; it will be used when a dataset '\(name)' is dropped."
      : "This sidecar is kept for '\(name)', and version \(latest?.number ?? 0) is being read anew with it."
    let kept = form(for: drop)(
      .dataset, .accepted, sha256: document.sha256, path: layout.workspace.sidecar(drop.id), message: message, findings: findings)
    // Claimed before the verdict that promises it: a crash in between leaves a claim that the next start reads.
    let again = try latest.flatMap { try claimAnew($0, as: name, for: drop) }
    KillPoint.pass(.sidecarClaimedAnew)
    return Judged(drop: drop, entry: Catalogue.sidecar(sidecar, for: name, receipt: kept), next: again)
  }

  /// A version's original as a drop of its own, to be read in another way: its bytes are a hard link to the stored ones.
  /// Made again for the same sidecar, it is the same drop.
  private func claimAnew(_ version: DatasetVersionRecord, as name: SafeName, for sidecar: ClaimedDrop) throws -> ClaimedDrop? {
    let stored = layout.workspace.dataset(version.dataset).version(version.number).original
    guard let fileName = try files.names(in: stored).first, let id = sidecar.id.readingAnew else { return nil }
    let status = try files.status(stored.appending(fileName))
    // Under an alias the bytes become a dataset of that name; the endings still say the form.
    let stem = ColumnarFile.stem(of: fileName.string) ?? DroppedFileName(fileName.string).stem
    let target = name == version.dataset ? fileName.string : name.text + fileName.string.dropFirst(stem.count)
    let claim = layout.inbox.claim(id)
    let again = ClaimedDrop(
      id: id, kind: .dataset, name: target, path: claim.appending(target), isFolder: status.kind == .folder,
      size: version.result.sourceBytes,
      receivedAt: sidecar.receivedAt)
    try files.removeTree(claim)
    try files.makeFolders(claim)
    try files.writeWhole([], to: claim.appending(".\(DropKind.dataset.rawValue)"))  // the mark by which a start knows its kind
    try files.linkTree(stored.appending(fileName), to: again.path)
    try files.syncTree(claim)
    try files.syncFolder(layout.inbox.claimed)
    return again
  }

  /// What a user is told of a dataset that was read.
  private static func verdict(_ decision: Catalogue.DatasetDecision, _ name: SafeName, _ result: IngestResult, _ form: ReceiptForm)
    -> Receipt
  {
    let workspace = form.layout.workspace
    switch decision {
    case .newVersion(let number):
      return form(
        .dataset, .accepted, size: result.sourceBytes, sha256: result.sourceSHA256, path: workspace.dataset(name).version(number).folder,
        result: name.text, message: welcome(name, number, result))
    case .duplicate(let owner, let number, let alias):
      let also = alias ? "; the name '\(name)' now means it too" : ""
      return form(
        .dataset, .duplicate, size: result.sourceBytes, sha256: result.sourceSHA256, path: workspace.dataset(owner).version(number).folder,
        result: owner.text,
        message: "The same bytes are here already as version \(number) of the dataset '\(owner)'\(also). Nothing is stored twice.")
    }
  }

  static func welcome(_ name: SafeName, _ number: Int, _ result: IngestResult) -> String {
    let rows = { (count: Int) in "\(Figures.grouped(count)) \(count == 1 ? "row" : "rows")" }
    var message = "Dataset '\(name)'\(number > 1 ? ", version \(number)" : ""): \(rows(result.rows)) of \(result.detected.rawValue)"
    if result.splits.count > 1 {
      message += " (\(result.splits.map { "\($0.name) \(Figures.grouped($0.rows))" }.joined(separator: ", ")))"
    }
    if result.badRows > 0 {
      message +=
        ", \(result.badRows) bad \(result.badRows == 1 ? "row" : "rows") left out (see bad-rows.jsonl in its folder: mend \"raw\" there and drop it as \(name)\(BadRowsFile.ending))"
    }
    return ([message + "."] + result.warnings.prefix(3)).joined(separator: " ")
  }
}
