import Domain
import Foundation
import Kernels
import LanguageModels
import StrictJSON
import SystemPackage
import TestSupport
import Testing

@testable import Training

/// The loss of sampled answers against TRL's GRPOTrainer: Tests/Fixtures/trl/SOURCE.md.
struct GroupTallyTests {
  private static let golden = Result {
    try JSONParser.parse(Array(Data(contentsOf: URL(filePath: Fixtures.path("trl/group_losses.json").string))))
  }

  private func floats(_ node: JSONNode?) throws -> [Float] { try #require(node?.array).map { Float(try #require($0.double)) } }

  @Test(arguments: ["dapo", "grpo", "bnpo", "dr_grpo", "kl", "kl_plain", "old", "old_kl", "warm"])
  func loss_gradient_and_metrics_are_those_of_trl(_ name: String) throws {
    let golden = try Self.golden.get(), expected = try #require(golden["cases"]?[name]), config = try #require(expected["config"])
    let prompt = try #require(golden["prompt"]?.array).map { Int32(try #require($0.int)) }
    let advantages = try #require(golden["advantages"]?.array).map { try #require($0.double) }
    var answers: [Rollout.Answer] = []
    for (index, node) in try #require(golden["answers"]?.array).enumerated() {
      var answer = Rollout.Answer(
        prompt: prompt, tokens: try #require(node["tokens"]?.array).map { Int32(try #require($0.int)) },
        hasEnded: node["ended"]?.bool == true, advantage: advantages[index])
      if let old = expected["old"]?.array { answer.old = try floats(old[index]) }
      if let reference = expected["reference"]?.array { answer.reference = try floats(reference[index]) }
      answers.append(answer)
    }
    var training = TrainingSection(method: .grpo)
    training.batchSize = 8
    training.preference.maximumCompletionLength = 16
    training.preference.beta = config["beta"]?.double ?? 0
    training.preference.loss = (config["loss_type"]?.string).flatMap(LossKind.init(rawValue:)) ?? .dapo
    let epsilon = config["epsilon"]?.double ?? 0.2
    let loss = GroupLoss(
      epsilonLow: epsilon, epsilonHigh: config["epsilon_high"]?.double ?? epsilon, beta: training.preference.beta ?? 0,
      correctsBias: config["use_bias_correction_kl"]?.bool ?? true)

    let model = try LanguageModel.load(Fixtures.path("trl/base"), on: ThreadTeam(count: 2))
    let gradients = try ParameterStore(model.layout)
    let batch = WholeSequences.microBatch(
      answers.map { answer in
        let all = answer.prompt + answer.tokens
        return Sample(
          tokens: Array(all.dropLast()),
          targets: all.indices.dropFirst().map { $0 < answer.prompt.count ? MicroBatch.ignored : all[$0] })
      })
    let pass = try ModelPass(
      model, rows: batch.rows, length: batch.length, purpose: .training, temperature: config["temperature"]?.double ?? 1)
    var tally = GroupTally(Rollout(generation: 0, answers: answers), training)
    try pass.accumulate(batch, into: gradients, auxiliaryShare: 1) { scores in
      var weights = [Float](repeating: 0, count: scores.batch * scores.length)
      for row in 0..<scores.batch {
        let number = scores.first + row
        if expected["old"] == nil {
          let start = row * scores.length + prompt.count - 1
          answers[number].old = Array(scores.logProbabilities[start..<start + answers[number].tokens.count])
        }
        tally.judge(answers[number], number, scores, row, loss, into: &weights)
      }
      return weights
    }
    let norm = gradients.norm(on: model.team), expectedNorm = try #require(expected["grad_norm"]?.double)
    #expect(abs(tally.loss - (try #require(expected["loss"]?.double))) < 1e-5)
    #expect(abs(norm - expectedNorm) < 1e-3 * expectedNorm, "\(norm), not \(expectedNorm)")
    var measures = Measures()
    tally.note(&measures)
    let metrics = try #require(expected["metrics"]?.object)
    #expect(Set(measures.means.keys) == Set(metrics.keys))
    for member in metrics.members {
      let wanted = try #require(member.node.double), value = try #require(measures[member.key])
      #expect(abs(value - wanted) < 1e-4 * max(1, abs(wanted)), "\(member.key): \(value), not \(wanted)")
    }
  }

  @Test func answers_that_are_cut_off_can_count_for_nothing() throws {
    var training = TrainingSection(method: .grpo)
    training.batchSize = 2
    training.group.masksTruncated = true
    let answers = [true, false].map { Rollout.Answer(prompt: [1], tokens: [2, 3], hasEnded: $0, advantage: 1, old: [-1, -1]) }
    var tally = GroupTally(Rollout(generation: 0, answers: answers), training)
    let model = try LanguageModel.load(Fixtures.path("trl/base"), on: ThreadTeam(count: 1))
    let pass = try ModelPass(model, rows: 4, length: 2, purpose: .scoring)
    let batch = MicroBatch(batch: 2, length: 2, tokens: [1, 2, 1, 2], targets: [2, 3, 2, 3])
    var weights = [Float](repeating: 0, count: 4)
    try pass.score(batch) { scores in
      for row in 0..<2 {
        tally.judge(
          answers[row], row, scores, row, GroupLoss(epsilonLow: 0.2, epsilonHigh: 0.2, beta: 0, correctsBias: true), into: &weights)
      }
    }
    #expect(weights[2] == 0 && weights[3] == 0)
  }
}
