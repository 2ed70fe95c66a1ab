import Catalogue
import Domain
import Engines
import Logging
import Platform
import StrictJSON
import SystemPackage

extension Intake {
  /// Has a worker read a dropped dataset, and registers what it made.
  func readDataset(_ drop: ClaimedDrop) async throws {
    let fileName = drop.name
    if !drop.isFolder {
      if BadRowsFile.isNameless(fileName) { return try await reject(drop, kind: .dataset, Problem(namelessBadRows: fileName)) }
      if let dataset = BadRowsFile.dataset(of: fileName) { return try await readMended(drop, of: dataset) }
    }
    let name = SafeName(from: DroppedFileName(fileName).stem)
    let sidecar = try await catalogue.sidecar(for: name)
    try await readDataset(drop, from: drop.path, fileName: fileName, name: name, sidecar: sidecar)
  }

  /// - Parameters:
  ///   - source: the drop itself; for mended rows, the stored original of their dataset.
  ///   - mended: the version whose original that is: the drop mends its bad rows.
  func readDataset(
    _ drop: ClaimedDrop, from source: FilePath, fileName: String, name: SafeName, sidecar: DatasetSidecar?,
    mended: DatasetVersionLayout? = nil
  ) async throws {
    let staging = layout.workspace.staging(drop.id)
    try files.removeTree(staging)  // of an attempt that a crash ended
    let order = IngestOrder(
      drop: drop.id, source: source.string, fileName: fileName, staging: staging.string, sidecar: sidecar, limits: settings.ingestLimits,
      rowsMayStay: true, mended: try mended.map { try mends(drop, after: $0).map(\.string) } ?? [])
    let orderPath = layout.workspace.order(drop.id)
    try files.publish(try PublishedJSON.bytes(of: order), to: orderPath)
    if let problem = try await runWorker(.ingest(orderPath), for: drop) {
      return try await reject(drop, kind: .dataset, problem)
    }
    let result = try PublishedJSON.decode(IngestResult.self, from: try files.contents(of: DatasetVersionLayout(folder: staging).result))
    var reading = try sidecar.map { SHA256.hash(try PublishedJSON.line(of: $0)) } ?? ""
    if let mended {
      reading += try mends(drop, after: mended).map { "+" + (try files.sha256(of: $0).sha256) }.joined()
      try keepOriginal(of: mended, in: DatasetVersionLayout(folder: staging))
    }
    let form = form(for: drop)
    let decision = try await catalogue.registerDataset(
      named: name, drop: drop.id, fileName: fileName, reading: reading, description: sidecar?.description, result: result, at: now
    ) { decision in Self.verdict(decision, name, result, form) }
    try await carryOutDecision(of: drop)
    log.notice("dataset", metadata: ["name": "\(name)", "rows": "\(result.rows)", "decision": "\(decision)"])
  }

  /// The staging folder becomes the version's folder; the original goes into it.
  func placeDataset(_ receipt: Receipt, _ drop: ClaimedDrop, _ original: FilePath) throws {
    guard let path = receipt.path else { return }
    if path.hasPrefix(layout.relative(layout.workspace.sidecars)) { return try place(original, at: layout.absolute(path)) }
    let version = DatasetVersionLayout(folder: layout.absolute(path))
    let staging = layout.workspace.staging(drop.id)
    if !files.exists(version.result) {
      try files.makeFolders(version.folder.removingLastComponent())
      try files.removeTree(version.folder)
      try files.move(staging, to: version.folder)
    }
    try files.makeFolders(version.original)
    guard let name = original.lastComponent else { return }
    if !drop.isFolder, BadRowsFile.dataset(of: name.string) != nil { return try placeMended(original, name.string, in: version) }
    try place(original, at: version.original.appending(name))
    try nameRows(of: version, after: version.original.appending(name))
  }

  /// A sidecar: kept for drops of its name; where the dataset is here already, it is read anew.
  func takeSidecar(_ drop: ClaimedDrop, _ document: JSONDocument) async throws {
    let fileName = drop.name
    let name = SafeName(from: String(fileName.dropLast(DatasetSidecar.ending.count)))
    guard let object = document.node.object else {
      return try await reject(
        drop, kind: .dataset,
        Problem(
          "sidecar.no-object", "\(fileName) is \(document.node.kindName)",
          mend: "A sidecar is a JSON object; its fields are listed in docs/formats.md."))
    }
    var sidecar = DatasetSidecar()
    let findings = sidecar.overlay(object, path: "", source: document.source)
    guard findings.errors.isEmpty else {
      return try await reject(drop, kind: .dataset, Problem(findings: findings, in: fileName), findings: findings, sha256: document.sha256)
    }
    let latest = try await catalogue.latestStoredVersion(of: name)
    let message =
      latest == nil
      ? "This sidecar is kept; it will be used when a dataset '\(name)' is dropped."
      : "This sidecar is kept for '\(name)', and version \(latest?.number ?? 0) is being read anew with it."
    let kept = form(for: drop)(
      .dataset, .accepted, sha256: document.sha256, path: layout.workspace.sidecar(drop.id), message: message, findings: findings)
    try await catalogue.keepSidecar(sidecar, for: name, receipt: kept)
    try await carryOutDecision(of: drop)
    if let latest { try await readAnew(latest, with: sidecar) }
  }

  /// A version's original, read again in another way: a drop of its own, whose bytes are a hard link to the stored ones.
  private func readAnew(_ version: DatasetVersionRecord, with sidecar: DatasetSidecar) async throws {
    let stored = layout.workspace.dataset(version.dataset).version(version.number).original
    guard let name = try files.names(in: stored).first else { return }
    let status = try files.status(stored.appending(name))
    let id = DropID(at: now, random: UInt32.random(in: 0...UInt32.max))
    let claim = layout.inbox.claim(id)
    let again = ClaimedDrop(
      id: id, kind: .dataset, name: name.string, path: claim.appending(name), isFolder: status.kind == .folder,
      size: version.result.sourceBytes,
      receivedAt: now)
    try files.makeFolders(claim)
    try files.linkTree(stored.appending(name), to: again.path)
    try files.syncFolder(layout.inbox.claimed)
    receive(again)
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
    let rows = { (count: Int) in "\(count) \(count == 1 ? "row" : "rows")" }
    var message = "Dataset '\(name)'\(number > 1 ? ", version \(number)" : ""): \(rows(result.rows)) of \(result.detected.rawValue)"
    if result.badRows > 0 {
      message +=
        ", \(result.badRows) bad \(result.badRows == 1 ? "row" : "rows") left out (see bad-rows.jsonl in its folder: mend \"raw\" there and drop it as \(name)\(BadRowsFile.ending))"
    }
    return ([message + "."] + result.warnings.prefix(3)).joined(separator: " ")
  }
}
