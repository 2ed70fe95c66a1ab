import Catalogue
import Domain
import Platform
import StrictJSON
import SystemPackage

extension Intake {
  func take(_ drop: ClaimedDrop, _ kind: DropSorter.JSONKind, _ document: JSONDocument) async throws {
    switch kind {
    case .config: try await takeConfig(drop, document)
    case .job: try await takeJob(drop, document)
    case .request: try await takeRequest(drop, document)
    case .sidecar: try await takeSidecar(drop, document)
    }
  }

  // MARK: configs

  private func takeConfig(_ drop: ClaimedDrop, _ document: JSONDocument) async throws {
    let name = SafeName(from: DroppedFileName(drop.name).stem)
    let (_, findings) = Configuration.decode(document.node, source: document.source)
    guard findings.errors.isEmpty else { return try await rejectFindings(drop, .config, findings, document) }
    let folder = layout.workspace.config(name)
    let form = form(for: drop)
    _ = try await catalogue.registerConfig(
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
    try await carryOutDecision(of: drop)
  }

  /// `versions/<n>.json` is the drop itself. What lies beside it is a view of the catalogue, where a later version may stand
  /// already: it is made from that, by `reports.config`.
  func placeConfig(_ receipt: Receipt, _ original: FilePath) throws {
    guard let path = receipt.path else { return }
    try place(original, at: layout.absolute(path))
  }

  // MARK: requests

  private func takeRequest(_ drop: ClaimedDrop, _ document: JSONDocument) async throws {
    let (decoded, findings) = InboxRequest.decode(document.node, source: document.source)
    guard let request = decoded else { return try await rejectFindings(drop, .request, findings, document) }
    switch try await reports.request(request) {
    case .carriedOut(let message):
      KillPoint.pass(.requestCarriedOut)
      try await catalogue.decide(
        form(for: drop)(.request, .accepted, sha256: document.sha256, path: layout.workspace.request(drop.id), message: message))
      try await carryOutDecision(of: drop)
    case .refused(let problem): try await reject(drop, kind: .request, problem, sha256: document.sha256)
    }
  }

  // MARK: shared

  func rejectFindings(_ drop: ClaimedDrop, _ kind: DropKind, _ findings: [Finding], _ document: JSONDocument) async throws {
    try await reject(drop, kind: kind, Problem(findings: findings, in: drop.name), findings: findings, sha256: document.sha256)
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
