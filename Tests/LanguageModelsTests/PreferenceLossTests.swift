import Glibc
import Kernels
import LanguageModels
import StrictJSON
import Testing

/// Losses of pairs and of sampled answers: against what TRL computes, and against their own slopes.
struct PreferenceLossTests {
  private static let pairs: [PreferenceLoss.Pair] = [
    .init(chosen: -10, rejected: -12, referenceChosen: -11, referenceRejected: -11.5, chosenTokens: 5, rejectedTokens: 6),
    .init(chosen: -7.5, rejected: -7, referenceChosen: -7, referenceRejected: -7.5, chosenTokens: 4, rejectedTokens: 4),
    .init(chosen: -20, rejected: -24, referenceChosen: -23, referenceRejected: -20.5, chosenTokens: 9, rejectedTokens: 8),
  ]

  /// Tests/Fixtures/trl/preference_losses.json.
  @Test(arguments: [
    (PreferenceLoss.Kind.sigmoid, 0.0, 0.5951363478552728), (.hinge, 0, 0.7666666666666667), (.ipo, 0, 22.56509837962963),
    (.robust, 0.1, 0.565969681188606),
  ])
  func the_losses_are_those_of_trl(kind: PreferenceLoss.Kind, smoothing: Double, expected: Double) {
    let loss = PreferenceLoss(kind: kind, beta: 0.1, labelSmoothing: smoothing)
    let values = Self.pairs.map { loss.value($0) }
    #expect(abs(values.reduce(0) { $0 + $1.loss } / 3 - expected) < 1e-12)
    #expect(abs(values.reduce(0) { $0 + $1.chosenReward } / 3 - 0.11666666666666668) < 1e-12)
    #expect(abs(values.reduce(0) { $0 + $1.rejectedReward } / 3 + 0.11666666666666668) < 1e-12)
  }

  @Test(arguments: PreferenceLoss.Kind.allCases)
  func the_slope_of_a_pairs_loss_is_its_derivative(_ kind: PreferenceLoss.Kind) {
    let loss = PreferenceLoss(kind: kind, beta: 0.3, labelSmoothing: 0.2), h = 1e-5
    for pair in Self.pairs {
      func at(_ chosen: Double, _ rejected: Double) -> Double {
        var moved = pair
        moved.chosen += chosen
        moved.rejected += rejected
        return loss.value(moved).loss
      }
      let value = loss.value(pair)
      #expect(abs((at(h, 0) - at(-h, 0)) / (2 * h) - value.dChosen) < 1e-6)
      #expect(abs((at(0, h) - at(0, -h)) / (2 * h) - value.dRejected) < 1e-6)
    }
  }

  @Test func policy_and_reference_alike_make_the_logarithm_of_2() {
    let pair = PreferenceLoss.Pair(
      chosen: -5, rejected: -9, referenceChosen: -5, referenceRejected: -9, chosenTokens: 2, rejectedTokens: 3)
    #expect(abs(PreferenceLoss(kind: .sigmoid, beta: 0.1).value(pair).loss - log(2)) < 1e-15)
    #expect(PreferenceLoss(kind: .hinge, beta: 0.1).value(pair).loss == 1)
    #expect(abs(PreferenceLoss(kind: .ipo, beta: 0.1).value(pair).loss - 25) < 1e-12)
  }

  @Test func far_apart_nothing_overflows() {
    for distance in [-2_000.0, 2_000] {
      let pair = PreferenceLoss.Pair(
        chosen: distance, rejected: 0, referenceChosen: 0, referenceRejected: 0, chosenTokens: 1, rejectedTokens: 1)
      for kind in PreferenceLoss.Kind.allCases {
        let value = PreferenceLoss(kind: kind, beta: 1, labelSmoothing: 0.1).value(pair)
        #expect(value.loss.isFinite && value.dChosen.isFinite && value.dRejected.isFinite)
      }
    }
    let certain = OddsRatioLoss(beta: 1).value(chosen: 0, rejected: -1_000)
    #expect(certain.loss.isFinite && certain.dChosen.isFinite && certain.dRejected.isFinite)
  }

