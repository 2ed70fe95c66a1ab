/// What a pass through the head counted; sums of micro-batches add up.
package struct LossSum: Sendable, Equatable {
  /// Sum over targets of weight · −ln p(target), in nats; the weight is 1 unless the caller gave others.
  package var loss: Double
  /// What the architecture adds to the mean loss (the balance of experts), times the targets; 0 for most. It is no part of `loss`, so
  /// that a perplexity stays one.
  package var auxiliary = 0.0
  /// Positions with a target.
  package var targets: Int
  /// Positions whose most likely token is the target.
  package var hits: Int

  package init(loss: Double = 0, targets: Int = 0, hits: Int = 0) {
    self.loss = loss
    self.targets = targets
    self.hits = hits
  }

  /// Mean loss a target; nil where nothing was counted.
  package var meanLoss: Double? { targets == 0 ? nil : loss / Double(targets) }
  /// Mean of what is minimised, the architecture's own part included.
  package var meanObjective: Double? { targets == 0 ? nil : (loss + auxiliary) / Double(targets) }
  /// Part of the targets that were the most likely token, 0...1.
  package var accuracy: Double? { targets == 0 ? nil : Double(hits) / Double(targets) }

  package static func += (left: inout LossSum, right: LossSum) {
    left.loss += right.loss
    left.auxiliary += right.auxiliary
    left.targets += right.targets
    left.hits += right.hits
  }
}
