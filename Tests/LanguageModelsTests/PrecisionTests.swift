import Kernels
import LanguageModels
import Testing

/// Products in bf16, activations made again, batches in pieces: what each may change of a step's result, and what not.
struct PrecisionTests {
  private func step(
    _ model: LanguageModel, _ batch: MicroBatch, recomputing: Bool = false, dropout: Dropout.Key? = nil
  ) throws -> (sum: LossSum, gradients: [Float]) {
    let gradients = try ParameterStore(model.layout)
    let pass = try ModelPass(model, rows: batch.rows, length: batch.length, purpose: .training, recomputing: recomputing)
    let sum = try pass.accumulate(batch, into: gradients, gradientScale: 1 / Float(batch.targetCount), dropout: dropout)
    return (sum, (0..<gradients.count).map { gradients.base[$0] })
  }

  private func norm(_ values: some Sequence<Float>) -> Float { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  @Test(arguments: TinyModel.allCases)
  func bf16_is_within_its_rounding_of_f32(_ tiny: TinyModel) throws {
    let batch = batch(4, 32), exact = try step(tiny.model(), batch)
    let model = try tiny.model()
    model.precision = .bfloat16
    let near = try step(model, batch)
    #expect(abs(near.sum.loss - exact.sum.loss) < 0.01 * exact.sum.loss)
    // An operand is off by 2⁻⁹ of itself at most; two layers of weights five times the usual let it grow.
    let difference = zip(near.gradients, exact.gradients).map { $0 - $1 }
    #expect(norm(difference) < 0.05 * norm(exact.gradients) && norm(difference) > 0)
    let again = try step(model, batch)
    #expect(again.gradients.map(\.bitPattern) == near.gradients.map(\.bitPattern) && again.sum == near.sum)
  }

  /// The kernels that round drop, add biases and residuals elsewhere than those in f32, but the same of them.
  @Test(arguments: [TinyModel.gpt2, .gpt2Untied, .llamaBiases, .doge, .dogeBiases])
  func bf16_under_dropout_is_within_its_rounding_of_f32(_ tiny: TinyModel) throws {
    let batch = batch(4, 32), key = Dropout.Key(seed: 3, step: 5), model = try tiny.model()
    let exact = try step(tiny.model(), batch, dropout: key)
    model.precision = .bfloat16
    let near = try step(model, batch, dropout: key)
    #expect(abs(near.sum.loss - exact.sum.loss) < 0.01 * exact.sum.loss)
    #expect(norm(zip(near.gradients, exact.gradients).map { $0 - $1 }) < 0.05 * norm(exact.gradients))
    // Tensor by tensor, so that no small one is lost beside the great: a bias whose gradient is summed twice, or never.
    for tensor in model.layout.tensors {
      let range = tensor.offset..<tensor.offset + tensor.count, own = norm(exact.gradients[range])
      let difference = norm(zip(near.gradients[range], exact.gradients[range]).map { $0 - $1 })
      #expect(difference < 0.15 * own + 0.002 * norm(exact.gradients), "\(tensor.name)")
    }
  }

  @Test(arguments: TinyModel.allCases)
  func activations_made_again_give_the_same_bits(_ tiny: TinyModel) throws {
    let batch = batch(3, 21), key = Dropout.Key(seed: 1, step: 2)
    let kept = try step(tiny.model(), batch, dropout: key), again = try step(tiny.model(), batch, recomputing: true, dropout: key)
    #expect(kept.gradients.map(\.bitPattern) == again.gradients.map(\.bitPattern) && kept.sum == again.sum)
  }

  @Test(arguments: [TinyModel.llama, .gpt2])
  func a_great_batch_goes_in_pieces_and_gives_the_gradient_of_the_whole(_ tiny: TinyModel) throws {
    // 90 sequences of 64 tokens are pieces of 16, the last of 10.
    let model = try tiny.model(), whole = batch(90, 64), together = try step(model, whole)
    let gradients = try ParameterStore(model.layout)
    let pass = try ModelPass(model, rows: 64, length: 64, purpose: .training)
    var sum = LossSum()
    for row in 0..<90 {
      let tokens = Array(whole.tokens[row * 64..<(row + 1) * 64])
      let single = MicroBatch(batch: 1, length: 64, tokens: tokens, labels: tokens)
      sum += try pass.accumulate(single, into: gradients, gradientScale: 1 / Float(whole.targetCount))
    }
    #expect(sum.targets == together.sum.targets && sum.hits == together.sum.hits && abs(sum.loss - together.sum.loss) < 1e-4 * sum.loss)
    let difference = zip(together.gradients, (0..<gradients.count).map { gradients.base[$0] }).map { $0 - $1 }
    #expect(norm(difference) < 1e-5 * norm(together.gradients))
    let scoring = try ModelPass(model, rows: whole.rows, length: 64, purpose: .scoring)
    let logits = try scoring.logits(whole), logProbabilities = try scoring.logProbabilities(whole)
    #expect(logits.count == whole.rows * 61 && logProbabilities.count == whole.rows)
    #expect(abs(Double(-logProbabilities.reduce(0, +)) - together.sum.loss) < 1e-3 * together.sum.loss)
  }

  @Test func pieces_have_dropout_decisions_of_their_own() {
    let key = Dropout.Key(seed: 5, step: 9)
    #expect(key.piece(0) == key && key.piece(1) != key && key.piece(1) != key.piece(2) && key.piece(1).step == 9)
  }

  /// Models of a usual size for tests, new, on text that can be learned: counting with a stride.
  @Test(arguments: [TinyModel.llama, .gpt2])
  func the_loss_of_200_steps_in_bf16_is_within_one_percent_of_that_in_f32(_ tiny: TinyModel) throws {
    func losses(_ precision: Precision) throws -> [Double] {
      let model = try LanguageModel(tiny.configuration, seed: 3, on: ThreadTeam(count: 2))
      model.precision = precision
      let gradients = try ParameterStore(model.layout), first = try ParameterStore(model.layout), second = try ParameterStore(model.layout)
      let pass = try ModelPass(model, rows: 128, length: 16, purpose: .training)
      return try (0..<200).map { step in
        // A third of the tokens is noise, so that the loss stays away from 0, where a percent would mean nothing.
        var tokens = tokens(128, "noise \(step)")
        for index in tokens.indices where index % 16 % 3 != 2 { tokens[index] = Int32((step * 7 + index / 16 * 5 + index % 16 * 3) % 61) }
        let batch = MicroBatch(batch: 8, length: 16, tokens: tokens, labels: tokens)
        let sum = try pass.accumulate(batch, into: gradients, gradientScale: 1 / Float(batch.targetCount))
        model.parameters.update(
          AdamW(), gradients: gradients, firstMoment: first, secondMoment: second, step: step + 1, learningRate: 3e-3,
          gradientScale: GradientNorm.clippingFactor(norm: gradients.norm(on: model.team), maximum: 1), on: model.team)
        return try #require(sum.meanLoss)
      }
    }
    let exact = try losses(.float32), near = try losses(.bfloat16)
    #expect(exact[199] < 0.8 * exact[0] && near != exact)
    for (step, (near, exact)) in zip(near, exact).enumerated() { #expect(abs(near - exact) < 0.01 * exact, "step \(step + 1)") }
  }
}
