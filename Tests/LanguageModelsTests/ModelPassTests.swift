import Kernels
import LanguageModels
import Testing

struct ModelPassTests {
  /// Gradients of the mean loss over all micro-batches, and the summed losses.
  private func gradients(
    _ model: LanguageModel, _ batches: [MicroBatch], dropout: Dropout.Key? = nil
  ) throws -> (sum: LossSum, values: [Float]) {
    let gradients = try ParameterStore(model.layout)
    let rows = batches.map(\.rows).max() ?? 0, length = batches.map(\.length).max() ?? 0
    let pass = try ModelPass(model, rows: rows, length: length, purpose: .training)
    let targets = batches.reduce(0) { $0 + $1.targetCount }
    var sum = LossSum()
    for batch in batches { sum += try pass.accumulate(batch, into: gradients, gradientScale: 1 / Float(targets), dropout: dropout) }
    return (sum, (0..<gradients.count).map { gradients.base[$0] })
  }

  private func norm(_ values: [Float]) -> Float { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// Which keys Doge's window keeps has no slope: a step that changes it jumps.
  @Test(arguments: TinyModel.allCases.filter { $0 != .dogeWindow })
  func the_gradient_is_the_slope_of_the_loss(_ tiny: TinyModel) throws {
    let model = try tiny.model(), batch = batch(2, 13), (_, gradient) = try gradients(model, [batch])
    let pass = try ModelPass(model, rows: batch.rows, length: batch.length, purpose: .scoring)
    // Along each tensor's own gradient, so that f32 losses tell a slope and no tensor hides behind another.
    for tensor in model.layout.tensors {
      let range = tensor.offset..<tensor.offset + tensor.count, size = norm(Array(gradient[range]))
      // Softmax is blind to the biases of keys: what gradient they have is rounding.
      if size < 1e-5 { continue }
      let step = 0.01 / size
      func loss(_ steps: Float) throws -> Double {
        for index in range { model.parameters.base[index] += steps * step * gradient[index] }
        defer { for index in range { model.parameters.base[index] -= steps * step * gradient[index] } }
        return try #require(pass.evaluate(batch).meanObjective)
      }
      // Central differences of the fourth order; an f32 loss is good to some 1e-6.
      let slope = (8 * (try loss(1) - loss(-1)) - (try loss(2) - loss(-2))) / Double(12 * step), expected = Double(size * size)
      #expect(abs(slope - expected) < 0.01 * expected + 3e-4 * Double(size), "\(tensor.name)")
    }
  }

  @Test(arguments: TinyModel.allCases)
  func accumulated_rows_give_the_gradient_of_the_whole_batch(_ tiny: TinyModel) throws {
    let model = try tiny.model(), whole = batch(6, 10)
    let rows = (0..<6).map { row in
      let tokens = Array(whole.tokens[row * 10..<(row + 1) * 10])
      return MicroBatch(batch: 1, length: 10, tokens: tokens, labels: tokens)
    }
    let (sum, together) = try gradients(model, [whole]), (parts, apart) = try gradients(model, rows)
    #expect(sum.targets == parts.targets && sum.hits == parts.hits && abs(sum.loss - parts.loss) < 1e-4)
    #expect(distance(together, apart) < 1e-5 * norm(together))
  }

  @Test(arguments: TinyModel.allCases)
  func the_same_pass_gives_the_same_bits_and_one_thread_nearly_those_of_many(_ tiny: TinyModel) throws {
    let batch = batch(3, 21), key = Dropout.Key(seed: 1, step: 2)
    let first = try gradients(tiny.model(threads: 2), [batch], dropout: key)
    let second = try gradients(tiny.model(threads: 2), [batch], dropout: key)
    #expect(first.values.map(\.bitPattern) == second.values.map(\.bitPattern) && first.sum == second.sum)
    let single = try gradients(tiny.model(threads: 1), [batch], dropout: key)
    #expect(distance(first.values, single.values) < 1e-5 * norm(first.values))
  }

  @Test(arguments: [TinyModel.llama, .llamaBiases, .mistral, .qwen2, .qwen3, .dogeWindow, .dogeBiases, .dogeMixture, .gpt2])
  func packed_documents_give_what_they_give_alone(_ tiny: TinyModel) throws {
    let model = try tiny.model(), lengths = [7, 1, 20, 12], tokens = tokens(40)
    let segments = lengths.enumerated().flatMap { [Int32](repeating: Int32($0), count: $1) }
    let packed = MicroBatch(batch: 1, length: 40, tokens: tokens, labels: tokens, segments: segments)
    var start = 0
    let alone = lengths.map { length in
      defer { start += length }
      let document = Array(tokens[start..<start + length])
      return MicroBatch(batch: 1, length: length, tokens: document, labels: document)
    }
    #expect(packed.targetCount == 40 - lengths.count)
    let (sum, together) = try gradients(model, [packed]), (parts, apart) = try gradients(model, alone)
    #expect(sum.targets == parts.targets && sum.hits == parts.hits && abs(sum.loss - parts.loss) < 1e-4)
    #expect(distance(together, apart) < 1e-5 * norm(together))
  }

  @Test(arguments: [TinyModel.llama, .mistral, .qwen2, .qwen3, .dogeWindow, .dogeMixture, .gpt2])
  func left_padding_with_shifted_positions_and_right_padding_change_nothing(_ tiny: TinyModel) throws {
    let model = try tiny.model(), tokens = tokens(9), ignored = [Int32](repeating: MicroBatch.ignored, count: 5)
    let padding = [Int32](repeating: 2, count: 5)
    let alone = try gradients(model, [MicroBatch(batch: 1, length: 9, tokens: tokens, labels: tokens)])
    let left = try gradients(
      model,
      [
        MicroBatch(
          batch: 1, length: 14, tokens: padding + tokens, labels: ignored + [MicroBatch.ignored] + tokens.dropFirst(), leftPadding: [5],
          positions: [0, 0, 0, 0, 0] + (0..<9).map { Int32($0) })
      ])
    let right = try gradients(model, [MicroBatch(batch: 1, length: 14, tokens: tokens + padding, labels: tokens + ignored)])
    for padded in [left, right] {
      #expect(abs(padded.sum.loss - alone.sum.loss) < 1e-4 && padded.sum.targets == alone.sum.targets)
      #expect(distance(padded.values, alone.values) < 1e-5 * norm(alone.values))
    }
  }

  @Test func weights_multiply_each_positions_loss_and_gradient() throws {
    let model = try TinyModel.llama.model(), plain = batch(1, 8)
    let weighted = MicroBatch(
      batch: 1, length: 8, tokens: plain.tokens, targets: plain.targets, weights: [Float](repeating: 0.5, count: 8))
    let (sum, values) = try gradients(model, [plain]), (half, halves) = try gradients(model, [weighted])
    #expect(abs(half.loss - sum.loss / 2) < 1e-5 && half.hits == sum.hits)
    #expect(distance(halves, values.map { $0 / 2 }) < 1e-6 * norm(values))
  }

  @Test(arguments: [TinyModel.gpt2, .llamaBiases, .dogeBiases])
  func dropout_changes_training_with_its_step_and_leaves_evaluation_alone(_ tiny: TinyModel) throws {
    let model = try tiny.model(), batch = batch(2, 12)
    let without = try gradients(model, [batch]).sum.loss
    let one = try gradients(model, [batch], dropout: Dropout.Key(seed: 1, step: 1)).sum.loss
    let two = try gradients(model, [batch], dropout: Dropout.Key(seed: 1, step: 2)).sum.loss
    #expect(one != without && two != without && one != two)
    let pass = try ModelPass(model, rows: batch.rows, length: batch.length, purpose: .training)
    #expect(try pass.evaluate(batch).loss == without)
  }

  @Test(arguments: [TinyModel.gpt2, .dogeBiases])
  func the_gradient_under_dropout_is_the_slope_of_the_loss_with_that_mask(_ tiny: TinyModel) throws {
    let model = try tiny.model(), batch = batch(2, 12), key = Dropout.Key(seed: 4, step: 7)
    let (_, gradient) = try gradients(model, [batch], dropout: key), size = norm(gradient)
    let step = 0.01 / size
    func loss(_ sign: Float) throws -> Double {
      for index in gradient.indices { model.parameters.base[index] += sign * step * gradient[index] }
      defer { for index in gradient.indices { model.parameters.base[index] -= sign * step * gradient[index] } }
      return try #require(gradients(model, [batch], dropout: key).sum.meanLoss)
    }
    let slope = (try loss(1) - loss(-1)) / Double(2 * step)
    #expect(abs(slope / Double(size * size) - 1) < 0.02)
  }

  @Test func dynamic_rotary_positions_beyond_the_maximum_are_those_of_the_longest_sequence() throws {
    let text = """
      {"model_type": "llama", "vocab_size": 61, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1,
       "num_attention_heads": 2, "max_position_embeddings": 8, "rope_scaling": {"type": "dynamic", "factor": 2.0},
       "initializer_range": 0.3}
      """
    let model = try LanguageModel(ModelConfiguration(parsing: Array(text.utf8)), seed: 1, on: ThreadTeam(count: 2))
    func logits(_ pass: ModelPass, _ length: Int) throws -> [Float] { try pass.logits(batch(1, length)) }
    let pass = try ModelPass(model, rows: 20, length: 20, purpose: .scoring)
    let (short, long) = (try logits(pass, 6), try logits(pass, 20))
    #expect(distance(long[..<(6 * 61)], short) > 1e-4)  // the longer sequence turns all its positions more slowly
    #expect(try logits(pass, 6) == short)
    #expect(try logits(ModelPass(model, rows: 20, length: 20, purpose: .scoring), 20) == long)
  }

  @Test func training_learns_a_sequence_by_heart() throws {
    for tiny in [TinyModel.llamaTied, .qwen3, .doge, .dogeMixture, .gpt2] {
      let model = try LanguageModel(tiny.configuration, seed: 3, on: ThreadTeam(count: 2)), batch = batch(2, 16)
      let gradients = try ParameterStore(model.layout), first = try ParameterStore(model.layout), second = try ParameterStore(model.layout)
      let pass = try ModelPass(model, rows: batch.rows, length: batch.length, purpose: .training)
      var sum = LossSum()
      for step in 1...150 {
        sum = try pass.accumulate(batch, into: gradients, gradientScale: 1 / Float(batch.targetCount))
        model.parameters.update(
          AdamW(), gradients: gradients, firstMoment: first, secondMoment: second, step: step, learningRate: 1e-2, on: model.team)
      }
      #expect(sum.accuracy == 1 && (sum.meanLoss ?? 9) < 0.05)
    }
  }

  @Test(arguments: [TinyModel.llama, .gpt2])
  func a_weight_that_is_no_number_makes_loss_and_gradient_norm_no_numbers(_ tiny: TinyModel) throws {
    let model = try tiny.model(), batch = batch(1, 5), gradients = try ParameterStore(model.layout)
    let tensor = try #require(model.layout.tensors.first { $0.name.contains("layers.1.mlp.up") || $0.name.contains("h.1.mlp.c_fc.weight") })
    model.parameters.base[tensor.offset + 3] = .nan
    let pass = try ModelPass(model, rows: 5, length: 5, purpose: .training)
    let sum = try pass.accumulate(batch, into: gradients, gradientScale: 1)
    #expect(sum.loss.isNaN && gradients.norm(on: model.team).isNaN)
  }

  @Test func what_the_model_cannot_take_is_refused_with_row_and_position() throws {
    let model = try TinyModel.gpt2.model(), pass = try ModelPass(model, rows: 8, length: 4, purpose: .scoring)
    func refusal(_ batch: MicroBatch) -> String { message { _ = try pass.evaluate(batch) } }
    func made(_ tokens: [Int32], _ targets: [Int32]? = nil) -> MicroBatch {
      MicroBatch(batch: 2, length: 4, tokens: tokens, targets: targets ?? [Int32](repeating: 0, count: 8))
    }
    #expect(
      refusal(made([0, 0, 0, 0, 0, 0, 61, 0]))
        == "Token 61 at row 1, position 2 is outside the vocabulary of 61. The tokenizer does not belong to this model.")
    #expect(refusal(made([0, 0, -1, 0, 0, 0, 0, 0])).hasPrefix("Token -1 at row 0, position 2 is outside"))
    #expect(
      refusal(made([Int32](repeating: 0, count: 8), [0, 0, 0, 0, -5, 0, 0, 0]))
        == "Target -5 at row 1, position 0 is neither in the vocabulary of 61 nor -100.")
    #expect(refusal(made([0, 0])) == "tokens has 2 elements; 2 rows of 4 make 8.")
    #expect(refusal(MicroBatch(batch: 0, length: 4, tokens: [], targets: [])) == "A micro-batch of 0×4 tokens is empty.")
    #expect(
      refusal(batch(3, 4)) == "A micro-batch of 3×4 tokens does not fit a pass made for 8 rows of at most 4.")
    #expect(
      refusal(batch(1, 97)) == "The sequence reaches position 96; the model has positions 0 to 95. Use a shorter sequence length.")
    #expect(
      refusal(MicroBatch(batch: 1, length: 2, tokens: [0, 0], targets: [0, 0], leftPadding: [3]))
        == "leftPadding is [3]; it must hold 1 numbers from 0 to 2.")
    #expect(
      refusal(MicroBatch(batch: 1, length: 2, tokens: [0, 0], targets: [0, 0], positions: [0, -1])).hasPrefix("The sequence reaches"))
  }

  @Test func the_plan_of_a_pass_is_what_its_arenas_take() throws {
    let configuration = try ModelConfiguration(parsing: Array(#"{"model_type": "gpt2"}"#.utf8)), team = ThreadTeam(count: 2)
    let training = ModelPass.byteCount(configuration, rows: 2048, length: 512, purpose: .training, on: team)
    let scoring = ModelPass.byteCount(configuration, rows: 2048, length: 512, purpose: .scoring, on: team)
    // 12 layers keep 7,680 floats a row (x, middle, 3 q k v, attended, 4 inner), about 189 MB of GPT-2 in a piece of 512 rows.
    #expect(training > 188_000_000 && training < 350_000_000 && scoring < 110_000_000)
    let more = ModelPass.byteCount(configuration, rows: 4096, length: 512, purpose: .training, on: team)
    #expect(more == training, "a greater batch goes in pieces")
    func bytes(threads: Int) -> Int {
      ModelPass.byteCount(configuration, rows: 16_384, length: 512, purpose: .training, on: ThreadTeam(count: threads))
    }
    #expect(bytes(threads: 2) == training && bytes(threads: 15) < bytes(threads: 16) && bytes(threads: 64) > 4 * bytes(threads: 15))
    func rounded(rows: Int) -> Int {
      ModelPass.byteCount(configuration, rows: rows, length: 512, purpose: .training, precision: .bfloat16, on: team)
    }
    let recomputed = ModelPass.byteCount(configuration, rows: 2048, length: 512, purpose: .training, recomputing: true, on: team)
    // q k v, attended and inner in bf16 save 12 KB a row and layer, less one layer's buffers.
    #expect(rounded(rows: 512) < training - 40_000_000 && recomputed < training - 125_000_000)
    // Weights that are rounded for each piece are rounded half as often in pieces of 1,024 rows.
    let isRoundedOften = !BFloat16Products.keepsCopies(parameters: configuration.decoder.layout.parameterCount)
    #expect((rounded(rows: 2048) > rounded(rows: 512)) == isRoundedOften && rounded(rows: 4096) == rounded(rows: 2048))
    let longer = ModelPass.byteCount(configuration, rows: 8192, length: 8192, purpose: .training, recomputing: true, on: team)
    #expect(longer < 16 * recomputed, "linear in the length of a sequence, which is 16 times a piece's rows")
  }
}
