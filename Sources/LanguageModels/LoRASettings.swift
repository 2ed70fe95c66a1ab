/// What a LoRA adapter is made with: Hu et al., arXiv 2106.09685; names as in PEFT's LoraConfig.
package struct LoRASettings: Sendable, Equatable {
  /// Which projections get an adapter.
  package enum Targets: Sendable, Equatable {
    /// Every linear layer but the head.
    case allLinear
    /// Those of attention, the default.
    case attention
    /// Modules whose name is one of these or ends in "." and one of these, as PEFT matches a list.
    case modules([String])
  }

  /// r
  package var rank: Int
  /// α
  package var alpha: Double
  /// Of the adapter's input, while it trains.
  package var dropout: Double
  /// Scale by α/√r instead of α/r: Kalajdzievski, arXiv 2312.03732.
  package var isRankStabilised: Bool
  package var targets: Targets

  package init(rank: Int, alpha: Double, dropout: Double = 0, isRankStabilised: Bool = false, targets: Targets = .attention) {
    self.rank = rank
    self.alpha = alpha
    self.dropout = dropout
    self.isRankStabilised = isRankStabilised
    self.targets = targets
  }

  /// What B·A is multiplied with.
  package var scale: Double { isRankStabilised ? alpha / Double(rank).squareRoot() : alpha / Double(rank) }
}
