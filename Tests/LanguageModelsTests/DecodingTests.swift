import Glibc
import Kernels
import LanguageModels
import Testing

struct DecodingTests {
  private func full(_ model: LanguageModel, _ tokens: [Int32]) throws -> [Float] {
    let pass = try ModelPass(model, rows: tokens.count, length: tokens.count, purpose: .scoring)
    return try pass.logits(MicroBatch(batch: 1, length: tokens.count, tokens: tokens, labels: tokens)).suffix(61)
  }

  @Test(arguments: TinyModel.allCases)
  func sequences_of_different_lengths_together_give_what_each_gives_alone(_ tiny: TinyModel) throws {
    let model = try tiny.model(), prompts = [tokens(3, "a"), tokens(11, "b"), tokens(1, "c")]
    let session = try DecodingSession(model, batch: 3, capacity: 40)
    var sequences = prompts
    var logits = try session.prefill(prompts)
    for index in 0..<6 {
      for (row, sequence) in sequences.enumerated() {
        #expect(distance(logits[row * 61..<(row + 1) * 61], try full(model, sequence)) < 1e-4, "step \(index), row \(row)")
      }
      let next = session.sample(logits, .greedy, index: index)
      for row in 0..<3 { sequences[row].append(next[row]) }
      logits = try session.step(next)
    }
    #expect(session.lengths == [9, 17, 7])
  }

  @Test func a_session_starts_anew_with_each_prefill() throws {
    let model = try TinyModel.gpt2.model(), session = try DecodingSession(model, batch: 1, capacity: 20)
    let first = try session.prefill([tokens(5)])
    _ = try session.step([1])
    #expect(try session.prefill([tokens(5)]) == first)
  }

  @Test func a_prompt_longer_than_a_block_is_read_in_blocks() throws {
    let text = """
      {"model_type": "llama", "vocab_size": 61, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2,
       "num_attention_heads": 2, "initializer_range": 0.3}
      """
    let model = try LanguageModel(ModelConfiguration(parsing: Array(text.utf8)), seed: 1, on: ThreadTeam(count: 2))
    let session = try DecodingSession(model, batch: 2, capacity: 600), prompts = [tokens(590, "long"), tokens(300, "short")]
    let logits = try session.prefill(prompts)
    for row in 0..<2 { #expect(distance(logits[row * 61..<(row + 1) * 61], try full(model, prompts[row])) < 1e-4) }
  }

  @Test func what_does_not_fit_a_session_is_refused() throws {
    let model = try TinyModel.gpt2.model(), session = try DecodingSession(model, batch: 1, capacity: 4)
    #expect(
      message { _ = try DecodingSession(model, batch: 1, capacity: 97) }
        == "A sequence of 97 tokens does not fit: the model has 96 positions. Use a shorter prompt or fewer new tokens.")
    #expect(message { _ = try session.prefill([[]]) } == "A session of 1 sequences wants 1 prompts, none of them empty.")
    #expect(
      message { _ = try session.prefill([[61]]) }
        == "Token 61 is outside the vocabulary of 61. The tokenizer does not belong to this model.")
    _ = try session.prefill([[1, 2, 3, 4]])
    #expect(message { _ = try session.step([1]) } == "The sequence is full: 4 of 4 tokens. Ask for fewer new tokens.")
    #expect(message { _ = try session.step([1, 2]) } == "A session of 1 sequences wants 1 tokens a step, not 2.")
  }
}

struct GenerationTests {
  @Test(arguments: [TinyModel.llamaTied, .qwen2, .dogeWindow, .gpt2])
  func generation_continues_each_prompt_until_an_end_token_or_the_limit(_ tiny: TinyModel) throws {
    let model = try tiny.model(), prompts = [tokens(4, "a"), tokens(9, "b")]
    let session = try DecodingSession(model, batch: 2, capacity: 30), sampler = Sampler(temperature: 1, seed: 8)
    let free = try session.generate(prompts, newTokens: 20, sampler: sampler, stoppingAt: [])
    #expect(free.allSatisfy { $0.count == 20 })
    // What a sequence is given depends on itself alone: the same tokens up to its own end, whatever the other does.
    let end = Int(free[0][6])
    let ended = try session.generate(prompts, newTokens: 20, sampler: sampler, stoppingAt: [end])
    for (before, after) in zip(free, ended) {
      let first = before.firstIndex(of: Int32(end)) ?? before.count
      #expect(after == Array(before[..<first]))
    }
    var steps = 0
    let stopped = try session.generate(prompts, newTokens: 20, sampler: sampler, stoppingAt: []) { tokens in
      #expect(tokens == free.map { $0[steps] })
      steps += 1
      return steps < 3
    }
    #expect(stopped.map(\.count) == [3, 3] && steps == 3)
    #expect(try session.generate(prompts, newTokens: 0, sampler: sampler, stoppingAt: []) == [[], []])
  }

