import Domain
import SystemPackage

/// `final_model/model_config.json`, as training studios write it: what the model came from.
struct ModelConfigReport: JobReport {
  func path(_ job: JobLayout) -> FilePath { job.finalModel.appending("model_config.json") }

  func text(_ facts: JobFacts) throws -> String {
    struct Content: Encodable {
      var baseModel: String
      var dataset: String
      var epochs: Double
      var finalStep: Int
      var timestamp: Timestamp
    }
    let content = Content(
      baseModel: facts.pins.model?.name ?? "scratch", dataset: facts.pins.trained.map(\.name.text).joined(separator: ", "),
      epochs: facts.configuration.training.epochs,
      finalStep: facts.metrics.finalModelStep ?? facts.metrics.steps, timestamp: facts.finishedAt)
    return String(decoding: try PublishedJSON.bytes(of: content), as: UTF8.self)
  }
}

/// `final_model/training_metrics.json`, likewise: how the training went.
struct TrainingMetricsReport: JobReport {
  func path(_ job: JobLayout) -> FilePath { job.finalModel.appending("training_metrics.json") }

  func text(_ facts: JobFacts) throws -> String {
    struct Content: Encodable {
      var totalSteps: Int
      var finalLoss: Double?
      var evalLoss: Double?
      var epochs: Double
      var batchSize: Int
      var learningRate: Double
    }
    let training = facts.configuration.training
    let content = Content(
      totalSteps: facts.metrics.steps, finalLoss: facts.metrics.finalLoss, evalLoss: facts.metrics.evalLoss, epochs: training.epochs,
      batchSize: training.batchSize, learningRate: training.learningRate)
    return String(decoding: try PublishedJSON.bytes(of: content), as: UTF8.self)
  }
}
