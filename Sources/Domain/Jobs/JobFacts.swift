/// A job that has done its work, as its reports see it.
package struct JobFacts: Sendable, Equatable {
  package var id: JobID
  package var name: String
  package var createdAt: Timestamp
  package var startedAt: Timestamp?
  package var finishedAt: Timestamp
  package var configuration: Configuration
  package var pins: JobPins
  package var metrics: MetricsSummary
  /// What the held-out part said; nil where nothing was held out.
  package var evaluation: EvaluationRecord?
  /// What was planned, and what it took; nil of runs that were begun before there were plans.
  package var plan: JobPlan?
  /// Rows and schema of the training data.
  package var trainRows: Int
  package var trainSchema: DatasetSchema

  package init(
    id: JobID, name: String, createdAt: Timestamp, startedAt: Timestamp?, finishedAt: Timestamp, configuration: Configuration,
    pins: JobPins,
    metrics: MetricsSummary, evaluation: EvaluationRecord? = nil, plan: JobPlan? = nil, trainRows: Int, trainSchema: DatasetSchema
  ) {
    self.id = id
    self.name = name
    self.createdAt = createdAt
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.configuration = configuration
    self.pins = pins
    self.metrics = metrics
    self.evaluation = evaluation
    self.plan = plan
    self.trainRows = trainRows
    self.trainSchema = trainSchema
  }
}
