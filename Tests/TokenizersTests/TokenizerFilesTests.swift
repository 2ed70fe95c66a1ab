import StrictJSON
import Testing

@testable import Tokenizers

@Suite struct TokenizerFilesTests {
  private func file(_ name: String, of tokenizer: Tokenizer) throws -> [UInt8] {
    try #require(tokenizer.files().first { $0.name == name }?.bytes)
  }

  @Test func a_read_tokenizer_is_saved_as_it_came() throws {
    let json = try Fixture.bytes("bpe400/tokenizer.json")
    let tokenizer = try Fixture.tokenizer("bpe400")
    #expect(try file("tokenizer.json", of: tokenizer) == json)
    #expect(try file("chat_template.jinja", of: tokenizer) == Fixture.bytes("bpe400/chat_template.jinja"))
    #expect(tokenizer.files().map(\.name) == ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"])
  }

  @Test func the_configuration_is_one_that_transformers_4_and_5_load() throws {
    let tokenizer = try Fixture.tokenizer("bpe400")
    #expect(tokenizer.endOfTextID == 2 && tokenizer.paddingID == 3 && tokenizer.settings.modelMaximumLength == nil)
    let text = String(decoding: try file("tokenizer_config.json", of: tokenizer), as: UTF8.self)
    let template = try Fixture.text("bpe400/chat_template.jinja")
    let expected: JSONNode = [
      "bos_token": nil, "eos_token": "<|im_end|>", "unk_token": nil, "pad_token": "<|pad|>",
      "model_max_length": .init(.number(JSONNumber(text: "1000000000000000019884624838656"))), "clean_up_tokenization_spaces": false,
      "tokenizer_class": "PreTrainedTokenizerFast", "chat_template": .init(.string(template)),
    ]
    #expect(try JSONParser.parse(text) == expected)
    #expect(text.contains("\"model_max_length\": 1000000000000000019884624838656,"))
    #expect(
      String(decoding: try file("special_tokens_map.json", of: tokenizer), as: UTF8.self) == """
        {
          "eos_token": "<|im_end|>",
          "pad_token": "<|pad|>"
        }

        """)
  }

  @Test func unknown_members_and_several_templates_are_kept() throws {
    let configuration = """
      {"tokenizer_class": "GPT2Tokenizer", "auto_map": {"AutoTokenizer": ["x.py", null]}, "eos_token": {"content": "<|endoftext|>", "special": true},
       "model_max_length": 1024, "padding_side": "left", "additional_special_tokens": ["<|endoftext|>"],
       "chat_template": [{"name": "default", "template": "D"}, {"name": "tool_use", "template": "T"}]}
      """
    let tokenizer = try Tokenizer.read(json: Tokenizer.bytes().json, configuration: Array(configuration.utf8))
    #expect(tokenizer.settings.chatTemplate == "D" && tokenizer.settings.modelMaximumLength == 1024 && tokenizer.endOfTextID == 256)
    let saved = try JSONParser.parse(file("tokenizer_config.json", of: tokenizer))
    #expect(saved["tokenizer_class"] == "PreTrainedTokenizerFast" && saved["auto_map"] == nil && saved["padding_side"] == "left")
    #expect(saved["chat_template"] == [["name": "default", "template": "D"], ["name": "tool_use", "template": "T"]])
    #expect(saved["model_max_length"] == 1024 && saved["eos_token"] == "<|endoftext|>")
    let map: JSONNode = ["eos_token": "<|endoftext|>", "additional_special_tokens": ["<|endoftext|>"]]
    #expect(try JSONParser.parse(file("special_tokens_map.json", of: tokenizer)) == map)
    // What was saved reads as what it was saved from.
    let again = try Tokenizer.read(json: tokenizer.json, configuration: file("tokenizer_config.json", of: tokenizer))
    #expect(again.settings.namedChatTemplates == tokenizer.settings.namedChatTemplates && again.files() == tokenizer.files())
  }

  @Test func the_template_file_goes_before_the_configuration() throws {
    let configuration = Array(#"{"chat_template": "inside"}"#.utf8)
    #expect(try TokenizerSettings(configuration: configuration).chatTemplate == "inside")
    #expect(try TokenizerSettings(configuration: configuration, chatTemplate: "beside").chatTemplate == "beside")
    #expect(try TokenizerSettings(configuration: nil).chatTemplate == nil)
  }

  @Test func special_tokens_are_added_behind_the_others() throws {
    let tokenizer = try Tokenizer.bytes().adding(specialTokens: ["[TOOL_CALL]", "<|endoftext|>", "[/TOOL_CALL]"])
    #expect(tokenizer.vocabularySize == 259)
    #expect(tokenizer.encode("x[TOOL_CALL]y[/TOOL_CALL]<|endoftext|>") == [120, 257, 121, 258, 256])
    #expect(tokenizer.isSpecial(258) && tokenizer.endOfTextID == 256)
    #expect(try tokenizer.adding(specialTokens: ["[TOOL_CALL]"]).json == tokenizer.json)
    // A token of the model's vocabulary keeps its id.
    let gpt2 = try Fixture.tokenizer("gpt2").adding(specialTokens: ["[a]", "hello", "[b]"])
    #expect(gpt2.encode("[a]hello[b]") == [50257, 31373, 50258])
    #expect(gpt2.vocabularySize == 50259)
  }

  @Test func settings_can_be_changed() throws {
    var settings = try Tokenizer.bytes().settings
    settings.chatTemplate = "{{ messages }}"
    settings.modelMaximumLength = 512
    let tokenizer = try Tokenizer.bytes().with(settings)
    let saved = try JSONParser.parse(file("tokenizer_config.json", of: tokenizer))
    #expect(saved["chat_template"] == "{{ messages }}" && saved["model_max_length"] == 512)
  }

  @Test func a_trained_tokenizer_has_the_form_of_Hugging_Face() throws {
    var trainer = try BPETrainer(.init(vocabularySize: 300))
    trainer.add("the cat sat on the mat")
    let tokenizer = try trainer.train()
    let root = try JSONParser.parse(tokenizer.json)
    #expect(
      root.object?.keys == [
        "version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model",
      ])
    let pattern: JSONNode = ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true]
    #expect(root["pre_tokenizer"] == pattern && root["decoder"] == pattern && root["version"] == "1.0")
    #expect(root["model"]?["type"] == "BPE" && root["model"]?["vocab"]?["<|endoftext|>"] == 0 && root["model"]?["vocab"]?["!"] == 1)
    #expect(try Tokenizer.read(json: tokenizer.json).encode("the mat") == tokenizer.encode("the mat"))
  }
}
