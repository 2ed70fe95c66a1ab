import Kernels
import LanguageModels
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Six steps of transformers' Adafactor and of lion-pytorch's formula: Tests/Fixtures/trl/SOURCE.md.
struct GoldenOptimizerTests {
  @Test(arguments: ["adafactor", "lion"])
  func six_steps_give_the_losses_and_weights_of_the_original(_ name: String) throws {
    let expected = try Golden.json(Fixtures.path("trl/optimizers.json")), team = ThreadTeam(count: 2)
    let model = try LanguageModel.load(Fixtures.path("trl/base"), on: team)
    let tokens = try #require(expected["tokens"]?.array).map { Int32(try #require($0.int)) }
    let batch = MicroBatch(batch: 1, length: tokens.count, tokens: tokens, labels: tokens)
    let optimizer: any Optimizer =
      name == "lion"
      ? try LionOptimizer(Lion(beta1: 0.9, beta2: 0.99, weightDecay: 0.1), for: model.layout)
      : try AdafactorOptimizer(Adafactor(weightDecay: 0.1), for: model.layout)
    let gradients = try ParameterStore(model.layout)
    let pass = try ModelPass(model, rows: batch.rows, length: batch.length, purpose: .training)
    let steps = try #require(expected[name]?["steps"]?.array)
    #expect(steps.count == 6)
    for (index, step) in steps.enumerated() {
      let sum = try pass.accumulate(batch, into: gradients, gradientScale: 1 / Float(batch.targetCount))
      let norm = gradients.norm(on: team), expectedNorm = try #require(step["grad_norm"]?.double)
      #expect(abs(try #require(sum.meanLoss) - (try #require(step["loss"]?.double))) < 2e-4, "step \(index + 1)")
      #expect(abs(norm - expectedNorm) < 1e-3 * max(1, expectedNorm), "step \(index + 1)")
      optimizer.update(
        model.parameters, gradients: gradients, step: index + 1, learningRate: name == "lion" ? 1e-3 : 1e-2,
        gradientScale: GradientNorm.clippingFactor(norm: norm, maximum: 1), on: team)
    }
    for member in try #require(expected[name]?["sums"]?.object).members {
      let values = try #require(model.parameters[member.key])
      let squares = values.reduce(0) { $0 + Double($1) * Double($1) }
      let expectedSquares = try #require(member.node.array?[1].double)
      #expect(abs(squares - expectedSquares) < 2e-3 * expectedSquares, "\(member.key)")
    }
    // Memory only where it is needed.
    let bytes = optimizer.state.reduce(0) { $0 + $1.shape.reduce(1, *) }
    #expect(name == "lion" ? bytes == model.layout.parameterCount : bytes < model.layout.parameterCount / 4)
  }
}