  @Test func the_slope_of_the_odds_ratio_is_its_derivative() {
    let loss = OddsRatioLoss(beta: 0.4), h = 1e-6
    for (chosen, rejected) in [(-0.1, -2.0), (-3.0, -0.5), (-0.7, -0.69), (-6.6, -6.4)] {
      let value = loss.value(chosen: chosen, rejected: rejected)
      #expect(
        abs(
          (loss.value(chosen: chosen + h, rejected: rejected).loss - loss.value(chosen: chosen - h, rejected: rejected).loss) / (2 * h)
            - value.dChosen) < 1e-6)
      #expect(
        abs(
          (loss.value(chosen: chosen, rejected: rejected + h).loss - loss.value(chosen: chosen, rejected: rejected - h).loss) / (2 * h)
            - value.dRejected) < 1e-6)
    }
  }

  @Test(arguments: [true, false])
  func the_slope_of_a_tokens_loss_is_its_derivative(_ corrects: Bool) {
    let loss = GroupLoss(epsilonLow: 0.2, epsilonHigh: 0.3, beta: 0.1, correctsBias: corrects), h = 1e-6
    // Above, within and below what counts, for answers that were better and worse than their group.
    for (p, old, reference, advantage) in [
      (-1.0, -1.0, -1.2, 0.7), (-1.0, -2.0, -0.9, 0.7), (-2.0, -1.0, -2.5, 0.7), (-1.0, -2.0, -0.9, -0.7), (-2.0, -1.0, -2.5, -0.7),
    ] {
      func at(_ p: Double) -> Double { loss.token(logProbability: p, old: old, reference: reference, advantage: advantage).loss }
      let slope = loss.token(logProbability: p, old: old, reference: reference, advantage: advantage).slope
      #expect(abs((at(p + h) - at(p - h)) / (2 * h) - slope) < 1e-6, "\(p), \(old), \(advantage)")
    }
  }

  @Test func advantages_are_those_of_trl() {
    let rewards: [Double?] = [1, 0, 0.5, 1, 0, 0, 0, 0]
    let grouped = GroupAdvantage.compute(rewards, group: 4, scale: .group)
    let expected = [0.7831858496123865, -1.3053097493539774, -0.2610619498707955, 0.7831858496123865, 0, 0, 0, 0]
    for (a, b) in zip(grouped.advantages, expected) { #expect(abs(a - b) < 1e-12) }
    #expect(grouped.shareWithoutSpread == 0.5)
    let plain = GroupAdvantage.compute(rewards, group: 4, scale: .none)
    #expect(plain.advantages == [0.375, -0.625, -0.125, 0.375, 0, 0, 0, 0])
    let batch = GroupAdvantage.compute(rewards, group: 4, scale: .batch)
    let deviation = GroupAdvantage.deviation(rewards.compactMap(\.self))
    #expect(abs(batch.advantages[1] + 0.625 / (deviation + 1e-4)) < 1e-12 && batch.shareWithoutSpread == 0)
  }

  @Test func an_answer_without_a_reward_counts_for_nothing() {
    let result = GroupAdvantage.compute([1, nil, 0, nil], group: 4, scale: .none)
    #expect(result.advantages == [0.5, 0, -0.5, 0])
    #expect(GroupAdvantage.compute([nil, nil], group: 2, scale: .group).advantages == [0, 0])
  }

  /// A loss that is not linear in the probabilities, of two sequences together: what a pair's is.
  @Test(arguments: [1.0, 0.6])
  func what_a_pass_accumulates_of_scores_is_the_slope_of_the_loss(_ temperature: Double) throws {
    let model = try TinyModel.qwen3.model(), whole = batch(4, 11)
    let loss = PreferenceLoss(kind: .sigmoid, beta: 0.2)
    func value(_ scores: TokenScores, _ row: Int) -> PreferenceLoss.Value {
      func sum(_ row: Int) -> Double {
        scores.logProbabilities[row * scores.length..<(row + 1) * scores.length].reduce(0) { $0 + Double($1) }
      }
      return loss.value(
        .init(
          chosen: sum(row), rejected: sum(row + 1), referenceChosen: -30, referenceRejected: -31, chosenTokens: 10, rejectedTokens: 10))
    }
    let pass = try ModelPass(
      model, rows: whole.rows, length: whole.length, purpose: .training, group: 2, temperature: temperature)
    let gradients = try ParameterStore(model.layout)
    try pass.accumulate(whole, into: gradients, auxiliaryShare: 1) { scores in
      var weights = [Float](repeating: 0, count: scores.batch * scores.length)
      for row in stride(from: 0, to: scores.batch, by: 2) {
        let value = value(scores, row)
        for place in 0..<scores.length {
          weights[row * scores.length + place] = Float(-value.dChosen)
          weights[(row + 1) * scores.length + place] = Float(-value.dRejected)
        }
      }
      return weights
    }
    func total() throws -> Double {
      var total = 0.0
      try pass.score(whole) { scores in
        for row in stride(from: 0, to: scores.batch, by: 2) { total += value(scores, row).loss }
      }
      return total
    }
    for tensor in model.layout.tensors {
      let range = tensor.offset..<tensor.offset + tensor.count
      let gradient = range.map { gradients.base[$0] }, size = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      if size < 1e-5 { continue }
      let step = 0.01 / size
      func loss(_ steps: Float) throws -> Double {
        for (index, slope) in zip(range, gradient) { model.parameters.base[index] += steps * step * slope }
        defer { for (index, slope) in zip(range, gradient) { model.parameters.base[index] -= steps * step * slope } }
        return try total()
      }
      let slope = (8 * (try loss(1) - loss(-1)) - (try loss(2) - loss(-2))) / Double(12 * step), expected = Double(size * size)
      #expect(abs(slope - expected) < 0.01 * expected + 1e-3 * Double(size), "\(tensor.name): \(slope), not \(expected)")
    }
  }

  /// Mean logit and entropy against the logits themselves.
  @Test func what_the_head_says_of_a_token_is_what_its_logits_say() throws {
    let model = try TinyModel.llama.model(), batch = batch(2, 9), vocabulary = model.dimensions.vocabularySize
    let pass = try ModelPass(model, rows: batch.rows, length: batch.length, purpose: .scoring)
    let logits = try pass.logits(batch)
    var seen = 0
    try pass.score(batch) { scores in
      for row in 0..<scores.batch * scores.length {
        let at = scores.first * scores.length + row
        guard batch.targets[at] >= 0 else {
          #expect(scores.logProbabilities[row] == 0 && scores.entropies[row] == 0)
          continue
        }
        let values = logits[at * vocabulary..<(at + 1) * vocabulary].map(Double.init), top = values.max() ?? 0
        let sum = values.reduce(0) { $0 + exp($1 - top) }
        let entropy = log(sum) - values.reduce(0) { $0 + exp($1 - top) * ($1 - top) } / sum
        #expect(abs(Double(scores.entropies[row]) - entropy) < 1e-4)
        #expect(abs(Double(scores.meanLogits[row]) - values.reduce(0, +) / Double(vocabulary)) < 1e-5)
        #expect(abs(Double(scores.logProbabilities[row]) - (values[Int(batch.targets[at])] - top - log(sum))) < 1e-4)
        seen += 1
      }
    }
    #expect(seen == batch.targetCount)
  }
}
