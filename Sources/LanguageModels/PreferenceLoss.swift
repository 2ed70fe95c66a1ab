import Glibc

/// Losses of a pair of answers under a policy and a frozen reference, and their derivatives: direct preference optimisation,
/// Rafailov et al., arXiv 2305.18290, and its variants, each as TRL 1.16 computes it. Everything in double.
package struct PreferenceLoss: Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    /// −ln σ(βΔ)
    case sigmoid
    /// max(0, 1 − βΔ), Zhao et al., arXiv 2305.10425.
    case hinge
    /// (Δ̄ − 1/(2β))² with log-ratios divided by each answer's tokens, Azar et al., arXiv 2310.12036.
    case ipo
    /// [−(1 − ε) ln σ(βΔ) + ε ln σ(−βΔ)] / (1 − 2ε), Chowdhury et al., arXiv 2403.00409.
    case robust
  }

  package var kind: Kind
  package var beta: Double
  /// ε, the share of labels that are wrong: below ½. `robust` alone uses it.
  package var labelSmoothing: Double

  package init(kind: Kind, beta: Double, labelSmoothing: Double = 0) {
    self.kind = kind
    self.beta = beta
    self.labelSmoothing = labelSmoothing
  }

  /// A pair: ln p of each answer, summed over its tokens, under policy and reference.
  package struct Pair: Sendable, Equatable {
    package var chosen: Double
    package var rejected: Double
    package var referenceChosen: Double
    package var referenceRejected: Double
    package var chosenTokens: Int
    package var rejectedTokens: Int

    package init(
      chosen: Double, rejected: Double, referenceChosen: Double, referenceRejected: Double, chosenTokens: Int, rejectedTokens: Int
    ) {
      self.chosen = chosen
      self.rejected = rejected
      self.referenceChosen = referenceChosen
      self.referenceRejected = referenceRejected
      self.chosenTokens = chosenTokens
      self.rejectedTokens = rejectedTokens
    }
  }

  package struct Value: Sendable, Equatable {
    package var loss: Double
    /// dL/d(summed ln p) of the chosen and the rejected answer.
    package var dChosen: Double
    package var dRejected: Double
    /// β times the log-ratio: what TRL calls the rewards.
    package var chosenReward: Double
    package var rejectedReward: Double
  }

  package func value(_ pair: Pair) -> Value {
    let chosen = pair.chosen - pair.referenceChosen, rejected = pair.rejected - pair.referenceRejected
    let x = beta * (chosen - rejected)
    var value = Value(loss: 0, dChosen: 0, dRejected: 0, chosenReward: beta * chosen, rejectedReward: beta * rejected)
    func slope(_ derivative: Double) {
      value.dChosen = beta * derivative
      value.dRejected = -beta * derivative
    }
    switch kind {
    case .sigmoid:
      value.loss = -Logistic.logSigmoid(x)
      slope(-Logistic.sigmoid(-x))
    case .hinge:
      value.loss = max(0, 1 - x)
      slope(x < 1 ? -1 : 0)
    case .ipo:
      let (m, n) = (Double(max(pair.chosenTokens, 1)), Double(max(pair.rejectedTokens, 1)))
      let distance = chosen / m - rejected / n - 1 / (2 * beta)
      value.loss = distance * distance
      value.dChosen = 2 * distance / m
      value.dRejected = -2 * distance / n
    case .robust:
      let e = labelSmoothing
      value.loss = (-(1 - e) * Logistic.logSigmoid(x) + e * Logistic.logSigmoid(-x)) / (1 - 2 * e)
      slope((-(1 - e) * Logistic.sigmoid(-x) - e * Logistic.sigmoid(x)) / (1 - 2 * e))
    }
    return value
  }
}

/// The odds ratio of monolithic preference optimisation without a reference, Hong et al., arXiv 2403.07691, as TRL's ORPOTrainer has
/// it: −β ln σ(z) with z = ln odds(chosen) − ln odds(rejected), odds(p) = p / (1 − p), p = e to the mean ln p of an answer's tokens.
/// The cross-entropy of the chosen text comes beside it.
package struct OddsRatioLoss: Sendable, Equatable {
  /// λ in the paper, beta in TRL.
  package var beta: Double

  package init(beta: Double) { self.beta = beta }

  package struct Value: Sendable, Equatable {
    package var loss: Double
    /// ln σ(z) and z: TRL's log_odds_ratio and log_odds_chosen.
    package var logOddsRatio: Double
    package var logOdds: Double
    /// dL/d(mean ln p) of the chosen and the rejected answer.
    package var dChosen: Double
    package var dRejected: Double
  }

  /// - Parameters: mean ln p a token; below 0.
  package func value(chosen: Double, rejected: Double) -> Value {
    // An answer that is certain to the last bit has no odds.
    let chosen = min(chosen, -1e-12), rejected = min(rejected, -1e-12)
    let z = (chosen - rejected) - (Logistic.logOneMinusExp(chosen) - Logistic.logOneMinusExp(rejected))
    let slope = -beta * Logistic.sigmoid(-z)
    return Value(
      loss: -beta * Logistic.logSigmoid(z), logOddsRatio: Logistic.logSigmoid(z), logOdds: z, dChosen: slope / -expm1(chosen),
      dRejected: -slope / -expm1(rejected))
  }
}

/// Functions of the logistic curve that keep their digits at both ends.
enum Logistic {
  static func sigmoid(_ x: Double) -> Double { x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)) }
  static func logSigmoid(_ x: Double) -> Double { x >= 0 ? -log1p(exp(-x)) : x - log1p(exp(x)) }
  /// ln(1 − eˣ) for x < 0.
  static func logOneMinusExp(_ x: Double) -> Double { x < -0.6931471805599453 ? log1p(-exp(x)) : log(-expm1(x)) }
}
