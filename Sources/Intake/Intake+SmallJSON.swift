import Catalogue
import Domain
import Platform
import StrictJSON
import SystemPackage

extension Intake {
  func judge(_ drop: ClaimedDrop, _ kind: DropSorter.JSONKind, _ document: JSONDocument) async throws -> Judged {
    switch kind {
    case .config: judgeConfig(drop, document)
    case .job: try await judgeJob(drop, document)
    case .request: try await judgeRequest(drop, document)
    case .sidecar: try await judgeSidecar(drop, document)
    case .modelWish: try await judgeModelWish(drop, document)
    }
  }

  // MARK: configs

  private func judgeConfig(_ drop: ClaimedDrop, _ document: JSONDocument) -> Judged {
    let name = SafeName(from: DroppedFileName(drop.name).stem)
    let (_, findings) = Configuration.decode(document.node, source: document.source)
    guard findings.errors.isEmpty else { return rejection(of: drop, .config, findings, document) }
    let folder = layout.workspace.config(name)
    let form = form(for: drop)
    let entry = Catalogue.config(
      named: name, drop: drop.id, sha256: document.sha256, body: String(decoding: document.bytes, as: UTF8.self), findings: findings,
      at: now
    ) { decision in
      switch decision {
      case .newVersion(let number):
        form(
          .config, .accepted, sha256: document.sha256, path: folder.version(number), result: name.text,
          message: "Config '\(name)', version \(number), is kept.\(findings.warningsNote)", findings: findings)
      case .same(let number):
        form(
          .config, .duplicate, sha256: document.sha256, path: folder.version(number), result: name.text,
          message: "The same config is here already as version \(number) of '\(name)'.")
      }
    }
    return Judged(drop: drop, entry: entry)
  }

  /// `versions/<n>.json` is the drop itself. What lies beside it is a view of the catalogue, where a later version may stand
  /// already: it is made from that, by `reports.configs`.
  nonisolated func placeConfig(_ receipt: Receipt, _ original: FilePath, _ files: any FileSystem) throws {
    guard let path = receipt.path else { return }
    try place(original, at: layout.absolute(path), files)
  }

  // MARK: requests

  private func judgeRequest(_ drop: ClaimedDrop, _ document: JSONDocument) async throws -> Judged {
    let (decoded, findings) = InboxRequest.decode(document.node, source: document.source)
    guard let request = decoded else { return rejection(of: drop, .request, findings, document) }
    if case .evaluate(let task) = request { return try await judgeEvaluation(drop, document, task, findings) }
    switch try await answer(to: request, of: drop, document) {
    case .carriedOut(let message):
      KillPoint.pass(.requestCarriedOut)
      let receipt = form(for: drop)(
        .request, .accepted, sha256: document.sha256, path: layout.workspace.request(drop.id), message: message)
      return Judged(drop: drop, entry: Catalogue.verdict(receipt))
    case .refused(let problem): return rejection(of: drop, kind: .request, problem, sha256: document.sha256)
    }
  }

  // MARK: shared

  func rejection(of drop: ClaimedDrop, _ kind: DropKind, _ findings: [Finding], _ document: JSONDocument) -> Judged {
    rejection(of: drop, kind: kind, Problem(findings: findings, in: drop.name), findings: findings, sha256: document.sha256)
  }
}

extension [Finding] {
  /// For a receipt's sentence: " One warning: …" or nothing.
  var warningsNote: String {
    guard let first = warnings.first else { return "" }
    return warnings.count == 1
      ? " One warning: \(first.field): \(first.message)." : " \(warnings.count) warnings, the first: \(first.field): \(first.message)."
  }
}

extension Problem {
  /// A file with errors among its findings: the first is told, the others are counted.
  init(findings: [Finding], in name: String) {
    let errors = findings.errors
    let first = errors.first ?? Finding(.error, "", "it cannot be used")
    let others = errors.count > 1 ? " And \(errors.count - 1) more, listed below" : ""
    self.init(
      "config.invalid", "it has \(errors.count == 1 ? "an error" : "\(errors.count) errors")",
      at: .init(file: name, line: first.line, field: first.field.isEmpty ? nil : first.field),
      why: others.isEmpty ? first.message : first.message.asSentence + others,
      mend: "Mend \(errors.count == 1 ? "it" : "them") and drop the file again; `dropforge check FILE` tells beforehand.")
  }
}
