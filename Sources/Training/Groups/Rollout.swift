import Domain
import Platform

/// Answers that were sampled together, with what their training needs: kept in a checkpoint where several steps are made on them.
struct Rollout: Codable, Sendable, Equatable {
  struct Answer: Codable, Sendable, Equatable {
    var prompt: [Int32]
    /// With the token that ended it, where one did.
    var tokens: [Int32]
    var hasEnded: Bool
    var advantage: Double
    /// ln p of each token when it was sampled; empty before the first step on it.
    var old: [Float] = []
    /// ln p of each token under the reference; nil without one.
    var reference: [Float]?
  }

  var schema = "dropforge.rollout/1"
  var generation: Int
  var answers: [Answer]
}
