import Catalogue
import Domain
import Platform
import StrictJSON
import SystemPackage

extension Intake {
  func judgeJob(_ drop: ClaimedDrop, _ document: JSONDocument) async throws -> Judged {
    let fallback = DroppedFileName(drop.name).stem
    let (decoded, jobFindings) = JobFile.decode(document.node, source: document.source, fallbackName: fallback)
    guard let job = decoded else {
      // All that is wrong is told at once: the config inside is looked at too.
      let inner = document.node["config"].flatMap { $0.object == nil ? nil : Configuration.decode($0, source: document.source).1 } ?? []
      return rejection(of: drop, .job, jobFindings + inner, document)
    }
    if let sweep = job.sweep { return try await judgeSweep(drop, document, job, sweep, jobFindings) }
    let needs = try await catalogue.needs(of: job, source: document.source)
    let findings = jobFindings + needs.findings + [job.datasetFinding(needs.configuration)].compactMap(\.self)
    guard findings.errors.isEmpty else { return rejection(of: drop, .job, findings, document) }
    return try await accepted(drop, document, job, as: "Job", needs, findings)
  }

  /// - Parameter title: what people call it.
  private func accepted(
    _ drop: ClaimedDrop, _ document: JSONDocument, _ job: JobFile, as title: String, _ needs: JobNeeds, _ findings: [Finding]
  ) async throws -> Judged {
    let reason = try await reason(needs, job)
    let form = form(for: drop)
    let layout = layout
    let entry = Catalogue.job(
      named: SafeName(from: job.name), drop: drop.id, file: String(decoding: document.bytes, as: UTF8.self), priority: job.priority,
      reason: reason.sentence, waits: reason.isOutOfTheQueue, at: now
    ) { id in
      form(
        .job, .accepted, sha256: document.sha256, path: layout.workspace.job(id).folder, result: id.text,
        message: "\(title) '\(id)' is here: \(reason.sentence).\(findings.warningsNote)", findings: findings)
    }
    return Judged(drop: drop, entry: entry)
  }

  /// An evaluation on request becomes a job of its own: its receipt says which.
  func judgeEvaluation(_ drop: ClaimedDrop, _ document: JSONDocument, _ task: EvaluationTask, _ findings: [Finding]) async throws -> Judged
  {
    let job = task.jobFile
    let needs = try await catalogue.needs(of: job)
    if let train = needs.train, let problem = task.problem(in: train.result, of: train.dataset) {
      return rejection(of: drop, kind: .request, problem, sha256: document.sha256)
    }
    return try await accepted(drop, document, job, as: "Evaluation", needs, findings)
  }

  /// One file, and a job for each of its points. Every point's config is looked at before any job is made.
  private func judgeSweep(
    _ drop: ClaimedDrop, _ document: JSONDocument, _ job: JobFile, _ sweep: Sweep, _ jobFindings: [Finding]
  ) async throws -> Judged {
    let points = sweep.points
    var findings = jobFindings
    var reason = PendingReason.queued(behind: 0)
    for (index, point) in points.enumerated() {
      let needs = try await catalogue.needs(of: job.member(at: point), source: document.source)
      if index == 0 { reason = try await self.reason(needs, job) }
      for finding in needs.findings where !findings.contains(where: { $0.field == finding.field && $0.severity == finding.severity }) {
        findings.append(index == 0 ? finding : finding.at(point))
      }
    }
    guard findings.errors.isEmpty else { return rejection(of: drop, .job, findings, document) }
    let form = form(for: drop)
    let (layout, node, allFindings, firstReason) = (layout, document.node, findings, reason)
    let entry = Catalogue.sweep(
      named: SafeName(from: job.name), drop: drop.id, file: String(decoding: document.bytes, as: UTF8.self), priority: job.priority,
      reason: reason.sentence, waits: reason.isOutOfTheQueue, at: now,
      files: { id in points.map { JobFile.member(of: node, named: id.text, at: $0).text(.pretty) + "\n" } },
      receipt: { id, jobs in
        let range = jobs.count == 1 ? "one job" : "\(jobs.count) jobs, '\(jobs.first?.text ?? "")' to '\(jobs.last?.text ?? "")'"
        return form(
          .job, .accepted, sha256: document.sha256, path: layout.workspace.sweep(id).folder, result: id.text,
          message: "Sweep '\(id)' is here with \(range): the first \(firstReason.sentence).\(allFindings.warningsNote)",
          findings: allFindings)
      })
    return Judged(drop: drop, entry: entry)
  }

  private func reason(_ needs: JobNeeds, _ job: JobFile) async throws -> PendingReason {
    if let missing = needs.missing { return missing }
    return .queued(behind: try await catalogue.jobsAhead(ofPriority: job.priority))
  }

  nonisolated func placeJob(_ receipt: Receipt, _ original: FilePath, _ files: any FileSystem) throws {
    guard let path = receipt.path else { return }
    if let sweep = sweep(of: receipt) { return try place(original, at: layout.workspace.sweep(sweep).file, files) }
    try place(original, at: JobLayout(folder: layout.absolute(path)).job, files)
  }

  /// What a job file brings with it beside itself: the jobs of a sweep, and rows that are made from tools.
  nonisolated func placeJobs(of receipt: Receipt) async throws {
    guard let path = receipt.path else { return }
    guard let sweep = sweep(of: receipt) else {
      let file = try files.contents(of: JobLayout(folder: layout.absolute(path)).job)
      return try await dropGeneratedRows(for: file, fallbackName: DroppedFileName(receipt.name).stem)
    }
    for job in try await catalogue.jobs(of: sweep) {
      let folder = layout.workspace.job(job.id)
      for path in folder.folders { try files.makeFoldersDurably(path, below: layout.workspace.jobs) }
      if !files.exists(folder.job) { try files.publish(job.file.utf8, to: folder.job) }
      try await dropGeneratedRows(for: Array(job.file.utf8), fallbackName: job.name.text)
    }
  }

  /// Rows that a job has made from tools are dropped as a dataset: kept, readable and pinned as any other.
  private nonisolated func dropGeneratedRows(for file: [UInt8], fallbackName: String) async throws {
    let node = try JSONParser.parse(file)
    guard let job = JobFile.decode(node, source: .none, fallbackName: fallbackName).0, job.isDatasetGenerated,
      let configuration = try await catalogue.needs(of: job).configuration, let made = job.generatedRows(configuration),
      try await catalogue.latestStoredVersion(of: made.dataset) == nil
    else { return }
    try files.publish(made.rows.utf8, to: layout.inbox.folder(of: .dataset).appending("\(made.dataset).jsonl"))
  }

  /// The views of what a job file became.
  nonisolated func publishJob(_ receipt: Receipt) async throws {
    if let sweep = sweep(of: receipt) {
      for job in try await catalogue.jobs(of: sweep) { try await reports.job(job.id) }
      return try await reports.sweep(sweep)
    }
    if let id = receipt.result.flatMap(JobID.init) { try await reports.job(id) }
  }

  /// The sweep that a receipt speaks of: told by its folder, as a job may be called like one.
  nonisolated func sweep(of receipt: Receipt) -> SweepID? {
    guard let path = receipt.path, let id = receipt.result.flatMap(SweepID.init),
      layout.absolute(path) == layout.workspace.sweep(id).folder
    else { return nil }
    return id
  }
}

extension Finding {
  /// The same, told of one point of a sweep.
  fileprivate func at(_ point: Sweep.Point) -> Finding {
    var finding = self
    finding.message += " (with \(point.title))"
    return finding
  }
}
