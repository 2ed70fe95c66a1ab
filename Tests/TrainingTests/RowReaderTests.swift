import DatasetFormats
import Domain
import StrictJSON
import TestSupport
import Testing
import Tokenizers

@testable import Training

/// What a row of each schema becomes: docs/formats.md.
struct RowReaderTests {
  /// The segments of every row, as (text, is there loss, does the text end).
  private func segments(_ text: String, named name: String = "rows.jsonl", data: String = "{}") throws -> [[String]?] {
    let ingested = try IngestedRows(text, named: name)
    let config = #"{"training": {"method": "sft"}, "data": \#(data)}"#
    let section = Configuration.decode(try JSONParser.parse(config), source: .none).0.data
    let settings = TokenizerSettings(endOfText: "<end>", chatTemplate: ChatFormat.template)
    let reader = try RowReader(section, ingest: ingested.result).rendering(with: try ChatRenderer(settings, now: 0))
    let rows = try ingested.rows()
    return (0..<rows.count).map { index in
      reader.sequences(of: rows[index])?.joined().map { segment in
        let text = String(decoding: segment.text, as: UTF8.self)
        return (segment.isTrained ? "+" : "-") + text + (segment.endsText ? "$" : "")
      }
    }
  }

  @Test func a_text_is_trained_from_end_to_end() throws {
    #expect(try segments("{\"text\": \"One.\"}\n{\"text\": \"Two.\"}\n") == [["+One.$"], ["+Two.$"]])
  }

  @Test func prompt_and_completion_are_joined_as_they_are() throws {
    #expect(try segments(#"{"prompt": "1 + 1 = ", "completion": "2"}"# + "\n") == [["-1 + 1 = ", "+2$"]])
  }

  @Test func columns_of_another_name_were_not_written_to_be_joined() throws {
    #expect(try segments(#"{"question": "1 + 1?", "answer": "2"}"# + "\n") == [["-1 + 1?\n", "+2$"]])
  }

  @Test func an_instruction_is_put_in_alpacas_words() throws {
    let row = #"{"instruction": "Add.", "input": "1 and 1", "output": "2"}"#
    let bare = #"{"instruction": "Say hello.", "input": "", "output": "Hello."}"#
    #expect(
      try segments("\(row)\n\(bare)\n") == [
        [
          "-Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.\n\n### Instruction:\nAdd.\n\n### Input:\n1 and 1\n\n### Response:\n",
          "+2$",
        ],
        [
          "-Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nSay hello.\n\n### Response:\n",
          "+Hello.$",
        ],
      ])
  }

  @Test func of_a_conversation_what_the_assistant_says_is_trained() throws {
    let row =
      #"{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}"#
    let turns = ["-<|system|>\nBe brief.<end>\n<|user|>\nHi<end>\n<|assistant|>\n", "+Hello<end>", "-\n"]
    #expect(try segments(row + "\n") == [turns])
  }

  @Test func sharegpts_names_are_those_of_chat_templates() throws {
    let row = #"{"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]}"#
    #expect(try segments(row + "\n") == [["-<|user|>\nHi<end>\n<|assistant|>\n", "+Hello<end>", "-\n"]])
  }

  @Test func named_fields_go_before_the_schema() throws {
    let row = #"{"question": "1 + 1?", "answer": "2", "why": "It is so."}"#
    #expect(try segments(row + "\n", data: #"{"prompt_field": "question", "completion_field": "why"}"#) == [["-1 + 1?\n", "+It is so.$"]])
    #expect(try segments(row + "\n", data: #"{"text_field": "why"}"#) == [["+It is so.$"]])
  }

  @Test func a_row_that_lacks_what_its_schema_promises_has_nothing() throws {
    let rows = #"{"prompt": "a", "completion": "b"}"# + "\n" + #"{"prompt": "c", "completion": null}"# + "\n"
    #expect(try segments(rows) == [["-a", "+b$"], nil])
  }

  @Test func a_piece_of_a_longer_document_does_not_end_it() throws {
    let line = "A line of some length, to fill more than one piece of the document.\n"
    let pieces = try segments(String(repeating: line, count: 3_000), named: "book.txt").map { $0?.first ?? "" }
    #expect(pieces.count > 1)
    #expect(pieces.dropLast().allSatisfy { !$0.hasSuffix("$") } && pieces.last?.hasSuffix("$") == true)
  }
}