  @Test func a_generation_that_does_not_fit_is_refused_before_it_starts() throws {
    let session = try DecodingSession(TinyModel.gpt2.model(), batch: 1, capacity: 10)
    #expect(
      message { _ = try session.generate([tokens(5)], newTokens: 6, sampler: .greedy, stoppingAt: []) }
        == "A prompt of 5 tokens and 6 new ones do not fit a session of 10. Ask for fewer new tokens.")
    #expect(try session.generate([tokens(5)], newTokens: 5, sampler: .greedy, stoppingAt: [])[0].count == 5)
  }
}

struct SamplerTests {
  private let logits: [Float] = [0, 2, 1, 2, -1]

  private func draw(_ sampler: Sampler, _ count: Int = 20_000) -> [Double] {
    var counts = [Double](repeating: 0, count: logits.count)
    logits.withUnsafeBufferPointer { logits in
      for index in 0..<count { counts[Int(sampler.sample(logits, sequence: 0, index: index))] += 1 / Double(count) }
    }
    return counts
  }

  private func softmax(_ temperature: Double, keeping kept: Set<Int> = [0, 1, 2, 3, 4]) -> [Double] {
    let weights = logits.enumerated().map { kept.contains($0.offset) ? exp(Double($0.element) / temperature) : 0 }
    return weights.map { $0 / weights.reduce(0, +) }
  }

  @Test func temperature_0_takes_the_first_of_the_greatest() {
    #expect(draw(.greedy, 8) == [0, 1, 0, 0, 0])
  }

  @Test(arguments: [0.5, 1, 2])
  func draws_follow_the_softmax_at_a_temperature(_ temperature: Double) {
    let expected = softmax(temperature), drawn = draw(Sampler(temperature: temperature, seed: 4))
    #expect(zip(expected, drawn).allSatisfy { abs($0 - $1) < 0.012 })
  }

  @Test func top_k_and_top_p_leave_the_most_likely_and_keep_their_proportions() {
    func expect(_ sampler: Sampler, keeping kept: Set<Int>, sourceLocation: SourceLocation = #_sourceLocation) {
      let expected = softmax(sampler.temperature, keeping: kept), drawn = draw(sampler)
      #expect(zip(expected, drawn).allSatisfy { abs($0 - $1) < 0.012 }, sourceLocation: sourceLocation)
      #expect(drawn.indices.allSatisfy { (drawn[$0] > 0) == kept.contains($0) }, sourceLocation: sourceLocation)
    }
    expect(Sampler(topK: 1), keeping: [1])
    expect(Sampler(topK: 3), keeping: [1, 2, 3])
    expect(Sampler(topK: 2), keeping: [1, 3])
    expect(Sampler(topK: 4), keeping: [0, 1, 2, 3])
    expect(Sampler(topK: 99), keeping: [0, 1, 2, 3, 4])
    // Probabilities 0.39, 0.39, 0.14, 0.05, 0.02: two reach 0.7, three 0.8, one 0.1.
    expect(Sampler(topP: 0.1), keeping: [1])
    expect(Sampler(topP: 0.7), keeping: [1, 3])
    expect(Sampler(topP: 0.8), keeping: [1, 2, 3])
    // After top-k 3 they are 0.42, 0.42, 0.16: two reach 0.8.
    expect(Sampler(topK: 3, topP: 0.8), keeping: [1, 3])
  }

  @Test func a_seed_a_sequence_and_an_index_give_one_token() {
    logits.withUnsafeBufferPointer { logits in
      func run(_ seed: UInt64, _ sequence: Int) -> [Int32] {
        (0..<50).map { Sampler(seed: seed).sample(logits, sequence: sequence, index: $0) }
      }
      #expect(run(1, 0) == run(1, 0))
      #expect(run(1, 0) != run(2, 0) && run(1, 0) != run(1, 1))
    }
  }
}
