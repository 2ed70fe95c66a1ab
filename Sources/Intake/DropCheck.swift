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

  private let layout: RootLayout
  private let limits: IngestLimits
  private let python: String?

  /// - Parameters:
  ///   - layout: of the agent's root; it need not be there.
  ///   - limits: the agent's, so that the verdict is the same; likewise the Python for Parquet.
  package init(layout: RootLayout, files: any FileSystem, engine: any Engine, limits: IngestLimits, python: String? = nil) {
    self.python = python
    self.layout = layout
    self.files = files
    self.engine = engine
    self.limits = limits
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
    case .foreign where status.kind == .file && BadRowsFile.isNameless(path.lastComponent?.string ?? ""):
      return .refused(Problem(namelessBadRows: path.lastComponent?.string ?? ""), [])
    case .foreign:
      if status.kind == .file, let dataset = BadRowsFile.dataset(of: path.lastComponent?.string ?? "") {
        return try await checkMended(path, dataset, scratch, now)
      }
      return try await checkDataset(path, scratch, now)
    }
  }

  private static func dataset(of job: JobFile) -> String {
    job.isDatasetGenerated
      ? " on rows that are made from its tools" : " on the dataset \(job.dataset.names.map { "'\($0)'" }.joined(separator: " and "))"
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
      findings = jobFindings + (job.map { configFindings(of: $0, document) } ?? [])
      if job == nil, let inner = document.node["config"], inner.object != nil {
        findings += Configuration.decode(inner, source: document.source).1  // all that is wrong is told at once, as in Intake
      }
      let datasets = job.map(Self.dataset) ?? ""
      let count = job?.sweep.map { " as a sweep of \($0.count) jobs" } ?? ""
      message = "\(name) is a job file that can be run\(datasets)\(count)."
    case .request:
      findings = InboxRequest.decode(document.node, source: document.source).1
      message = "\(name) is a request that can be carried out."
    case .modelWish:
      let (wish, found) = Intake.modelWish(document, fileName: name)
      findings = found
      message = wish.map { "\(name) can be used; it downloads \($0.title) as the model '\($0.name)'." } ?? ""
    case .sidecar:
      var sidecar = DatasetSidecar()
      findings = document.node.object.map { sidecar.overlay($0, path: "", source: document.source) } ?? []
      message = "\(name) is a sidecar that can be used."
      switch sidecar.download(called: String(name.dropLast(DatasetSidecar.ending.count))) {
      case .success(let wish)?:
        message = "\(name) can be used; it downloads \(wish.title) as the \(wish.source.kind.rawValue) '\(wish.name)'."
      case .failure(let complaint)?: findings.append(Finding(.error, complaint.field, complaint.message, in: document))
      case nil: break
      }
    }
    return findings.errors.isEmpty ? .fine(message, findings) : .refused(Problem(findings: findings, in: name), findings)
  }

  /// Of the config that stands in the job file, or that it names and the root has; of a sweep, at every point.
  private func configFindings(of job: JobFile, _ document: JSONDocument) -> [Finding] {
    var node: JSONNode?
    switch job.config {
    case .inline(let config): node = config
    case .stored(let name, let version):
      let folder = layout.workspace.config(SafeName(from: name))
      let path = version.map(folder.version) ?? folder.latest
      node = (try? files.contents(of: path)).flatMap { try? JSONParser.parse($0) }  // not here: the job will wait for it
    }
    guard let node else { return [] }
    var isInPlace = job.overrides.isEmpty && job.sweep == nil && job.after == nil
    if case .stored = job.config { isInPlace = false }
    var findings: [Finding] = []
    for member in job.sweep.map({ sweep in sweep.points.map { job.member(at: $0) } }) ?? [job] {
      let (overlaid, overrideFindings) = member.applyOverrides(to: node)
      let (configuration, configFindings) = Configuration.decode(overlaid, source: isInPlace ? document.source : .none)
      let said = overrideFindings + configFindings + [member.datasetFinding(configuration)].compactMap(\.self)
      findings += said.filter { !findings.contains($0) }
    }
    return findings
  }

  private func checkDataset(_ path: FilePath, _ scratch: FilePath, _ now: Timestamp) async throws -> Verdict {
    let name = path.lastComponent?.string ?? path.string
    var (source, readAs) = (path, name)
    let columnar = ColumnarRows(files: files, python: python, limits: limits)
    if try columnar.isColumnar(path, name: name) {
      let folder = scratch.appending("columnar")
      try files.makeFolders(folder)
      let order = columnar.order(for: DropID(at: now, random: 0), source: path, fileName: name, staging: folder)
      if let problem = try await run(order, scratch, name) { return .refused(problem, []) }
      source = try columnar.result(in: folder).rows
      readAs = source.lastComponent?.string ?? name
    }
    var order = IngestOrder(
      drop: DropID(at: now, random: 0), source: source.string, fileName: readAs, staging: scratch.appending("staging").string,
      sidecar: try sidecar(beside: path), limits: limits, rowsMayStay: true)
    order.isConverted = source != path
    return try await check(order, SafeName(from: ColumnarFile.stem(of: name) ?? DroppedFileName(name).stem), version: 1, scratch)
  }

  /// Mended rows, against the dataset that they belong to.
  private func checkMended(_ path: FilePath, _ dataset: SafeName, _ scratch: FilePath, _ now: Timestamp) async throws -> Verdict {
    let folder = layout.workspace.dataset(dataset)
    guard files.exists(folder.card), let card = try? PublishedJSON.decode(DatasetCard.self, from: try files.contents(of: folder.card)),
      let latest = card.versions.last, let original = try files.names(in: folder.version(latest.version).original).first
    else { return .refused(Problem(badRows: path.lastComponent?.string ?? "", ofUnknown: dataset), []) }
    let stored = folder.version(latest.version)
    let order = IngestOrder(
      drop: DropID(at: now, random: 0), source: stored.original.appending(original).string, fileName: latest.fileName,
      staging: scratch.appending("staging").string, sidecar: nil, limits: limits, mended: try (stored.mends(files) + [path]).map(\.string))
    return try await check(order, dataset, version: latest.version + 1, scratch)
  }

  private func check(_ order: IngestOrder, _ name: SafeName, version: Int, _ scratch: FilePath) async throws -> Verdict {
    if let problem = try await run(order, scratch, order.fileName) { return .refused(problem, []) }
    let made = DatasetVersionLayout(folder: FilePath(order.staging))
    let result = try PublishedJSON.decode(IngestResult.self, from: try files.contents(of: made.result))
    return .fine(Intake.welcome(name, version, result), [])
  }

  private func checkModel(_ path: FilePath, _ scratch: FilePath, _ now: Timestamp) async throws -> Verdict {
    let name = path.lastComponent?.string ?? path.string
    let staging = ModelLayout(folder: scratch.appending("staging"))
    let order = ModelOrder(
      drop: DropID(at: now, random: 0), name: SafeName(from: DroppedFileName(name).stem), source: path.string, fileName: name,
      staging: staging.folder.string, limits: limits)
    if let problem = try await run(order, scratch, name) { return .refused(problem, []) }
    let card = try PublishedJSON.decode(ModelCard.self, from: try files.contents(of: staging.card))
    if card.isLoneTokenizer { return .fine("\(name) is a tokenizer that can be used: \(card.vocabularySize) entries.", []) }
    return .fine("\(name) is a model that can be used: \(card.architecture), \(card.parameters) parameters.", [])
  }

  private func run(_ order: some Encodable, _ scratch: FilePath, _ name: String) async throws -> Problem? {
    let path = scratch.appending("order.json")
    try files.publish(try PublishedJSON.bytes(of: order), to: path)
    let call: WorkerCall = order is ModelOrder ? .model(path) : order is ColumnarOrder ? .columnar(path) : .ingest(path)
    return switch await engine.run(call, threads: nil, stop: StopRequest(), graceSeconds: 1, onEvent: { _ in }) {
    case .done: nil
    case .refused(let problem): problem
    case .stopped: Problem("check.stopped", "the check was stopped", mend: "Run it again.")
    case .crashed(let crash): crash.problem(doing: "reading \(name)")
    }
  }

  private func sidecar(beside path: FilePath) throws -> DatasetSidecar? {
    let name = path.lastComponent?.string ?? ""
    let stem = ColumnarFile.stem(of: name) ?? DroppedFileName(name).stem
    let file = path.removingLastComponent().appending(stem + DatasetSidecar.ending)
    guard files.exists(file) else { return nil }
    var sidecar = DatasetSidecar()
    let bytes = try files.contents(of: file)
    if let object = try JSONParser.parse(bytes).object { _ = sidecar.overlay(object, path: "", source: ConfigSource(bytes)) }
    return sidecar
  }
}
