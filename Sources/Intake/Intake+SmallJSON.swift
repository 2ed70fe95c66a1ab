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

  /// `versions/<n>.json` is the drop itself; `config.json` and `validation.json` are written anew.
  func placeConfig(_ receipt: Receipt, _ original: FilePath) throws {
    guard let path = receipt.path, let result = receipt.result, let name = SafeName(exactly: result) else { return }
    try place(original, at: layout.absolute(path))
    let folder = layout.workspace.config(name)
    try files.publish(try files.contents(of: layout.absolute(path)), to: folder.latest)
    try files.publish(try PublishedJSON.bytes(of: ConfigValidation(name: name, findings: receipt.findings ?? [])), to: folder.validation)
  }

  // MARK: jobs

  private func takeJob(_ drop: ClaimedDrop, _ document: JSONDocument) async throws {
    let fallback = DroppedFileName(drop.name).stem
    let (decoded, jobFindings) = JobFile.decode(document.node, source: document.source, fallbackName: fallback)
    guard let job = decoded else {
      // All that is wrong is told at once: the config inside is looked at too.
      let inner = document.node["config"].flatMap { $0.object == nil ? nil : Configuration.decode($0, source: document.source).1 } ?? []
      return try await rejectFindings(drop, .job, jobFindings + inner, document)
    }
    let needs = try await catalogue.needs(of: job, source: document.source)
    let findings = jobFindings + needs.findings + [job.datasetFinding(needs.configuration)].compactMap(\.self)
    guard findings.errors.isEmpty else { return try await rejectFindings(drop, .job, findings, document) }
    let ahead = try await catalogue.openJobs().count
    let reason = (needs.missing ?? .queued(behind: ahead)).sentence
    let form = form(for: drop)
    let layout = layout
    _ = try await catalogue.registerJob(
      named: SafeName(from: job.name), drop: drop.id, file: String(decoding: document.bytes, as: UTF8.self), priority: job.priority,
      reason: reason,
      at: now
    ) { id in
      form(
        .job, .accepted, sha256: document.sha256, path: layout.workspace.job(id).folder, result: id.text,
        message: "Job '\(id)' is here: \(reason).\(findings.warningsNote)", findings: findings)
    }
    try await carryOutDecision(of: drop)
  }

  func placeJob(_ receipt: Receipt, _ original: FilePath) async throws {
    guard let path = receipt.path else { return }
    let job = JobLayout(folder: layout.absolute(path))
    for folder in job.folders { try files.makeFoldersDurably(folder, below: layout.workspace.jobs) }
    try place(original, at: job.job)
    try await dropGeneratedRows(for: try files.contents(of: job.job), fallbackName: DroppedFileName(receipt.name).stem)
  }

  /// Rows that a job has made from tools are dropped as a dataset: kept, readable and pinned as any other.
  private func dropGeneratedRows(for file: [UInt8], fallbackName: String) async throws {
    let node = try JSONParser.parse(file)
    guard let job = JobFile.decode(node, source: .none, fallbackName: fallbackName).0, job.isDatasetGenerated,
      let configuration = try await catalogue.needs(of: job).configuration, let made = job.generatedRows(configuration),
      try await catalogue.latestStoredVersion(of: made.dataset) == nil
    else { return }
    try files.publish(made.rows.utf8, to: layout.inbox.folder(of: .dataset).appending("\(made.dataset).jsonl"))
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

  private func rejectFindings(_ drop: ClaimedDrop, _ kind: DropKind, _ findings: [Finding], _ document: JSONDocument) async throws {
    try await reject(drop, kind: kind, Problem(findings: findings, in: drop.name), findings: findings, sha256: document.sha256)
  }
}

/// `workspace/configs/<name>/validation.json`.
private struct ConfigValidation: Encodable {
  var schema = "dropforge.validation/1"
  var name: SafeName
  var findings: [Finding]
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
