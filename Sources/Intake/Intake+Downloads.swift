import Catalogue
import Domain
import Platform
import StrictJSON
import SystemPackage

/// Drops that ask for something to be downloaded.
extension Intake {
  /// A sidecar with a `source`: what it says of reading is kept for the dataset of its name, and the rest becomes a download.
  ///
  /// - Returns: nil where it asks for no download.
  func judgeDownload(
    _ drop: ClaimedDrop, _ document: JSONDocument, _ sidecar: DatasetSidecar, called name: SafeName, _ findings: [Finding]
  ) async throws -> Judged? {
    switch sidecar.download(called: name.text) {
    case nil: return nil
    case .failure(let complaint)?:
      let all = findings + [Finding(.error, complaint.field, complaint.message, in: document)]
      return rejection(of: drop, kind: .dataset, Problem(findings: all, in: drop.name), findings: all, sha256: document.sha256)
    case .success(let wish)?:
      let message = try await reports.download(
        wish, asker(drop, .dataset, document, keptAt: layout.workspace.sidecar(drop.id)))
      KillPoint.pass(.requestCarriedOut)
      let receipt = form(for: drop)(
        .dataset, .accepted, sha256: document.sha256, path: layout.workspace.sidecar(drop.id), message: message, findings: findings)
      guard wish.source.kind == .dataset else { return Judged(drop: drop, entry: Catalogue.verdict(receipt)) }
      return Judged(drop: drop, entry: Catalogue.sidecar(sidecar.asRead, for: name, receipt: receipt))
    }
  }

  /// A file in inbox/models/ with a `source`: a model is downloaded, called as the file.
  func judgeModelWish(_ drop: ClaimedDrop, _ document: JSONDocument) async throws -> Judged {
    let (wish, findings) = Self.modelWish(document, fileName: drop.name)
    guard let wish else {
      return rejection(
        of: drop, kind: .model, Problem(findings: findings, in: drop.name), findings: findings, sha256: document.sha256)
    }
    let kept = layout.workspace.request(drop.id)
    let message = try await reports.download(wish, asker(drop, .model, document, keptAt: kept))
    KillPoint.pass(.requestCarriedOut)
    return Judged(
      drop: drop,
      entry: Catalogue.verdict(
        form(for: drop)(.model, .accepted, sha256: document.sha256, path: kept, message: message, findings: findings)))
  }

  /// - Returns: nil with the findings that say why.
  static func modelWish(_ document: JSONDocument, fileName: String) -> (DownloadWish?, [Finding]) {
    var sidecar = DatasetSidecar()
    var findings = document.node.object.map { sidecar.overlay($0, path: "", source: document.source) } ?? []
    switch sidecar.download(called: ModelWishFile.name(fileName).text) {
    case .success(let wish)? where wish.source.kind == .model: return (findings.errors.isEmpty ? wish : nil, findings)
    case .success(let wish)?:
      findings.append(
        Finding(
          .error, "source",
          "this is a dataset's, \(wish.source); drop this file as \(wish.name)\(DatasetSidecar.ending) into inbox/datasets/, or write \(HubSource.modelPrefix)OWNER/NAME for a model",
          in: document))
    case .failure(let complaint)?: findings.append(Finding(.error, complaint.field, complaint.message, in: document))
    case nil: break
    }
    return (nil, findings)
  }

  func answer(to request: InboxRequest, of drop: ClaimedDrop, _ document: JSONDocument) async throws -> RequestAnswer {
    guard case .download(let wish) = request else { return try await reports.request(request) }
    return .carriedOut(
      try await reports.download(wish, asker(drop, .request, document, keptAt: layout.workspace.request(drop.id))))
  }

  private nonisolated func asker(
    _ drop: ClaimedDrop, _ kind: DropKind, _ document: JSONDocument, keptAt path: FilePath
  ) -> DownloadAsker {
    DownloadAsker(
      drop: drop.id, name: drop.name, kind: kind, receivedAt: drop.receivedAt, size: drop.size, sha256: document.sha256,
      path: layout.relative(path))
  }
}

extension Finding {
  /// Of a field at the top of a document.
  init(_ severity: Severity, _ field: String, _ message: String, in document: JSONDocument) {
    self.init(severity, field, message, line: document.node.object.flatMap { document.source.line(of: field, in: $0) })
  }
}
