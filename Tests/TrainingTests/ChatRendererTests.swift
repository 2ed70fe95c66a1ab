import DatasetFormats
import Domain
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing
import Tokenizers

@testable import Training

/// Conversations as the tokenizer's own template has them, and what of them is trained.
struct ChatRendererTests {
  private static func template(_ name: String) throws -> String {
    String(decoding: try Fixtures.bytes("chat_templates/\(name).jinja"), as: UTF8.self)
  }

  private func renderer(_ template: String, end: String = "</s>") throws -> ChatRenderer {
    try ChatRenderer(TokenizerSettings(beginningOfText: "<s>", endOfText: end, chatTemplate: template), now: 0)
  }

  private static let turns: [JSONNode] = [
    ["role": "user", "content": "one"], ["role": "assistant", "content": "1"], ["role": "user", "content": "two"],
    ["role": "assistant", "content": "2"],
  ]

  private func marked(_ segments: [Segment]) -> String {
    segments.map { $0.isTrained ? "⟦\(String(decoding: $0.text, as: UTF8.self))⟧" : String(decoding: $0.text, as: UTF8.self) }.joined()
  }

  @Test(arguments: [
    (
      "chatml",
      "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\none<|im_end|>\n<|im_start|>assistant\n⟦1<|im_end|>⟧\n<|im_start|>user\ntwo<|im_end|>\n<|im_start|>assistant\n⟦2<|im_end|>⟧\n"
    ),
    (
      "chatml_marked",
      "<|im_start|>user\none<|im_end|>\n<|im_start|>assistant\n⟦1<|im_end|>⟧\n<|im_start|>user\ntwo<|im_end|>\n<|im_start|>assistant\n⟦2<|im_end|>⟧\n"
    ),
    ("llama2", "<s>[INST] one [/INST]⟦ 1 </s>⟧<s>[INST] two [/INST]⟦ 2 </s>⟧"),
    ("mistral", "<s>[INST] one[/INST]⟦ 1</s>⟧[INST] two[/INST]⟦ 2</s>⟧"),
    ("phi3", "<|user|>\none<|end|>\n<|assistant|>\n⟦1<|end|>⟧\n<|user|>\ntwo<|end|>\n<|assistant|>\n⟦2<|end|>\n</s>⟧"),
    (
      "gemma",
      "<s><start_of_turn>user\none<end_of_turn>\n<start_of_turn>model\n⟦1<end_of_turn>⟧\n<start_of_turn>user\ntwo<end_of_turn>\n<start_of_turn>model\n⟦2<end_of_turn>⟧\n"
    ),
    ("zephyr", "<|user|>\none</s>\n<|assistant|>\n⟦1</s>⟧\n<|user|>\ntwo</s>\n<|assistant|>\n⟦2</s>⟧\n"),
  ])
  func what_the_assistant_says_is_trained(_ name: String, _ expected: String) throws {
    #expect(marked(try renderer(try Self.template(name)).segments(of: Self.turns)) == expected)
  }

