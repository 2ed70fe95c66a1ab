import StrictJSON
import Testing

@testable import Tokenizers

/// Ids against Hugging Face's tokenizers, for 300 texts: many scripts, code, white space, contractions, added tokens.
@Suite struct GoldenIDTests {
  static let names = ["gpt2", "llama3", "qwen2", "digits", "digit_runs", "prefix_space", "added", "bpe400"]

  @Test(arguments: names) func ids_equal_Hugging_Face(_ name: String) throws {
    let tokenizer = try Fixture.tokenizer(name)
    let expected = try #require(Fixture.json("ids.json")[name]?.array)
    let strings = try Fixture.strings.get()
    #expect(strings.count == 300 && expected.count == 300)
    let encoder = tokenizer.makeEncoder()
    for (text, ids) in zip(strings, expected) {
      var found: [TokenID] = []
      encoder.encode(text, into: &found)
      #expect(found == ids.tokenIDs, "\(text.debugDescription)")
    }
  }

  @Test(arguments: names) func ids_decode_to_the_text(_ name: String) throws {
    let tokenizer = try Fixture.tokenizer(name)
    for text in try Fixture.strings.get() {
      let decoded = tokenizer.decode(tokenizer.encode(text))
      // Stripped white space, spaces put in front and normalization do not come back.
      switch name {
      case "added", "prefix_space": continue
      case "qwen2": #expect(decoded == text)  // canonically equivalent
      default: #expect(Array(decoded.utf8) == Array(text.utf8))
      }
    }
  }

  @Test func special_tokens_stand_around_the_text_where_asked_for() throws {
    let tokenizer = try Fixture.tokenizer("llama3")
    let expected = try #require(Fixture.json("ids.json")["llama3 with special tokens"]?.array)
    #expect(expected.count == 40)
    for (text, ids) in zip(try Fixture.strings.get(), expected) {
      #expect(tokenizer.encode(text, addingSpecialTokens: true) == ids.tokenIDs)
    }
    #expect(tokenizer.template == Tokenizer.Template(before: [0]))
  }

  @Test func expected_encodings_of_the_project_tokenizer() throws {
    let tokenizer = try Fixture.tokenizer("bpe400")
    let cases = try #require(Fixture.json("bpe400/expected_encodings.json").array)
    #expect(cases.count == 6)
    for item in cases {
      let text = try #require(item["text"]?.string)
      #expect(tokenizer.encode(text) == item["ids"]?.tokenIDs)
      #expect(tokenizer.decode(tokenizer.encode(text)) == item["decoded"]?.string)
    }
    let stride = try Fixture.json("bpe400/expected_stride.json")
    #expect(tokenizer.encode(try #require(stride["text"]?.string)) == stride["full"]?.tokenIDs)
  }

  @Test func ill_formed_UTF8_is_encoded_as_its_replacement() throws {
    let tokenizer = try Fixture.tokenizer("gpt2")
    let cases = try #require(Fixture.json("invalid_utf8.json").object)
    #expect(cases.members.count == 13)
    for member in cases.members {
      let digits = Array(member.key)
      let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
      var ids: [TokenID] = []
      bytes.withUnsafeBufferPointer { tokenizer.makeEncoder().encode($0, into: &ids) }
      #expect(ids == member.node.tokenIDs, "\(member.key)")
    }
  }

  @Test func sizes_and_texts_of_tokens() throws {
    let tokenizer = try Fixture.tokenizer("gpt2")
    #expect(tokenizer.vocabularySize == 50257)
    #expect(tokenizer.vocabulary.text(of: 262) == "Ġthe")
    #expect(tokenizer.vocabulary.id(of: "Ġthe") == 262)
    #expect(Array(tokenizer.vocabulary.bytes(of: 262)) == Array(" the".utf8))
    #expect(tokenizer.vocabulary.id(of: "no such token") == nil)
    #expect(tokenizer.vocabulary.text(of: 50257) == nil)
    #expect(
      tokenizer.endOfTextID == 50256 && tokenizer.beginningOfTextID == 50256 && tokenizer.unknownID == 50256 && tokenizer.paddingID == nil)
    #expect(tokenizer.unknownByteID == nil, "every byte has a token: no text becomes the unknown one, which is the end of text too")
    #expect(tokenizer.isSpecial(50256) && !tokenizer.isSpecial(262))
    for id in 0..<TokenID(tokenizer.vocabularySize) {
      let text = try #require(tokenizer.vocabulary.text(of: id))
      #expect(tokenizer.vocabulary.id(of: text) == id)
    }
  }
}
