/// `workspace/errands/<id>/status.json`: what a reader wants to know of an errand at this moment. Written anew within 500 ms of a change.
package struct ErrandStatus: Codable, Sendable, Equatable {
  package var schema = "dropforge.errand/1"
  package var id: ErrandID
  package var kind: ErrandKind
  /// The name of what it is about: a dataset's, a model's, a job's.
  package var about: SafeName
  package var state: ErrandState
  package var phase: String?
  /// Percent, 0 to 100; nil: not known.
  package var progress: Double?
  package var done: Int?
  package var total: Int?
  package var unit: ErrandProgress.Unit?
  /// Units a second since the worker began; what lay there before does not count.
  package var rate: Double?
  package var note: String?
  /// Seconds since the worker began, and to its end at the pace so far.
  package var elapsed: Double?
  package var eta: Double?
  /// What it was to take, as measured before it began.
  package var estimate: TimeEstimate?
  /// Why it waits, stopped or failed, as a sentence.
  package var reason: String?
  package var problem: Problem?
  package var result: ErrandResult?
  package var createdAt: Timestamp
  package var startedAt: Timestamp?
  package var finishedAt: Timestamp?
  package var updatedAt: Timestamp

  enum CodingKeys: String, CodingKey {
    case schema, id, kind, about, state, phase, progress, done, total, unit, rate, note, elapsed, eta, estimate, reason, problem, result
    case createdAt = "created_at"
    case startedAt = "started_at"
    case finishedAt = "finished_at"
    case updatedAt = "updated_at"
  }

  package init(id: ErrandID, kind: ErrandKind, about: SafeName, state: ErrandState, createdAt: Timestamp, updatedAt: Timestamp) {
    self.id = id
    self.kind = kind
    self.about = about
    self.state = state
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  /// Takes in what its worker said.
  ///
  /// - Parameter seconds: since the worker began.
  package mutating func apply(_ progress: ErrandProgress, after seconds: Double, at now: Timestamp) {
    updatedAt = now
    phase = progress.phase
    (done, total, unit, note, reason) = (progress.done, progress.total, progress.unit, progress.note, progress.waits)
    self.progress = progress.total.map { $0 > 0 ? min(100, 100 * Double(progress.done) / Double($0)) : 100 }
    elapsed = seconds
    if let estimate = progress.estimate { self.estimate = estimate }
    let gained = Double(progress.gained ?? progress.done)
    rate = seconds > 0 ? gained / seconds : nil
    eta = progress.total.flatMap { total in
      gained > 0 && seconds > 0 ? max(0, Double(total - progress.done) * seconds / gained) : nil
    }
  }
}
