import LanguageModels

/// What the model says of one answer.
struct AnswerScores {
  /// ln p over the answer's tokens.
  var sum = 0.0
  var count = 0
  /// −ln p over all tokens that have a target, the prompt's among them where it has any.
  var likelihood = 0.0
  var meanLogits = 0.0
  var entropy = 0.0
  var hits = 0

  init(_ scores: TokenScores, row: Int, _ sequence: AnswerSequence) {
    for place in 0..<sequence.tokens.count - 1 {
      let at = row * scores.length + place
      likelihood -= Double(scores.logProbabilities[at])
      guard sequence.isAnswer[place + 1] else { continue }
      sum += Double(scores.logProbabilities[at])
      count += 1
      meanLogits += Double(scores.meanLogits[at])
      entropy += Double(scores.entropies[at])
      hits += Int(scores.hits[at])
    }
  }

  var mean: Double { sum / Double(max(count, 1)) }
}

/// What a batch of pairs adds up to: the loss, and the measures under TRL's names.
struct PreferenceTally {
  /// Pairs of the whole step, and targets of the chosen texts, prompts included: what means are over.
  let pairs: Int
  let likelihoodTargets: Int
  private var loss = 0.0
  private var likelihood: Double?
  private var targets = 0
  private var hits = 0
  private var measures = Measures()

  init(pairs: Int, likelihoodTargets: Int) {
    self.pairs = pairs
    self.likelihoodTargets = likelihoodTargets
  }

  mutating func add(_ chosen: AnswerScores, _ rejected: AnswerScores, loss: Double, chosenReward: Double, rejectedReward: Double) {
    self.loss += loss
    note(chosen, rejected, chosenReward, rejectedReward)
    measures.add("logps/chosen", chosen.sum)
    measures.add("logps/rejected", rejected.sum)
  }

  /// Of orpo: rewards and logps are of mean probabilities, as in TRL.
  mutating func add(_ chosen: AnswerScores, _ rejected: AnswerScores, loss: Double, beta: Double, _ value: OddsRatioLoss.Value) {
    self.loss += loss
    likelihood = (likelihood ?? 0) + chosen.likelihood
    note(chosen, rejected, beta * chosen.mean, beta * rejected.mean)
    measures.add("logps/chosen", chosen.mean)
    measures.add("logps/rejected", rejected.mean)
    measures.add("log_odds_ratio", value.logOddsRatio)
    measures.add("log_odds_chosen", value.logOdds)
  }

  private mutating func note(_ chosen: AnswerScores, _ rejected: AnswerScores, _ chosenReward: Double, _ rejectedReward: Double) {
    measures.add("rewards/chosen", chosenReward)
    measures.add("rewards/rejected", rejectedReward)
    measures.add("rewards/accuracies", chosenReward > rejectedReward ? 1 : 0)
    measures.add("rewards/margins", chosenReward - rejectedReward)
    measures.add("logits/chosen", chosen.meanLogits / Double(max(chosen.count, 1)), weight: Double(chosen.count))
    measures.add("logits/rejected", rejected.meanLogits / Double(max(rejected.count, 1)), weight: Double(rejected.count))
    let tokens = chosen.count + rejected.count
    measures.add("entropy", (chosen.entropy + rejected.entropy) / Double(max(tokens, 1)), weight: Double(tokens))
    targets += chosen.count
    hits += chosen.hits
  }

  func outcome(tokens: Int) -> StepOutcome {
    var measures = measures
    var mean = loss / Double(max(pairs, 1))
    if let likelihood {
      let share = likelihood / Double(max(likelihoodTargets, 1))
      measures.add("nll_loss", share, weight: Double(pairs))
      mean += share
    }
    return StepOutcome(
      loss: mean, weight: Double(pairs), targets: targets, hits: hits, tokens: tokens, measures: measures,
      accuracy: measures["rewards/accuracies"])
  }
}