  @Test func the_template_of_ours_says_what_it_always_said() throws {
    let segments = try renderer(ChatFormat.template).segments(of: Self.turns)
    #expect(
      marked(segments) == "<|user|>\none</s>\n<|assistant|>\n⟦1</s>⟧\n<|user|>\ntwo</s>\n<|assistant|>\n⟦2</s>⟧\n")
  }

  @Test func a_prompt_ends_where_the_assistant_is_to_speak() throws {
    let renderer = try renderer(try Self.template("chatml_marked"))
    let prompt = try renderer.prompt(of: [["from": "human", "value": "Hi"]])
    #expect(String(decoding: prompt, as: UTF8.self) == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
  }

  @Test func tools_of_the_row_go_before_those_of_the_config() throws {
    let source = "{{ tools | tojson }}{% for m in messages %}{{ m.content }}{% endfor %}"
    let settings = TokenizerSettings(endOfText: "</s>", chatTemplate: source)
    let renderer = try ChatRenderer(settings, tools: [["name": "theirs"]], now: 0)
    let turns: [JSONNode] = [["role": "user", "content": "Hi"]]
    #expect(String(decoding: try renderer.text(of: turns), as: UTF8.self) == #"[{"name": "theirs"}]Hi"#)
    let own = ChatMessages.tools(#"[{"name": "own"}]"#)
    #expect(String(decoding: try renderer.text(of: turns, tools: own), as: UTF8.self) == #"[{"name": "own"}]Hi"#)
  }

  @Test func a_template_that_forgets_thoughts_is_refused_where_it_does_so() throws {
    let renderer = try renderer(try Self.template("qwen_thinking"))
    #expect(
      marked(try renderer.segments(of: Array(Self.turns.prefix(2))))
        == "<|im_start|>user\none<|im_end|>\n<|im_start|>assistant\n⟦<think>\n\n</think>\n\n1<|im_end|>⟧\n")
    let refusal = #expect(throws: ChatRenderer.Refusal.self) { try renderer.segments(of: Self.turns) }
    #expect(
      refusal?.reason
        == "the chat template writes turn 2 otherwise when it is the last than within the whole conversation, so that it cannot be told what the assistant writes; a template with {% generation %}, or rows that end with their first answer, can be trained on"
    )
  }

  @Test func what_the_template_refuses_is_told_in_its_words() throws {
    let renderer = try renderer(try Self.template("gemma"))
    let refusal = #expect(throws: ChatRenderer.Refusal.self) {
      try renderer.segments(of: [["role": "user", "content": "a"], ["role": "user", "content": "b"]])
    }
    #expect(
      refusal?.reason
        == "the chat template refuses it, line 1, column 226: it says \"Conversation roles must alternate user/assistant/user/assistant/...\""
    )
    #expect(throws: ChatRenderer.Refusal(reason: "a turn has no role, or nothing to say")) { try renderer.segments(of: [["role": "user"]]) }
    #expect(
      throws: ChatRenderer.Refusal(
        reason: "it begins with the assistant, and the template does not say with {% generation %} what is the assistant's")
    ) { try self.renderer(try Self.template("chatml")).segments(of: [["role": "assistant", "content": "a"]]) }
  }

  @Test func a_template_that_is_not_known_is_a_problem_with_line_and_column() throws {
    let problem = #expect(throws: Problem.self) { try renderer("line one\n{{ messages | shout }}") }
    #expect(
      problem?.description
        == "the tokenizer's chat template cannot be rendered. Line 2, column 15: there is no filter \"shout\" here. Put a template without that into chat_template.jinja in the model's folder and drop the model again, or give the rows as prompt and completion, with the template's text in them."
    )
  }

  /// Ids and assistant masks of transformers: Tests/Fixtures/chat_templates/SOURCE.md.
  @Test func ids_and_masks_are_those_of_transformers() throws {
    let expected = try JSONParser.parse(try Fixtures.bytes("chat_templates/expected.json"))
    var settings = try TokenizerSettings(configuration: try Fixtures.bytes("tokenizers/bpe400/tokenizer_config.json"))
    for item in try #require(expected["masks"]?.array) {
      let name = try #require(item["template"]?.string?.split(separator: ".").first)
      settings.chatTemplate = try Self.template(String(name))
      let tokenizer = try Tokenizer.read(json: try Fixtures.bytes("tokenizers/bpe400/tokenizer.json")).with(settings)
      let title = try #require(item["conversation"]?.string)
      let conversation = try #require(expected["conversations"]?[title]?.array)
      let row = JSONNode(.object(["messages": JSONNode(.array(conversation))])).text()
      let ingested = try IngestedRows(row + "\n")
      var configuration = Configuration.decode(["training": ["method": "sft"]], source: .none).0
      configuration.data.shuffle = false
      let reader = try RowReader(configuration.data, ingest: ingested.result).rendering(with: try ChatRenderer(settings, now: 0))
      let rows = try ingested.rows()
      let setting = PipelineSetting(
        tokenizer: tokenizer, reader: reader, masked: true, form: .whole, treatment: RowTreatment(), limit: 1, lot: nil,
        keepsFingerprints: false)
      var batch = EncodedBatch()
      BatchEncoder(setting, rows: rows).encode(RowBatch(number: 0, rows: 0..<1, startsOpen: false, endsOpen: false), into: &batch)
      #expect(batch.ids.map(Int.init) == item["ids"]?.array?.compactMap(\.int), "\(name): \(row)")
      #expect(batch.refused.isEmpty && batch.emptyRows == 0, "\(batch.refused)")
      guard let mask = item["mask"]?.array?.compactMap(\.int) else { continue }
      #expect(batch.mask.map(Int.init) == mask, "\(name): \(row)")
    }
  }
}
