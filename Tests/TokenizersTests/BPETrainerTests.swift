import StrictJSON
import Testing

@testable import Tokenizers

@Suite struct BPETrainerTests {
  private func merges(_ tokenizer: Tokenizer) throws -> [String] {
    try #require(JSONParser.parse(tokenizer.json)["model"]?["merges"]?.array).map { node in
      node.string ?? (node.array ?? []).compactMap(\.string).joined(separator: " ")
    }
  }

  private func vocabulary(_ tokenizer: Tokenizer) throws -> JSONNode { try #require(JSONParser.parse(tokenizer.json)["model"]?["vocab"]) }

  @Test func merges_equal_Hugging_Face_on_English() throws {
    var trainer = try BPETrainer(.init(vocabularySize: 1000))
    trainer.add(try Fixture.text("shakespeare.txt"))
    let expected = try #require(Fixture.json("training.json")["shakespeare"]?.array).compactMap(\.string)
    #expect(expected.count == 743)
    #expect(try merges(trainer.train()) == expected)
  }

  @Test func merges_equal_Hugging_Face_on_many_scripts_with_a_minimum_and_a_special_token_that_is_a_word() throws {
    var trainer = try BPETrainer(.init(vocabularySize: 600, minimumFrequency: 2, specialTokens: ["<|endoftext|>", "<|pad|>", "the"]))
    for line in try Fixture.text("scripts.txt").split(separator: "\n", omittingEmptySubsequences: false) { trainer.add(String(line)) }
    let expected = try #require(Fixture.json("training.json")["scripts"]?.array).compactMap(\.string)
    let tokenizer = try trainer.train()
    #expect(try merges(tokenizer) == expected)
    #expect(tokenizer.endOfTextID == 0 && tokenizer.paddingID == 1)
    #expect(tokenizer.vocabularySize == 259 + Set(expected.map { $0.filter { $0 != " " } }).subtracting(["the"]).count)
  }

  @Test(arguments: [("llama3", PreTokenPattern.llama3), ("qwen2", .qwen2)])
  func vocabulary_and_merges_equal_Hugging_Face_with_other_patterns(_ name: String, _ pattern: PreTokenPattern) throws {
    let expected = try Fixture.tokenizer(name)
    var trainer = try BPETrainer(.init(vocabularySize: 512, pattern: pattern))
    for file in ["shakespeare.txt", "scripts.txt"] {
      // The expected one with the pattern of Qwen 2 normalizes its texts before it counts.
      let text = try Fixture.bytes(file)
      trainer.add(String(decoding: text.withUnsafeBufferPointer { expected.normalizer?.normalized($0) } ?? text, as: UTF8.self))
    }
    let tokenizer = try trainer.train()
    #expect(try merges(tokenizer) == merges(expected))
    #expect(try vocabulary(tokenizer) == vocabulary(expected))
    for text in try Fixture.strings.get()
    where !expected.ignoresMerges && Array(text.utf8) == Array(expected.decode(expected.encode(text)).utf8) {
      #expect(tokenizer.encode(text) == expected.encode(text))
    }
  }

  @Test func chunks_cut_anywhere_count_as_the_whole_text() throws {
    let settings = BPETrainer.Settings(vocabularySize: 700)
    let text = try Fixture.bytes("scripts.txt") + Fixture.bytes("shakespeare.txt").prefix(5000)
    var whole = try BPETrainer(settings)
    text.withUnsafeBufferPointer { whole.add($0) }
    let expected = try merges(whole.train())
    for size in [1, 2, 7, 100, 4096] {
      var trainer = try BPETrainer(settings)
      for start in stride(from: 0, to: text.count, by: size) {
        text[start..<min(start + size, text.count)].withUnsafeBufferPointer { trainer.addChunk($0) }
      }
      trainer.endText()
      #expect(try merges(trainer.train()) == expected, "chunks of \(size) bytes")
    }
  }

  @Test func counts_of_several_trainers_add_up() throws {
    let settings = BPETrainer.Settings(vocabularySize: 700)
    let (english, scripts) = (try Fixture.text("shakespeare.txt"), try Fixture.text("scripts.txt"))
    var first = try BPETrainer(settings)
    first.add(english)
    first.add(scripts)
    var second = try BPETrainer(settings)
    second.add(scripts)
    var third = try BPETrainer(settings)
    third.add(english)
    second.add(third)
    #expect(first.distinctPreTokens == second.distinctPreTokens)
    #expect(try first.train().json == second.train().json)
  }

  @Test func a_text_that_yields_less_gives_a_smaller_vocabulary() throws {
    var trainer = try BPETrainer(.init(vocabularySize: 5000))
    trainer.add("abab abab")
    let tokenizer = try trainer.train()
    // "a" and "b" stand together more often than "b" and "a", then "ab" "ab", and the space last.
    #expect(try merges(tokenizer) == ["a b", "ab ab", "Ġ abab"])
    #expect(tokenizer.vocabularySize == 260)
    #expect(tokenizer.encode(" abab") == [259])
    let empty = try BPETrainer(.init(vocabularySize: 257)).train()
    #expect(empty.vocabularySize == 257 && empty.encode("a<|endoftext|>").count == 2)
  }

  @Test func progress_is_told_and_can_stop_the_training() throws {
    struct Stop: Error {}
    var trainer = try BPETrainer(.init(vocabularySize: 1000))
    trainer.add(try Fixture.text("shakespeare.txt"))
    let again = trainer
    var told: [Int] = []
    _ = trainer.train { tokens, total in
      #expect(total == 1000)
      told.append(tokens)
    }
    #expect(told == [513, 769, 1000])
    #expect(throws: Stop.self) { try again.train { (_, _) throws(Stop) in throw Stop() } }
  }

  @Test(arguments: [
    (256, "A vocabulary of 256 tokens cannot be trained. Ask for 257 (the 256 bytes and 1 special tokens) to 2097151."),
    (2_097_152, "A vocabulary of 2097152 tokens cannot be trained. Ask for 257 (the 256 bytes and 1 special tokens) to 2097151."),
  ]) func sizes_that_cannot_be_are_refused(_ size: Int, _ expected: String) {
    let error = #expect(throws: TokenizerError.self) { try BPETrainer(.init(vocabularySize: size)) }
    #expect(error?.description == expected)
  }

  @Test func special_tokens_whose_letters_stand_for_other_bytes_are_refused() {
    let error = #expect(throws: TokenizerError.self) { try BPETrainer(.init(vocabularySize: 1000, specialTokens: ["Ġthe"])) }
    #expect(
      error?.description
        == "The special token \"Ġthe\" is written in letters that stand for other bytes in a byte-level vocabulary. "
        + "Name special tokens like \"<|endoftext|>\", each once.")
  }
}
