import Domain
import Platform
import Testing

/// Real data, as people drop it.
struct FixtureTests {
  struct Expected: Sendable {
    var path: String
    var rows: Int
    var format: DatasetFormat
    var schema: DatasetSchema
    var mapping: [String: String] = [:]
    var columns: [String]
  }

  @Test(arguments: [
    Expected(path: "csv/banking77/train.csv", rows: 91, format: .csv, schema: .text, columns: ["text", "category"]),
    Expected(
      path: "jsonl/gsm8k/test.jsonl", rows: 60, format: .jsonl, schema: .promptCompletion,
      mapping: ["prompt": "question", "completion": "answer"],
      columns: ["question", "answer"]),
    Expected(path: "jsonl/messages/v1_sft_demo.jsonl", rows: 20, format: .jsonl, schema: .messages, columns: ["messages"]),
    Expected(
      path: "jsonl/preference_messages/v1_dpo_demo.jsonl", rows: 10, format: .jsonl, schema: .preference,
      mapping: ["chosen": "chosen_messages", "rejected": "rejected_messages"], columns: ["chosen_messages", "rejected_messages"]),
    Expected(
      path: "json/instructions/instruction-data.json", rows: 25, format: .json, schema: .instruction,
      columns: ["instruction", "input", "output"]),
    Expected(
      path: "json/instructions/alpaca_zh_demo.json", rows: 15, format: .json, schema: .instruction,
      columns: ["instruction", "input", "output"]),
    Expected(
      path: "json/preference/dpo_en_demo.json", rows: 4, format: .json, schema: .preference, mapping: ["prompt": "conversations"],
      columns: ["conversations", "chosen", "rejected"]),
    Expected(
      path: "json/preference/instruction-data-with-preference.json", rows: 12, format: .json, schema: .preference,
      mapping: ["prompt": "instruction"],
      columns: ["instruction", "input", "output", "rejected", "chosen"]),
    Expected(
      path: "json/sharegpt/glaive_toolcall_en_demo.json", rows: 10, format: .json, schema: .conversations,
      columns: ["conversations", "tools"]),
    Expected(
      path: "json/lines_under_json/BFCL_v4_simple_python.json", rows: 15, format: .jsonl, schema: .table,
      columns: ["id", "question", "function"]),
    Expected(
      path: "json/one_object/10_ChatGPT_DFS_woFilter_w2.json", rows: 1, format: .json, schema: .table,
      columns: ["win", "tree", "forward_args", "compare_candidates", "answer_generation"]),
    Expected(
      path: "archives/human_eval/HumanEval.jsonl.gz", rows: 164, format: .jsonl, schema: .promptCompletion,
      mapping: ["completion": "canonical_solution"], columns: ["task_id", "prompt", "entry_point", "canonical_solution", "test"]),
    Expected(path: "text/the_verdict/the-verdict.txt", rows: 1, format: .plainText, schema: .text, columns: ["text"]),
    Expected(path: "text/shakespeare/input.txt", rows: 3, format: .plainText, schema: .text, columns: ["text", "continues"]),
  ])
  func is_read_and_understood(_ expected: Expected) throws {
    let drop = try Fixture.drop(expected.path)
    #expect(drop.result.rows == expected.rows)
    #expect(drop.result.badRows == 0)
    #expect(drop.result.files.map(\.format) == [expected.format])
    #expect(drop.result.detected == expected.schema)
    #expect(drop.result.mapping == expected.mapping)
    #expect(drop.result.columns.map(\.name) == expected.columns)
    #expect(drop.result.splits.map(\.name) == ["train"])
    #expect(drop.result.sourceSHA256 == SHA256.hash(try Fixture.bytes(expected.path)))
  }

  @Test func a_document_in_pieces_is_the_file_byte_for_byte() throws {
    let drop = try Fixture.drop("text/shakespeare/input.txt")
    #expect(try drop.texts().joined() == String(decoding: try Fixture.bytes("text/shakespeare/input.txt"), as: UTF8.self))
  }

  @Test func line_ends_and_quotes_inside_banking77_fields_survive() throws {
    let texts = try Fixture.drop("csv/banking77/train.csv").texts()
    #expect(texts[0] == "I am still waiting on my card?")
    #expect(texts.count(where: { $0.contains("\n") }) == 10)
    #expect(texts.count(where: { $0.contains("\"") }) >= 20)
  }

  @Test func a_ragged_csv_loses_its_bad_row_and_says_which() throws {
    let drop = try Fixture.drop("csv/ragged/rows.csv")
    #expect(drop.result.rows == 3)
    #expect(
      drop.result.warnings == [
        "Left out: row 4 (line 4, byte 50): 3 fields where the header has 2.",
        "Only 3 rows: enough to try things out, too few to learn from (10 or more are advised).",
      ])
  }

  @Test func a_trailing_comma_is_named() throws {
    #expect(
      Drop.problem("rows.json", try Fixture.bytes("json/trailing_comma/rows.json"))
        == "rows.json (line 3, character 18, byte 38): it is not valid JSON. A comma stands before the closing ]; JSON allows none there. "
        + "Remove that comma and drop the file again.")
  }
}
