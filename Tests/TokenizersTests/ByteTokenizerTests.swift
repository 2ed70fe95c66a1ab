import StrictJSON
import Testing

@testable import Tokenizers

@Suite struct ByteTokenizerTests {
  @Test func ids_are_bytes_and_special_tokens_follow() throws {
    let tokenizer = try Tokenizer.bytes(specialTokens: ["<|endoftext|>", "<|pad|>"])
    #expect(tokenizer.vocabularySize == 258)
    #expect(tokenizer.encode("Aé数\n") == "Aé数\n".utf8.map { TokenID($0) })
    #expect(tokenizer.encode("a<|endoftext|>b<|pad|>") == [97, 256, 98, 257])
    #expect(tokenizer.endOfTextID == 256 && tokenizer.paddingID == 257 && tokenizer.beginningOfTextID == nil)
    #expect(tokenizer.decode([97, 256, 98], skippingSpecialTokens: true) == "ab")
    #expect(tokenizer.decode([97, 256, 98]) == "a<|endoftext|>b")
    for text in try Fixture.strings.get() where !text.contains("<|endoftext|>") {
      #expect(tokenizer.encode(text) == text.utf8.map { TokenID($0) })
    }
  }

  @Test func bytes_that_are_no_UTF8_pass_through() throws {
    let tokenizer = try Tokenizer.bytes()
    let bytes = Array(UInt8.min...UInt8.max) + [0xFF, 0xC3] + Array("<|endoftext|>".utf8) + [0x80]
    var ids: [TokenID] = []
    bytes.withUnsafeBufferPointer { tokenizer.makeEncoder().encode($0, into: &ids) }
    #expect(ids == (0..<256).map { TokenID($0) } + [255, 0xC3, 256, 0x80])
    #expect(tokenizer.bytes(of: ids) == bytes)
    #expect(tokenizer.passesBytesThrough)
  }

  @Test func it_is_read_back_from_its_tokenizer_json() throws {
    let made = try Tokenizer.bytes()
    let read = try Tokenizer.read(json: made.json)
    #expect(read.vocabularySize == 257 && read.passesBytesThrough)
    #expect(read.encode("naïve <|endoftext|>") == made.encode("naïve <|endoftext|>"))
    // The arrangement that makes Hugging Face give bytes as ids: each byte's letter has the byte as its id.
    let vocabulary = try #require(JSONParser.parse(made.json)["model"]?["vocab"]?.object)
    #expect(vocabulary.members.count == 256)
    #expect(vocabulary["A"]?.int == 65 && vocabulary["Ġ"]?.int == 32 && vocabulary["Ċ"]?.int == 10 && vocabulary["ÿ"]?.int == 255)
  }

  @Test(arguments: [
    ([""], "The special token \"\" is empty. Name special tokens like \"<|endoftext|>\", each once."),
    (["A"], "The special token \"A\" stands for a single byte already. Name special tokens like \"<|endoftext|>\", each once."),
    (["<s>", "<s>"], "The special token \"<s>\" stands twice in the list. Name special tokens like \"<|endoftext|>\", each once."),
  ]) func special_tokens_that_cannot_work_are_refused(_ tokens: [String], _ expected: String) {
    let error = #expect(throws: TokenizerError.self) { try Tokenizer.bytes(specialTokens: tokens) }
    #expect(error?.description == expected)
  }
}
