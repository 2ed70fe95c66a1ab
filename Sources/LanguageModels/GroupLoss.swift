import Glibc

/// Group relative policy optimisation, Shao et al., arXiv 2402.03300: the loss of a sampled token and the advantages of a group, as TRL
/// 1.16 computes them. Everything in double.
package struct GroupLoss: Sendable, Equatable {
  /// How far below and above 1 the ratio of probabilities counts.
  package var epsilonLow: Double
  package var epsilonHigh: Double
  /// The weight of the distance to the reference; 0 has none.
  package var beta: Double
  /// Whether that distance is weighed with the ratio, as TRL does from 1.16 on: it was sampled from the old policy.
  package var correctsBias: Bool

  package init(epsilonLow: Double, epsilonHigh: Double, beta: Double, correctsBias: Bool) {
    self.epsilonLow = epsilonLow
    self.epsilonHigh = epsilonHigh
    self.beta = beta
    self.correctsBias = correctsBias
  }

  package struct Token: Sendable, Equatable {
    package var loss: Double
    /// dL/d(ln p).
    package var slope: Double
    /// The estimate k3 of the distance to the reference, weighed as it counts; 0 without one.
    package var divergence: Double
    package var isClippedLow: Bool
    package var isClippedHigh: Bool
  }

  /// −min(ρA, clip(ρ, 1 − ε, 1 + ε′)A) + β k3, with ρ = e^(ln p − old) and k3 = e^d − d − 1, d = reference − ln p.
  ///
  /// - old: ln p when the token was sampled; equal to `logProbability` in the first iteration, where ρ is 1 but has a slope.
  /// - reference: nil where beta is 0.
  package func token(logProbability: Double, old: Double, reference: Double?, advantage: Double) -> Token {
    let ratio = exp(logProbability - old)
    let clipped = min(max(ratio, 1 - epsilonLow), 1 + epsilonHigh)
    let isBound = clipped * advantage < ratio * advantage
    var token = Token(
      loss: -min(ratio * advantage, clipped * advantage), slope: isBound ? 0 : -ratio * advantage, divergence: 0,
      isClippedLow: ratio < 1 - epsilonLow && advantage < 0, isClippedHigh: ratio > 1 + epsilonHigh && advantage > 0)
    guard beta != 0, let reference else { return token }
    let d = reference - logProbability, k = exp(d) - d - 1, dk = 1 - exp(d)
    token.divergence = correctsBias ? ratio * k : k
    token.loss += beta * token.divergence
    token.slope += beta * (correctsBias ? ratio * (k + dk) : dk)
    return token
  }
}

/// What the rewards of a group make of each of its answers.
package enum GroupAdvantage {
  package enum Scale: String, Sendable, CaseIterable { case group, batch, none }

  package struct Result: Sendable, Equatable {
    package var advantages: [Double]
    /// Groups whose rewards are all the same: nothing is learned from them.
    package var shareWithoutSpread: Double
  }

  /// (r − mean of the group) / (deviation + 1e-4), deviation unbiased: of the group, of the batch, or left out. Answers without a reward
  /// (nil) have advantage 0 and count for nothing.
  package static func compute(_ rewards: [Double?], group: Int, scale: Scale) -> Result {
    var advantages = [Double](repeating: 0, count: rewards.count)
    let overall = deviation(rewards.compactMap(\.self))
    var flat = 0, groups = 0
    for start in stride(from: 0, to: rewards.count, by: group) {
      let range = start..<min(start + group, rewards.count), known = rewards[range].compactMap(\.self)
      groups += 1
      let own = deviation(known)
      if abs(scale == .batch ? overall : own) <= 1e-8 { flat += 1 }
      guard !known.isEmpty else { continue }
      let mean = known.reduce(0, +) / Double(known.count)
      let divisor = scale == .none ? 1 : (scale == .group ? own : overall) + 1e-4
      for index in range { advantages[index] = rewards[index].map { ($0 - mean) / divisor } ?? 0 }
    }
    return Result(advantages: advantages, shareWithoutSpread: Double(flat) / Double(max(groups, 1)))
  }

  /// Unbiased; 0 of fewer than two.
  package static func deviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }
}
