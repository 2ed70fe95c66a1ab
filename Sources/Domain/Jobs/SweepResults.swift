import StrictJSON

/// `workspace/sweeps/<id>/sweep.json`: what came of each of a sweep's jobs, and which is best.
package struct SweepResults: Codable, Sendable, Equatable {
  package struct Row: Codable, Sendable, Equatable {
    package var job: JobID
    package var state: JobState
    /// The fields that this job differs in, as JSON: `["training.learning_rate": "0.001"]`.
    package var values: [String: String]
    /// Of the metric that the winner is chosen by.
    package var score: Double?
    package var evalLoss: Double?
    package var evalPerplexity: Double?
    package var trainLoss: Double?
    package var steps: Int?
    package var seconds: Double?
    package var reason: String?

    enum CodingKeys: String, CodingKey {
      case job, state, values, score, steps, seconds, reason
      case evalLoss = "eval_loss"
      case evalPerplexity = "eval_perplexity"
      case trainLoss = "train_loss"
    }

    package init(job: JobID, state: JobState, values: [String: String], score: Double? = nil) {
      self.job = job
      self.state = state
      self.values = values
      self.score = score
    }
  }

  package var schema = "dropforge.sweep/1"
  package var id: SweepID
  package var name: String
  package var search: String
  package var metric: String
  package var isLessBetter: Bool
  /// The fields that are swept, in the order of the job file.
  package var axes: [String]
  package var rows: [Row]
  /// The best of those that are completed.
  package var winner: JobID?
  package var isOver: Bool
  package var updatedAt: Timestamp

  enum CodingKeys: String, CodingKey {
    case schema, id, name, search, metric, axes, winner
    case isLessBetter = "less_is_better"
    case rows = "jobs"
    case isOver = "is_over"
    case updatedAt = "updated_at"
  }

  package init(
    id: SweepID, name: String, search: String, metric: String, isLessBetter: Bool, axes: [String], rows: [Row], updatedAt: Timestamp
  ) {
    self.id = id
    self.name = name
    self.search = search
    self.metric = metric
    self.isLessBetter = isLessBetter
    self.axes = axes
    self.rows = rows
    self.updatedAt = updatedAt
    winner = Self.best(of: rows, isLessBetter: isLessBetter)?.job
    isOver = rows.allSatisfy(\.state.isFinal)
  }

  /// Completed ones with a score, the best first; of equals the earlier.
  package static func ranking(of rows: [Row], isLessBetter: Bool) -> [Row] {
    rows.enumerated().filter { $0.element.state == .completed && $0.element.score?.isFinite == true }
      .sorted { left, right in
        let (a, b) = (left.element.score ?? 0, right.element.score ?? 0)
        if a == b { return left.offset < right.offset }
        return isLessBetter ? a < b : a > b
      }.map(\.element)
  }

  private static func best(of rows: [Row], isLessBetter: Bool) -> Row? { ranking(of: rows, isLessBetter: isLessBetter).first }
}
