import StrictJSON
import Testing

@testable import Tokenizers

/// What is not supported is refused, with the place, the reason and what would do: never read as something else.
@Suite struct TokenizerErrorTests {
  /// The file of a byte tokenizer with one value put in.
  private func file(_ path: [String], _ value: JSONNode) throws -> [UInt8] {
    var root = try JSONParser.parse(Tokenizer.bytes().json)
    func put(_ node: JSONNode, _ path: ArraySlice<String>) -> JSONNode {
      guard let name = path.first, var object = node.object else { return value }
      object[name] = put(object[name] ?? nil, path.dropFirst())
      return JSONNode(.object(object))
    }
    root = put(root, path[...])
    return Array(root.text().utf8)
  }

  private func message(_ path: String, _ value: JSONNode) throws -> String? {
    let bytes = try file(path.split(separator: ".").map(String.init), value)
    return #expect(throws: TokenizerError.self) { try Tokenizer.read(json: bytes) }?.description
  }

  private static let preTokenizers =
    "Supported: \"ByteLevel\"; or a \"Sequence\" that ends in \"ByteLevel\" with add_prefix_space false, before it \"Digits\", or \"Split\" "
    + "(behavior Isolated, not inverted) with the pattern of GPT-2, Llama 3 or Qwen 2, or both."
  private static let again = "Save the tokenizer again with a current version of Hugging Face's tokenizers."

