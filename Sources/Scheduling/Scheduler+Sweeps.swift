import Catalogue
import Domain
import Platform
import StrictJSON

extension Scheduler {
  /// Asks all of a sweep's jobs that are not over; nil is to go on.
  func wish(_ wish: JobRecord.Wish?, for sweep: SweepRecord) async throws -> SchedulerAnswer {
    let open = try await catalogue.jobs(of: sweep.id).filter { !$0.state.isFinal }
    guard !open.isEmpty else {
      return .refused(
        Problem(
          "sweep.over", "every job of the sweep '\(sweep.id)' is over", at: .init(field: "job"),
          mend: "There is nothing to do. Drop the job file again for another sweep."))
    }
    var count = 0
    for job in open {
      if let wish {
        try await catalogue.want(wish, for: job.id)
        count += 1
      } else if try await resume(job) {
        count += 1
      }
    }
    wake()
    let jobs = count == 1 ? "one job" : "\(count) jobs"
    let verb =
      switch wish {
      case .cancel?: "cancelled"
      case .pause?: "paused"
      case nil: "resumed"
      }
    return .carriedOut("Sweep '\(sweep.id)': \(jobs) \(count == 1 ? "is" : "are") \(wish == nil ? verb : "being \(verb)").")
  }

  /// Writes `sweep.json` and `sweep.md` anew.
  package func publish(_ id: SweepID) async throws {
    guard let record = try await catalogue.sweep(called: id.text) else { return }
    let node = try JSONParser.parse(record.file)
    guard let file = JobFile.decode(node, source: .none, fallbackName: record.name.text).0, let sweep = file.sweep else { return }
    let axes = sweep.axes.map(\.path)
    let rows = try await catalogue.jobs(of: id).map { try row($0, axes, metric: sweep.plan.metric) }
    let results = SweepResults(
      id: id, name: record.name.text, search: sweep.plan.search.rawValue, metric: sweep.plan.metric, isLessBetter: sweep.plan.isLessBetter,
      axes: axes, rows: rows, updatedAt: now)
    try await reports.sweep(results)
    try await catalogue.note(results)
    if results.isOver {
      controls.unwatch(layout.workspace.sweep(id).control)
      wake()  // a job may have waited for the winner
    } else {
      controls.watch(layout.workspace.sweep(id).control)
    }
  }

  private func row(_ job: JobRecord, _ axes: [String], metric: String) throws -> SweepResults.Row {
    let overrides = try JSONParser.parse(job.file)["overrides"]?.object
    let values = axes.compactMap { axis in overrides?[axis].map { (axis, $0.text()) } }
    var row = SweepResults.Row(
      job: job.id, state: job.state, values: Dictionary(values, uniquingKeysWith: { first, _ in first }))
    row.reason = job.reason
    let path = layout.workspace.job(job.id).metrics
    guard job.state == .completed, files.exists(path) else { return row }
    let bytes = try files.contents(of: path)
    let metrics = try PublishedJSON.decode(MetricsSummary.self, from: bytes)
    row.score = try JSONParser.parse(bytes)[metric]?.double
    row.evalLoss = metrics.evalLoss
    row.evalPerplexity = metrics.evalPerplexity
    row.trainLoss = metrics.trainLoss
    row.steps = metrics.steps
    row.seconds = metrics.trainRuntime
    return row
  }
}
