extension JobStatus {
  /// Takes in what a worker said. The state itself is the catalogue's: it is not changed here.
  package mutating func apply(_ event: WorkerEvent, at now: Timestamp) {
    updatedAt = now
    switch event {
    case .ingested, .read, .refused, .warning, .failed, .progress, .tokenized: break
    case .phase(let phase, _): self.phase = phase.rawValue
    case .planned(let shape):
      epochs = shape.epochs
      steps = shape.steps
      step = shape.resumedFrom
      progress = shape.steps > 0 ? 100 * Double(shape.resumedFrom) / Double(shape.steps) : 0
    case .step(let report):
      epoch = report.epoch
      step = report.step
      loss = report.loss
      lr = report.lr
      accuracy = report.accuracy
      gradNorm = report.gradNorm
      tokensPerSecond = report.tokensPerSecond
      elapsed = report.elapsed
      eta = report.eta
      if let steps, steps > 0 { progress = 100 * Double(report.step) / Double(steps) }
    case .evaluated(let row):
      evalLoss = row.evalLoss
      perplexity = row.evalPerplexity
      if let loss = row.evalLoss { bestEvalLoss = min(bestEvalLoss ?? loss, loss) }
    case .checkpoint(_, let path): checkpoint = path
    }
  }

  /// Takes in what the catalogue says: state, reason and times. What a running job has no more is cleared.
  package mutating func apply(
    state: JobState, reason: String?, problem: Problem?, startedAt: Timestamp?, finishedAt: Timestamp?, at now: Timestamp
  ) {
    self.state = state
    self.reason = reason
    self.problem = problem
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    updatedAt = now
    if !state.isRunning {
      phase = nil
      eta = nil
    }
    if state == .completed { progress = 100 }
  }
}