  private static let byteLevel: JSONNode = ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false]

  private static func split(_ pattern: JSONNode, behavior: JSONNode = "Isolated", invert: JSONNode = false) -> JSONNode {
    ["type": "Sequence", "pretokenizers": [["type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert], byteLevel]]
  }

  @Test func text_that_is_no_JSON() {
    let error = #expect(throws: TokenizerError.self) { try Tokenizer.read(json: Array("{\n  \"version\": }".utf8)) }
    #expect(
      error?.description
        == "tokenizer.json is not JSON: line 2, column 14: '}' stands where a value should. "
        + "Copy the file again, or save the tokenizer again where it was made.")
    #expect(error?.code == .syntax)
  }

  @Test func missing_members_and_wrong_types() throws {
    #expect(try message("model.vocab", nil) == "\"model.vocab\" is missing in tokenizer.json. \(Self.again)")
    #expect(try message("model.vocab", []) == "\"model.vocab\" in tokenizer.json must be an object, but is an array. \(Self.again)")
    #expect(try message("model", "BPE") == "\"model\" in tokenizer.json must be an object, but is a string. \(Self.again)")
    #expect(
      try message("added_tokens", [["id": 256]]) == "\"added_tokens[0].content\" is missing in tokenizer.json. \(Self.again)")
    #expect(
      try message("model.vocab.A", -1)
        == "\"model.vocab.A\" in tokenizer.json must be a whole number from 0, but is a number. \(Self.again)")
    #expect(
      try message("model.vocab.A", 3_000_000)
        == "\"model.vocab.A\" in tokenizer.json is the id 3000000, which is not supported. Supported: ids below 2097152.")
  }

  @Test func versions_normalizers_and_decoders() throws {
    #expect(try message("version", "2.0") == "\"version\" in tokenizer.json is \"2.0\", which is not supported. Supported: \"1.0\".")
    #expect(
      try message("normalizer", ["type": "Sequence", "normalizers": [["type": "NFC"], ["type": "Lowercase"]]])
        == "\"normalizer.normalizers[1]\" in tokenizer.json is of the type \"Lowercase\", which is not supported. "
        + "Supported: no normalizer (null), \"NFC\", \"Sequence\" of them.")
    #expect(
      try message("decoder", ["type": "Metaspace"])
        == "\"decoder\" in tokenizer.json is of the type \"Metaspace\", which is not supported. Supported: \"ByteLevel\".")
    #expect(try message("decoder", nil) == "\"decoder\" in tokenizer.json is null, which is not supported. Supported: \"ByteLevel\".")
  }

  @Test func pre_tokenizers() throws {
    #expect(
      try message("pre_tokenizer", nil) == "\"pre_tokenizer\" in tokenizer.json is null, which is not supported. \(Self.preTokenizers)")
    #expect(
      try message("pre_tokenizer", ["type": "Metaspace"])
        == "\"pre_tokenizer\" in tokenizer.json does not end in \"ByteLevel\", which is not supported. \(Self.preTokenizers)")
    #expect(
      try message("pre_tokenizer", ["type": "Sequence", "pretokenizers": [["type": "Whitespace"], Self.byteLevel]])
        == "\"pre_tokenizer.pretokenizers[0]\" in tokenizer.json is of the type \"Whitespace\" at that place, which is not supported. \(Self.preTokenizers)"
    )
    let spaced: JSONNode = ["type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true]
    #expect(
      try message("pre_tokenizer", ["type": "Sequence", "pretokenizers": [["type": "Digits", "individual_digits": true], spaced]])
        == "\"pre_tokenizer.pretokenizers[1].add_prefix_space\" in tokenizer.json is true behind other pre-tokenizers, which is not supported. "
        + Self.preTokenizers)
  }

  @Test func patterns() throws {
    let known = TokenizerJSONReader.patterns.map(\.text).joined(separator: "   ")
    #expect(
      try message("pre_tokenizer", Self.split(["Regex": #"\w+|\s"#]))
        == #""pre_tokenizer.pretokenizers[0].pattern.Regex" in tokenizer.json is the pattern \w+|\s, which is not supported. "#
        + "Supported: the patterns of GPT-2, Llama 3 and Qwen 2: \(known).")
    #expect(
      try message("pre_tokenizer", Self.split(["String": " "]))
        == "\"pre_tokenizer.pretokenizers[0].pattern\" in tokenizer.json is no \"Regex\", which is not supported. "
        + "Supported: a \"Regex\" of GPT-2, Llama 3 or Qwen 2.")
    #expect(
      try message("pre_tokenizer", Self.split(["Regex": " "], behavior: "Removed"))
        == "\"pre_tokenizer.pretokenizers[0].behavior\" in tokenizer.json is \"Removed\", which is not supported. Supported: \"Isolated\".")
    #expect(
      try message("pre_tokenizer", Self.split(["Regex": " "], invert: true))
        == "\"pre_tokenizer.pretokenizers[0].invert\" in tokenizer.json is true, which is not supported. Supported: false.")
  }

  @Test func post_processors() throws {
    #expect(
      try message("post_processor", ["type": "RobertaProcessing"])
        == "\"post_processor\" in tokenizer.json is of the type \"RobertaProcessing\", which is not supported. Supported: no post-processor (null), "
        + "\"ByteLevel\", \"TemplateProcessing\", \"Sequence\" of \"ByteLevel\" and one \"TemplateProcessing\".")
    let token: JSONNode = ["SpecialToken": ["id": "<s>", "type_id": 0]]
    #expect(
      try message("post_processor", ["type": "TemplateProcessing", "single": [token], "special_tokens": ["<s>": ["ids": [256]]]])
        == "\"post_processor.single\" in tokenizer.json must hold the sequence A once, but holds it 0 times. \(Self.again)")
    #expect(
      try message("post_processor", ["type": "TemplateProcessing", "single": [token], "special_tokens": ["<s>": ["ids": [999]]]])
        == "\"post_processor.single[0].SpecialToken.id\" in tokenizer.json puts the token 999 around a text, but the vocabulary has no such id. "
        + "Correct \"post_processor.special_tokens\".")
  }

  @Test func models() throws {
    #expect(
      try message("model.type", "Unigram")
        == "\"model\" in tokenizer.json is of the type \"Unigram\", which is not supported. Supported: \"BPE\".")
    #expect(
      try message("model.dropout", 0.1)
        == "\"model.dropout\" in tokenizer.json is 0.1: ids would be random, which is not supported. Supported: null or 0.")
    #expect(
      try message("model.end_of_word_suffix", "</w>")
        == "\"model.end_of_word_suffix\" in tokenizer.json is \"</w>\", which is not supported. Supported: null or \"\".")
    #expect(
      try message("model.vocab", ["A": 0, "B": 0])
        == "\"model.vocab\" in tokenizer.json gives the id 0 to \"A\" and to \"B\". Give every token an id of its own.")
    #expect(
      try message("model.vocab", ["A": 0])
        == "\"model.vocab\" in tokenizer.json has no token for 255 of the 256 bytes (the first is 0x00), and no unk_token, which is not supported. "
        + "Supported: byte-level vocabularies with a token for every byte that UTF-8 text can hold, or with an unk_token.")
    var lacking = try #require(JSONParser.parse(Tokenizer.bytes().json)["model"]?.object)
    lacking["unk_token"] = "<|unk|>"
    lacking["fuse_unk"] = true
    lacking["vocab"] = ["<|unk|>": 0, "A": 1]
    #expect(
      try message("model", JSONNode(.object(lacking)))
        == "\"model.fuse_unk\" in tokenizer.json is true, and 255 bytes have no token, which is not supported. Supported: false, or a token for every byte."
    )
  }

  @Test func merges() throws {
    #expect(
      try message("model.merges", ["A B", "A B C"])
        == "\"model.merges[0]\" in tokenizer.json needs the token \"AB\", which \"model.vocab\" does not have. Take vocabulary and merges from one training."
    )
    #expect(
      try message("model.merges", ["A"])
        == "\"model.merges[0]\" in tokenizer.json must be two tokens with one space between them, but is \"A\". \(Self.again)")
    #expect(try message("model.merges", [["A"]]) == "\"model.merges[0]\" in tokenizer.json must hold two strings. \(Self.again)")
  }

  @Test func added_tokens() throws {
    func token(_ id: Int, _ content: String) -> JSONNode { TokenizerDraft.node(AddedToken(id: TokenID(id), content: content)) }
    #expect(
      try message("added_tokens", [token(300, "<s>")])
        == "\"added_tokens[0]\" in tokenizer.json gives the id 300 to \"<s>\", but Hugging Face would give it the id 256. "
        + "Added tokens must have the id that \"model.vocab\" gives them, or follow it without a gap.")
    #expect(
      try message("added_tokens", [token(256, "<s>"), token(256, "</s>")])
        == "\"added_tokens[1]\" in tokenizer.json has the content \"</s>\" and the id 256, one of which another added token has. Leave one of them out."
    )
    #expect(try message("added_tokens", [token(256, "")]) == "\"added_tokens[0].content\" in tokenizer.json is empty. \(Self.again)")
    #expect(
      try message("added_tokens", [token(0xE9, "é")])
        == "\"added_tokens[0]\" in tokenizer.json is \"é\", which is also a token of \"model.vocab\" and stands for other bytes there. "
        + "Give the added token another content.")
  }

  @Test func settings_that_the_vocabulary_does_not_bear_out() throws {
    func message(_ configuration: String) throws -> String? {
      let json = try Tokenizer.bytes().json
      return #expect(throws: TokenizerError.self) { try Tokenizer.read(json: json, configuration: Array(configuration.utf8)) }?.description
    }
    let mend = "Load the tokenizer with transformers and save it again, so that both files agree."
    #expect(
      try message(#"{"pad_token": "[PAD]"}"#)
        == "\"pad_token\" in tokenizer_config.json is \"[PAD]\", which is no added token of tokenizer.json. \(mend)")
    #expect(
      try message(#"{"added_tokens_decoder": {"256": {"content": "<s>"}}}"#)
        == "\"added_tokens_decoder.256\" in tokenizer_config.json is \"<s>\", which has not this id in tokenizer.json. \(mend)")
    #expect(
      try message(#"{"added_tokens_decoder": {"7": {"content": "<|endoftext|>"}}}"#)
        == "\"added_tokens_decoder.7\" in tokenizer_config.json is \"<|endoftext|>\", which has not this id in tokenizer.json. \(mend)")
    #expect(
      try message(#"{"added_tokens_decoder": {"256": {"content": "<|endoftext|>", "special": true, "lstrip": true}}}"#)
        == "\"added_tokens_decoder.256.lstrip\" in tokenizer_config.json is true, but false in tokenizer.json. \(mend)")
    #expect(
      try message(#"{"model_max_length": "long"}"#)
        == "\"model_max_length\" in tokenizer_config.json must be a positive number, but is a string. \(Self.again)")
    #expect(try message("[]") == "\"the text\" in tokenizer_config.json must be an object, but is an array. \(Self.again)")
  }

  @Test func the_pair_of_files_of_GPT_2() throws {
    let vocabulary = Array(#"{"a": 0, "b": 2}"#.utf8)
    #expect(
      #expect(throws: TokenizerError.self) { try Tokenizer.gpt2(vocabulary: vocabulary, merges: []) }?.description
        == "vocab.json has 2 tokens, but no token with the id 1, or two. Take the file from the model again.")
    #expect(
      #expect(throws: TokenizerError.self) {
        try Tokenizer.gpt2(vocabulary: Array("{}".utf8), merges: Array("#version: 0.2\na b\nab\n".utf8))
      }?.description
        == "merges.txt, line 3 must be two tokens with one space between them, but is \"ab\". Take the file from the model again.")
  }

  @Test func an_unknown_token_stands_for_bytes_without_one() throws {
    let json = try file(
      ["model"], ["type": "BPE", "unk_token": "<|unk|>", "vocab": ["<|unk|>": 0, "a": 1, "b": 2, "ab": 3], "merges": ["a b"]])
    let root = try JSONParser.parse(json)
    var object = try #require(root.object)
    object["added_tokens"] = []
    let tokenizer = try Tokenizer.read(json: Array(JSONNode(.object(object)).text().utf8))
    #expect(tokenizer.encode("xabé") == [0, 3, 0, 0] && tokenizer.unknownByteID == 0)
  }
}
