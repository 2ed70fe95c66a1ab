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
