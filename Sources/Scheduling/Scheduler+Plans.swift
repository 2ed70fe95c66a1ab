import Catalogue
import Domain
import Engines
import Logging
import Platform
import StrictJSON
import SystemPackage

/// A plan within seconds for jobs that wait in the queue: a worker of its own makes it from some of the rows, one job at a time, beside
/// whatever trains. Nothing depends on it: a job that starts plans itself.
extension Scheduler {
  /// The next job of the queue that has no plan; nil where all have, or one is being made.
  func nextToPlan(_ queued: [JobID]) -> JobID? {
    guard plansAhead, planning == nil else { return nil }
    let next = queued.first { !isPlanned($0) }
    planning = next
    return next
  }

  /// Whether more is known of it than its rows.
  private func isPlanned(_ id: JobID) -> Bool {
    if planned.contains(id) { return true }
    let path = layout.workspace.job(id).plan
    let plan = try? PublishedJSON.decode(JobPlan.self, from: try files.contents(of: path))  // not there, or of another version
    if plan?.data != nil { planned.insert(id) }
    return plan?.data != nil
  }

  func plan(_ id: JobID) async {
    let scratch = layout.workspace.job(id).planning
    do {
      try files.removeTree(scratch.folder)  // of an attempt that was cut off
      if try await writeOrder(for: id, in: scratch) {
        let outcome = await engine.run(
          .plan(scratch.folder), threads: settings.threads ?? defaultThreads, stop: planStop, graceSeconds: 1, onEvent: { _ in })
        log.debug("planned", metadata: ["job": "\(id)", "outcome": "\(outcome)"])
        try await take(scratch, as: id)
      }
      try files.removeTree(scratch.folder)
    } catch {
      log.warning("a job could not be planned ahead; it is planned when it starts", metadata: ["job": "\(id)", "error": "\(error)"])
    }
    planned.insert(id)
    planning = nil
    wake()
  }

  /// The order and the config, as a start would write them; nothing is pinned yet. False where there is nothing to plan.
  private func writeOrder(for id: JobID, in scratch: JobLayout) async throws -> Bool {
    guard let job = try await catalogue.job(id), job.state == .pending else { return false }
    let file = try decode(job), needs = try await catalogue.needs(of: file, pinned: job.pins)
    guard file.evaluation == nil, needs.missing == nil, needs.impossible == nil, needs.findings.errors.isEmpty, let train = needs.train,
      let configuration = needs.configuration
    else { return false }
    for version in (needs.mixture?.map(\.version) ?? [train]) + [needs.eval].compactMap(\.self) {
      let problem = MethodFit.problem(
        method: configuration.training.method, data: configuration.data, dataset: version.dataset, ingest: version.result,
        rewards: configuration.training.group.rewards ?? [])
      if problem != nil { return false }  // told when it starts
    }
    if !files.exists(layout.workspace.job(id).plan) {
      let first = rowsAlone(id, configuration, (needs.mixture?.map(\.version) ?? [train]) + [needs.eval].compactMap(\.self))
      try files.publish(try PublishedJSON.bytes(of: first), to: layout.workspace.job(id).plan)
    }
    for path in scratch.folders { try files.makeFolders(path) }
    try files.publish((configuration.node.text(.pretty) + "\n").utf8, to: scratch.config)
    let order = TrainOrder(
      job: id, name: file.name, folder: scratch.folder.string, train: pin(train),
      mixture: needs.mixture?.map { .init(dataset: pin($0.version), ratio: $0.ratio) }, eval: needs.eval.map(pin),
      baseModel: try path(of: needs.model)?.string, tokenizer: try path(of: needs.tokenizer)?.string,
      threads: configuration.training.threads ?? settings.threads ?? defaultThreads, allowsRewardCommands: settings.allowsRewardCommands)
    try files.publish(try PublishedJSON.bytes(of: order), to: scratch.order)
    return true
  }

  /// What the datasets' cards say, at once: a worker on a busy machine takes a while.
  private func rowsAlone(_ id: JobID, _ configuration: Configuration, _ versions: [DatasetVersionRecord]) -> JobPlan {
    var rows = JobPlan.Rows()
    rows.read = versions.reduce(0) { $0 + $1.result.rows }
    rows.bad = versions.reduce(0) { $0 + $1.result.badRows }
    var plan = JobPlan(job: id, method: configuration.training.method.rawValue, madeAt: now, rows: rows)
    plan.steps = configuration.training.maximumSteps
    plan.isPreliminary = true
    plan.judge()
    return plan
  }

  /// The job's plan, where it has not started meanwhile; one that can never go ends here.
  private func take(_ scratch: JobLayout, as id: JobID) async throws {
    guard files.exists(scratch.plan), let job = try await catalogue.job(id), job.state == .pending, stops[id] == nil else { return }
    let plan = try PublishedJSON.decode(JobPlan.self, from: try files.contents(of: scratch.plan))
    try files.publish(try PublishedJSON.bytes(of: plan), to: layout.workspace.job(id).plan)
    if let problem = plan.problem, problem.code == "plan.memory" { try await end(id, .error, problem.description, problem) }
  }
}
