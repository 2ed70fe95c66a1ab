import Domain
import LanguageModels

/// What a step's answers add up to: the loss under its normalisation, and what TRL logs of it.
struct GroupTally {
  private(set) var loss = 0.0
  /// The weight of each answer's tokens in the step's loss: 0 where it does not count.
  private let shares: [Double]
  private let hasReference: Bool
  private var tokens = 0
  private var divergence = 0.0
  private var entropy = 0.0
  private var low = 0
  private var high = 0
  private var lowest = Double.infinity
  private var highest = -Double.infinity

  init(_ rollout: Rollout, _ training: TrainingSection) {
    let masks = training.group.masksTruncated == true
    let counts = rollout.answers.map { masks && !$0.hasEnded ? 0 : $0.tokens.count }
    let perStep = Double(counts.count), size = training.batchSize
    let all = Double(max(counts.reduce(0, +), 1))
    let completion = Double(training.preference.maximumCompletionLength ?? 256)
    let kind = training.preference.loss ?? .dapo
    shares = counts.indices.map { index in
      guard counts[index] > 0 else { return 0 }
      switch kind {
      // A mean over answers of means over their tokens.
      case .grpo: return 1 / (perStep * Double(counts[index]))
      // A mean over micro-batches of means over their tokens, as TRL has it.
      case .bnpo:
        let start = index / size * size
        return Double(size) / perStep / Double(max(counts[start..<min(start + size, counts.count)].reduce(0, +), 1))
      case .drGRPO: return 1 / (perStep * completion)
      // A mean over the tokens of the whole accumulated batch.
      case .dapo, .sigmoid, .hinge, .ipo, .robust: return 1 / all
      }
    }
    hasReference = (training.preference.beta ?? 0) != 0
  }

  /// Takes an answer's scores in; puts −d(loss)/d(ln p) of its positions into `weights`.
  mutating func judge(
    _ answer: Rollout.Answer, _ number: Int, _ scores: TokenScores, _ row: Int, _ loss: GroupLoss, into weights: inout [Float]
  ) {
    let share = shares[number], start = row * scores.length + answer.prompt.count - 1
    guard share > 0 else { return }
    var (ownLow, ownHigh) = (0, 0)
    for place in answer.tokens.indices {
      let token = loss.token(
        logProbability: Double(scores.logProbabilities[start + place]), old: Double(answer.old[place]),
        reference: answer.reference.map { Double($0[place]) }, advantage: answer.advantage)
      self.loss += share * token.loss
      weights[start + place] = Float(-share * token.slope)
      divergence += token.divergence
      entropy += Double(scores.entropies[start + place])
      ownLow += token.isClippedLow ? 1 : 0
      ownHigh += token.isClippedHigh ? 1 : 0
    }
    let count = Double(answer.tokens.count)
    tokens += answer.tokens.count
    low += ownLow
    high += ownHigh
    lowest = min(lowest, Double(ownLow) / count)
    highest = max(highest, Double(ownHigh) / count)
  }

  func note(_ measures: inout Measures) {
    guard tokens > 0 else { return }
    let count = Double(tokens)
    if hasReference { measures.add("kl", divergence / count) }
    measures.add("entropy", entropy / count)
    measures.add("clip_ratio/low_mean", Double(low) / count)
    measures.add("clip_ratio/high_mean", Double(high) / count)
    measures.add("clip_ratio/region_mean", Double(low + high) / count)
    measures.add("clip_ratio/low_min", lowest)
    measures.add("clip_ratio/high_max", highest)
  }
}
