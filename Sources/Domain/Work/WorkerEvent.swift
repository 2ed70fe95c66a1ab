/// A line of JSON on a worker's standard output: what it did, for the agent to publish.
package enum WorkerEvent: Codable, Sendable, Equatable {
  /// Ingest: bytes of the drop read, of how many (nil: unknown), and rows so far.
  case ingested(bytes: Int, of: Int?, rows: Int)
  /// Of many drops this one was read, or refused.
  case read(DropID)
  case refused(DropID, Problem)
  /// A job's phase, with the share of it done, 0 to 1, where that is known.
  case phase(JobPhase, share: Double?)
  /// What the run will be, known once the data is tokenized.
  case planned(RunShape)
  /// A step was made. Not every step is told: at most a few a second.
  case step(StepReport)
  case evaluated(MetricsRow)
  /// A whole checkpoint stands, path relative to the job's folder.
  case checkpoint(step: Int, path: String)
  case warning(String)
  case failed(Problem)
  /// An errand's worker: how far it is.
  case progress(ErrandProgress)
  /// A job's worker has made, or found, a tokenization of that dataset.
  case tokenized(SafeName, id: String)
}

package enum JobPhase: String, Codable, Sendable {
  case loading, tokenizing, reference, training, evaluating, saving, exporting

  package var state: JobState {
    switch self {
    case .loading, .tokenizing, .reference: .preparing
    case .training, .saving, .exporting: .training
    case .evaluating: .evaluating
    }
  }
}

package struct RunShape: Codable, Sendable, Equatable {
  package var parameters: Int
  package var trainSequences: Int
  package var trainTokens: Int
  package var evalTokens: Int
  package var epochs: Int
  package var steps: Int
  /// Steps that an earlier process of the same run has done already.
  package var resumedFrom: Int

  package init(parameters: Int, trainSequences: Int, trainTokens: Int, evalTokens: Int, epochs: Int, steps: Int, resumedFrom: Int) {
    self.parameters = parameters
    self.trainSequences = trainSequences
    self.trainTokens = trainTokens
    self.evalTokens = evalTokens
    self.epochs = epochs
    self.steps = steps
    self.resumedFrom = resumedFrom
  }
}

package struct StepReport: Codable, Sendable, Equatable {
  package var epoch: Int
  package var step: Int
  package var loss: Double
  package var lr: Double
  /// 0 to 1: of tokens, or of comparisons; nil where the method has none.
  package var accuracy: Double?
  package var gradNorm: Double
  package var tokensPerSecond: Double
  /// Seconds of training so far, and to go at the pace of the last minute.
  package var elapsed: Double
  package var eta: Double

  package init(
    epoch: Int, step: Int, loss: Double, lr: Double, accuracy: Double?, gradNorm: Double, tokensPerSecond: Double, elapsed: Double,
    eta: Double
  ) {
    self.epoch = epoch
    self.step = step
    self.loss = loss
    self.lr = lr
    self.accuracy = accuracy
    self.gradNorm = gradNorm
    self.tokensPerSecond = tokensPerSecond
    self.elapsed = elapsed
    self.eta = eta
  }
}
