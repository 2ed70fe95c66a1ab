import Testing

@testable import Tokenizers

@Suite struct StreamingDecoderTests {
  @Test func a_character_comes_with_its_last_byte() throws {
    var decoder = StreamingDecoder(try .bytes())
    #expect("é🙂!".utf8.map { decoder.text(of: TokenID($0)) } == ["", "é", "", "", "", "🙂", "!"])
    #expect(decoder.finish() == "")
  }

  @Test func what_never_becomes_a_character_comes_as_replacement() throws {
    var decoder = StreamingDecoder(try .bytes())
    #expect([0xE2, 0x82, 0x41, 0xFF, 0xF0].map { decoder.text(of: TokenID($0)) } == ["", "", "\u{FFFD}A", "\u{FFFD}", ""])
    #expect(decoder.finish() == "\u{FFFD}")
    #expect(decoder.finish() == "")
  }

  @Test func special_tokens_are_left_out_unless_wanted() throws {
    let tokenizer = try Tokenizer.bytes()
    var silent = StreamingDecoder(tokenizer)
    var telling = StreamingDecoder(tokenizer, skippingSpecialTokens: false)
    #expect([97, 256, 98].map { silent.text(of: $0) } == ["a", "", "b"])
    #expect([97, 256, 98].map { telling.text(of: $0) } == ["a", "<|endoftext|>", "b"])
  }

  @Test func pieces_add_up_to_the_whole() throws {
    var generator = SeededGenerator(5)
    for name in ["gpt2", "bpe400"] {
      let tokenizer = try Fixture.tokenizer(name)
      for text in try Fixture.strings.get() {
        var decoder = StreamingDecoder(tokenizer, skippingSpecialTokens: false)
        #expect(tokenizer.encode(text).map { decoder.text(of: $0) }.joined() + decoder.finish() == text)
      }
      // Any ids, ill-formed sequences and ids without a token included.
      for _ in 0..<200 {
        let ids = (0..<30).map { _ in TokenID.random(in: 0..<TokenID(tokenizer.vocabularySize + 5), using: &generator) }
        var decoder = StreamingDecoder(tokenizer, skippingSpecialTokens: false)
        let pieces = ids.map { decoder.text(of: $0) }.joined() + decoder.finish()
        #expect(Array(pieces.unicodeScalars) == Array(tokenizer.decode(ids).unicodeScalars))
      }
    }
  }
}
