import Kernels
import LanguageModels
import TestSupport
import Testing
import Tokenizers

@testable import Training

/// Text that goes on from a prompt, within the model's positions and beyond them.
struct TextGenerationTests {
  private let tokenizer: Tokenizer
  private let model: LanguageModel

  init() throws {
    tokenizer = try Tokenizer.bytes()
    let json = """
      {"model_type": "llama", "vocab_size": \(tokenizer.vocabularySize), "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1,
       "num_attention_heads": 2, "max_position_embeddings": 16, "bos_token_id": null, "eos_token_id": null}
      """
    model = try LanguageModel(ModelConfiguration(parsing: Array(json.utf8)), seed: 3, on: ThreadTeam(count: 1))
  }

  private func generate(_ prompt: String, tokens: Int, seed: UInt64 = 1, temperature: Double = 1) throws -> (text: String, pieces: [String])
  {
    var pieces: [String] = []
    let text = try TextGeneration(model: model, tokenizer: tokenizer).complete(
      tokenizer.encode(prompt).map(Int32.init), tokens: tokens, sampler: Sampler(temperature: temperature, topK: nil, topP: 1, seed: seed)
    ) { pieces.append($0) }
    return (text, pieces)
  }

  /// 16 positions: the fifth hundred tokens come of what was written last.
  @Test func it_goes_on_beyond_the_models_positions() throws {
    let (text, pieces) = try generate("Once upon", tokens: 100)
    #expect(pieces.joined() == text)
    #expect(try generate("Once upon", tokens: 100).text == text)
    #expect(try generate("Once upon", tokens: 100, seed: 2).text != text)
    // Some end early with an end-of-text token; bytes that are no UTF-8 are replaced, several by one at times.
    let longest = try (1...8).map { try generate("Once upon", tokens: 100, seed: $0).text.utf8.count }.max() ?? 0
    #expect(longest > 40)
  }

  @Test func what_is_written_first_does_not_depend_on_how_long_it_goes_on() throws {
    let greedy = { (tokens: Int) in try generate("Once", tokens: tokens, temperature: 0).text }
    // Up to the end of the positions the room that is made for them is the same text.
    #expect(try greedy(12).hasPrefix(greedy(4)) || greedy(4).last == "\u{FFFD}")
    #expect(try greedy(60).utf8.count >= greedy(12).utf8.count)
  }

  @Test func a_prompt_longer_than_the_positions_counts_with_its_end() throws {
    let end = "fifteen letters"
    #expect(end.utf8.count == 15)
    let long = String(repeating: "something before it, ", count: 5) + end
    #expect(try generate(long, tokens: 40).text == generate(end, tokens: 40).text)
  }

  @Test func nothing_is_asked_for_or_nothing_given() throws {
    #expect(try generate("Once", tokens: 0).text == "")
    #expect(try generate("", tokens: 10).text == "")
  }
}
