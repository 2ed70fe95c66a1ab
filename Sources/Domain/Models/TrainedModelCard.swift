/// `workspace/jobs/<id>/model.json`: the model that a job made. Its name is the job's, its version the job's number of that name.
package struct TrainedModelCard: Codable, Sendable, Equatable {
  package enum Kind: String, Codable, Sendable {
    /// Made from nothing.
    case base
    /// Trained further from another.
    case fineTuned = "fine_tuned"
  }

  package struct Base: Codable, Sendable, Equatable {
    /// A model's name, or the job's that made it.
    package var name: String
    /// Of a job's model.
    package var version: Int?
    package var sha256: String

    package init(name: String, version: Int?, sha256: String) {
      self.name = name
      self.version = version
      self.sha256 = sha256
    }
  }

  package var schema = "dropforge.trained-model/1"
  package var name: SafeName
  package var version: Int
  package var kind: Kind
  package var base: Base?
  package var job: JobID
  package var method: String
  /// Of `final_model/`: "adapter" is only the trained difference.
  package var holds: String
  package var parameters: Int
  package var evalLoss: Double?
  package var evalPerplexity: Double?
  /// Relative to the root.
  package var path: String
  package var createdAt: Timestamp

  enum CodingKeys: String, CodingKey {
    case schema, name, version, base, job, method, holds, parameters, path
    case kind = "model_type"
    case evalLoss = "eval_loss"
    case evalPerplexity = "eval_perplexity"
    case createdAt = "created_at"
  }

  package init(
    name: SafeName, version: Int, kind: Kind, base: Base?, job: JobID, method: String, holds: String, parameters: Int, evalLoss: Double?,
    evalPerplexity: Double?, path: String, createdAt: Timestamp
  ) {
    self.name = name
    self.version = version
    self.kind = kind
    self.base = base
    self.job = job
    self.method = method
    self.holds = holds
    self.parameters = parameters
    self.evalLoss = evalLoss
    self.evalPerplexity = evalPerplexity
    self.path = path
    self.createdAt = createdAt
  }
}
