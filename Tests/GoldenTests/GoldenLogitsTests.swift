import Kernels
import LanguageModels
import StrictJSON
import Testing

/// Logits and losses against transformers, 1e-4.
struct GoldenLogitsTests {
  @Test(arguments: Golden.names)
  func logits_of_a_batch_and_of_a_row_alone_are_those_of_transformers(_ name: String) throws {
    let golden = try Golden(name), model = try golden.model()
    let length = try golden.inputs[0].count, vocabulary = model.dimensions.vocabularySize
    let pass = try ModelPass(model, rows: 2 * length, length: length, purpose: .scoring)
    let both = try pass.logits(golden.batch())
    #expect(both.count == 2 * length * vocabulary)
    #expect(try distance(both[((length - 1) * vocabulary)...].prefix(8), golden.row("logits_batch_row0_pos11_first8")) < 1e-4)
    #expect(try distance(both[((2 * length - 1) * vocabulary)...].prefix(8), golden.row("logits_row1_pos11_first8")) < 1e-4)

    let alone = try pass.logits(MicroBatch(batch: 1, length: length, tokens: golden.inputs[0], labels: golden.inputs[0]))
    let expected = try golden.matrix("logits_row0_alone_all")
    #expect(expected.count == length && expected.allSatisfy { $0.count == vocabulary })
    #expect(distance(alone, expected.joined()) < 1e-4)
  }

  /// With its own scores for each token, a whole sequence gives what transformers gives token by token.
  @Test func a_router_that_splits_token_by_token_gives_what_transformers_gives_one_token_at_a_time() throws {
    let golden = try Golden("doge_moe"), model = try golden.model(changing: [("router_split", JSONNode(.string("fixed")))])
    let tokens = try golden.inputs[0], pass = try ModelPass(model, rows: tokens.count, length: tokens.count, purpose: .scoring)
    let logits = try pass.logits(MicroBatch(batch: 1, length: tokens.count, tokens: tokens, labels: tokens))
    #expect(try distance(logits, golden.matrix("fixed_router_row0_alone_all").joined()) < 1e-4)
    #expect(try distance(logits, golden.matrix("stepwise_cached_row0_all").joined()) < 1e-4)
    #expect(try distance(logits, golden.matrix("logits_row0_alone_all").joined()) > 0.1)
  }

  @Test(arguments: Golden.names)
  func losses_are_those_of_transformers(_ name: String) throws {
    let golden = try Golden(name), model = try golden.model(), length = try golden.inputs[0].count
    let pass = try ModelPass(model, rows: 2 * length, length: length, purpose: .scoring)
    let batch = try golden.batch()
    let both = try pass.evaluate(batch)
    #expect(both.targets == 2 * (length - 1))
    #expect(abs(try #require(both.meanObjective) - golden.number("loss_batch")) < 1e-4)
    let row = try pass.evaluate(MicroBatch(batch: 1, length: length, tokens: golden.inputs[0], labels: golden.inputs[0]))
    #expect(abs(try #require(row.meanObjective) - golden.number("loss_row0")) < 1e-4)

    // The sum of log-probabilities is the same loss, and the hits are where the greatest logit is the target.
    let logProbabilities = try pass.logProbabilities(batch)
    #expect(abs(-logProbabilities.reduce(0) { $0 + Double($1) } - both.loss) < 1e-3)
    let logits = try pass.logits(batch), vocabulary = model.dimensions.vocabularySize
    let hits = batch.targets.indices.count { index in
      let row = logits[index * vocabulary..<(index + 1) * vocabulary]
      return batch.targets[index] >= 0 && row.max() == row[row.startIndex + Int(batch.targets[index])]
    }
    #expect(both.hits == hits)
  }

  @Test(arguments: Golden.names)
  func decoding_token_by_token_with_a_cache_gives_the_logits_of_transformers(_ name: String) throws {
    let golden = try Golden(name), model = try golden.model(), tokens = try golden.inputs[0]
    let expected = try golden.matrix("stepwise_cached_row0_all")
    let session = try DecodingSession(model, batch: 1, capacity: tokens.count)
    for (index, token) in tokens.enumerated() {
      let logits = index == 0 ? try session.prefill([[token]]) : try session.step([token])
      #expect(distance(logits, expected[index]) < 1e-4, "position \(index)")
    }
    #expect(session.lengths == [tokens.count])
  }

  @Test(arguments: Golden.names)
  func left_padding_with_unshifted_positions_gives_the_logits_of_transformers(_ name: String) throws {
    let golden = try Golden(name), model = try golden.model(), length = try golden.inputs[0].count
    let padding = try #require(golden.expected["left_padded_mask"]?.array?[1].array).count { $0.int == 0 }
    #expect(padding == 4)
    let pass = try ModelPass(model, rows: 2 * length, length: length, purpose: .scoring)
    let logits = try pass.logits(golden.batch(leftPadding: [0, padding]))
    let last = logits[((2 * length - 1) * model.dimensions.vocabularySize)...]
    #expect(try distance(last.prefix(8), golden.row("logits_left_padded_row1_pos11_first8")) < 1e-4)
  }

  @Test(arguments: Golden.names)
  func layout_names_and_shapes_are_those_of_transformers(_ name: String) throws {
    let golden = try Golden(name), model = try golden.model()
    var expected: [String: [Int]] = [:]
    for member in try #require(golden.expected["param_names"]?.object).members {
      expected[member.key] = try #require(member.node.array).map { try #require($0.int) }
    }
    // The state dict lists a tied head beside the embedding; it is one tensor.
    if model.dimensions.tiesEmbeddings { expected["lm_head.weight"] = nil }
    #expect(Dictionary(uniqueKeysWithValues: model.layout.tensors.map { ($0.name, $0.shape) }) == expected)
  }
}
