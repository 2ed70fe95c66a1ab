import Kernels
import LanguageModels
import StrictJSON
import Testing

/// Gradients and six steps of AdamW against torch: 1e-4, relative for gradients.
struct GoldenTrainingTests {
  @Test(arguments: Golden.names)
  func gradients_of_the_first_step_are_those_of_torch(_ name: String) throws {
    let golden = try Golden(name), model = try golden.model(), batch = try golden.batch()
    let gradients = try ParameterStore(model.layout)
    let pass = try ModelPass(model, rows: batch.rows, length: batch.length, purpose: .training)
    _ = try pass.accumulate(batch, into: gradients, gradientScale: 1 / Float(batch.targetCount))
    let expected = try #require(golden.training["step1_grads"]?.object)
    #expect(Set(expected.keys) == Set(model.layout.tensors.map(\.name)))
    for member in expected.members {
      let gradient = try #require(gradients[member.key])
      let norm = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let expectedNorm = try #require(member.node["norm"]?.double)
      #expect(abs(norm - expectedNorm) <= 1e-4 * expectedNorm + 1e-7, "\(member.key)")
      let first = try #require(member.node["first4"]?.array).map { try #require($0.double) }
      let scale = max(first.map(abs).max() ?? 0, expectedNorm / Double(gradient.count).squareRoot())
      #expect(distance(gradient.prefix(4), first) <= 1e-4 * scale, "\(member.key)")
    }
  }

  @Test(arguments: Golden.names)
  func six_steps_of_adamw_give_the_losses_and_gradient_norms_of_torch(_ name: String) throws {
    let golden = try Golden(name), model = try golden.model(), batch = try golden.batch(), team = model.team
    let gradients = try ParameterStore(model.layout), first = try ParameterStore(model.layout), second = try ParameterStore(model.layout)
    let pass = try ModelPass(model, rows: batch.rows, length: batch.length, purpose: .training)
    let optimiser = AdamW(beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1)
    let steps = try #require(golden.training["steps"]?.array)
    #expect(steps.count == 6)
    for (index, step) in steps.enumerated() {
      let sum = try pass.accumulate(batch, into: gradients, gradientScale: 1 / Float(batch.targetCount))
      let norm = gradients.norm(on: team)
      let expectedNorm = try #require(step["grad_norm_before_clip"]?.double)
      #expect(abs(try #require(sum.meanObjective) - (try #require(step["loss"]?.double))) < 1e-4, "step \(index + 1)")
      #expect(abs(norm - expectedNorm) < 1e-4 * max(1, expectedNorm), "step \(index + 1)")
      model.parameters.update(
        optimiser, gradients: gradients, firstMoment: first, secondMoment: second, step: index + 1, learningRate: 1e-2,
        gradientScale: GradientNorm.clippingFactor(norm: norm, maximum: 1), on: team)
    }
    #expect(gradients.norm(on: team) == 0)
  }

  @Test(arguments: Golden.names)
  func weight_decay_spares_the_tensors_that_the_trainer_of_transformers_spares(_ name: String) throws {
    let golden = try Golden(name), model = try golden.model()
    let spared = try #require(golden.training["no_weight_decay_params"]?.array).map { try #require($0.string) }
    #expect(Set(model.layout.tensors.filter { !$0.decays }.map(\.name)) == Set(spared))
  }
}
