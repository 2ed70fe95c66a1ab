/// `workspace/jobs/<id>/status.json`: what a reader wants to know of a job at this moment. Written anew within 500 ms of a change.
package struct JobStatus: Codable, Sendable, Equatable {
  package var schema = "dropforge.status/1"
  package var id: JobID
  package var name: String
  package var state: JobState
  /// What it does within the state: `tokenizing`, `training`, `saving`, `exporting`.
  package var phase: String?
  /// Percent, 0 to 100, of the optimizer steps.
  package var progress: Double
  package var epoch: Int?
  package var epochs: Int?
  /// Optimizer steps done, and in all.
  package var step: Int?
  package var steps: Int?
  /// Of the last logged step.
  package var loss: Double?
  package var lr: Double?
  /// Share of target tokens that the model put first, 0 to 1.
  package var accuracy: Double?
  package var gradNorm: Double?
  package var tokensPerSecond: Double?
  package var evalLoss: Double?
  package var bestEvalLoss: Double?
  package var perplexity: Double?
  package var elapsed: Double?
  /// Seconds to the end, at the pace of the last minute.
  package var eta: Double?
  /// Why it waits, stopped or failed, as a sentence.
  package var reason: String?
  package var problem: Problem?
  package var createdAt: Timestamp
  package var startedAt: Timestamp?
  package var finishedAt: Timestamp?
  package var updatedAt: Timestamp
  /// The last whole checkpoint, relative to the job's folder.
  package var checkpoint: String?

  enum CodingKeys: String, CodingKey {
    case schema, id, name, state, phase, progress, epoch, epochs, step, steps, loss, lr, accuracy, perplexity, elapsed, eta, reason, problem
    case checkpoint
    case gradNorm = "grad_norm"
    case tokensPerSecond = "tokens_per_second"
    case evalLoss = "eval_loss"
    case bestEvalLoss = "best_eval_loss"
    case createdAt = "created_at"
    case startedAt = "started_at"
    case finishedAt = "finished_at"
    case updatedAt = "updated_at"
  }

  package init(id: JobID, name: String, state: JobState, createdAt: Timestamp, updatedAt: Timestamp) {
    self.id = id
    self.name = name
    self.state = state
    progress = 0
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}
