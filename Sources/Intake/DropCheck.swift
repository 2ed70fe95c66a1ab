import Domain
import Engines
import Platform
import StrictJSON
import SystemPackage

/// `dropforge check`: the verdict that the agent would give on a file, in the same words, without taking it.
package struct DropCheck: Sendable {
  package enum Verdict: Sendable {
    case fine(String, [Finding])
    case refused(Problem, [Finding])
  }

  private let files: any FileSystem
  private let engine: any Engine

  package init(files: any FileSystem, engine: any Engine) {
    self.files = files
    self.engine = engine
  }

  /// - Parameters:
  ///   - kind: where the user says what it is; else it is told as for a loose drop.
  ///   - scratch: an empty folder for what a worker builds; the caller removes it.
  package func check(_ path: FilePath, kind: DropKind?, scratch: FilePath, at now: Timestamp) async throws -> Verdict {
    let status: FileStatus
    do throws(SystemError) {
      status = try files.status(path)
    } catch {
      return .refused(
        Problem("check.unreadable", "\(path) cannot be looked at", mend: error.mend ?? "Check the path.", cause: error.description), [])
    }
    switch try DropSorter(files: files).sort(path, kind: kind, isFolder: status.kind == .folder, size: status.size) {
    case .refused(let problem, _): return .refused(problem, [])
    case .json(let kind, let document): return check(document, kind, name: path.lastComponent?.string ?? path.string)
    case .foreign(.model): return try await checkModel(path, scratch, now)
    case .foreign: return try await checkDataset(path, scratch, now)
    }
  }

  private func check(_ document: JSONDocument, _ kind: DropSorter.JSONKind, name: String) -> Verdict {
    var findings: [Finding]
    var message = ""
    switch kind {
    case .config:
      findings = Configuration.decode(document.node, source: document.source).1
      message = "\(name) is a config that can be used."
    case .job:
      let (job, jobFindings) = JobFile.decode(document.node, source: document.source, fallbackName: DroppedFileName(name).stem)
      findings = jobFindings
      if let job, case .inline(let config) = job.config {
        let (overlaid, overrideFindings) = job.applyOverrides(to: config)
        findings += overrideFindings + Configuration.decode(overlaid, source: job.overrides.isEmpty ? document.source : .none).1
      }
      message =
        "\(name) is a job file that can be run\(job.map { " on the dataset \($0.dataset.names.map { "'\($0)'" }.joined(separator: " and "))" } ?? "")."
    case .request:
      findings = InboxRequest.decode(document.node, source: document.source).1
      message = "\(name) is a request that can be carried out."
    case .sidecar:
      var sidecar = DatasetSidecar()
      findings = document.node.object.map { sidecar.overlay($0, path: "", source: document.source) } ?? []
      message = "\(name) is a sidecar that can be used."
    }
    return findings.errors.isEmpty ? .fine(message, findings) : .refused(Problem(findings: findings, in: name), findings)
  }

  private func checkDataset(_ path: FilePath, _ scratch: FilePath, _ now: Timestamp) async throws -> Verdict {
    let name = path.lastComponent?.string ?? path.string
    let staging = scratch.appending("staging")
    let order = IngestOrder(
      drop: DropID(at: now, random: 0), source: path.string, fileName: name, staging: staging.string, sidecar: try sidecar(beside: path),
      limits: IngestLimits())
    if let problem = try await run(order, scratch, name) { return .refused(problem, []) }
    let result = try PublishedJSON.decode(IngestResult.self, from: try files.contents(of: DatasetVersionLayout(folder: staging).result))
    return .fine(Intake.welcome(SafeName(from: DroppedFileName(name).stem), 1, result), [])
  }

  private func checkModel(_ path: FilePath, _ scratch: FilePath, _ now: Timestamp) async throws -> Verdict {
    let name = path.lastComponent?.string ?? path.string
    let staging = ModelLayout(folder: scratch.appending("staging"))
    let order = ModelOrder(
      drop: DropID(at: now, random: 0), name: SafeName(from: DroppedFileName(name).stem), source: path.string, fileName: name,
      staging: staging.folder.string, limits: IngestLimits())
    if let problem = try await run(order, scratch, name) { return .refused(problem, []) }
    let card = try PublishedJSON.decode(ModelCard.self, from: try files.contents(of: staging.card))
    return .fine("\(name) is a model that can be used: \(card.architecture), \(card.parameters) parameters.", [])
  }

  private func run(_ order: some Encodable, _ scratch: FilePath, _ name: String) async throws -> Problem? {
    let path = scratch.appending("order.json")
    try files.publish(try PublishedJSON.bytes(of: order), to: path)
    let call: WorkerCall = order is ModelOrder ? .model(path) : .ingest(path)
    return switch await engine.run(call, threads: nil, stop: StopRequest(), graceSeconds: 1, onEvent: { _ in }) {
    case .done: nil
    case .refused(let problem): problem
    case .stopped: Problem("check.stopped", "the check was stopped", mend: "Run it again.")
    case .crashed(let crash): crash.problem(doing: "reading \(name)")
    }
  }

  private func sidecar(beside path: FilePath) throws -> DatasetSidecar? {
    let stem = DroppedFileName(path.lastComponent?.string ?? "").stem
    let file = path.removingLastComponent().appending(stem + DatasetSidecar.ending)
    guard files.exists(file) else { return nil }
    var sidecar = DatasetSidecar()
    let bytes = try files.contents(of: file)
    if let object = try JSONParser.parse(bytes).object { _ = sidecar.overlay(object, path: "", source: ConfigSource(bytes)) }
    return sidecar
  }
}
