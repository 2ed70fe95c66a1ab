import Domain
import StrictJSON
import Testing

@testable import Ingestion

struct SchemaDetectionTests {
  /// What twelve rows of one kind are taken for.
  private func detect(_ row: String, told: [String: String] = [:]) throws -> SchemaDetection {
    let drop = try Drop("a.jsonl", String(repeating: row + "\n", count: 12))
    return try SchemaDetection(
      columns: drop.result.columns, rows: 12, sample: try drop.rows().map { try JSONParser.parse($0) }, told: told,
      sidecarName: "a.dataset.json")
  }

  @Test(arguments: [
    (#"{"text":"x"}"#, DatasetSchema.text, [:]),
    (#"{"content":"x","id":1}"#, .text, ["text": "content"]),
    (#"{"sentence":"x","label":1}"#, .text, ["text": "sentence"]),
    (#"{"verse":"x"}"#, .text, ["text": "verse"]),
    (#"{"prompt":"x","completion":"y"}"#, .promptCompletion, [:]),
    (#"{"question":"x","answer":"y","context":"z"}"#, .promptCompletion, ["prompt": "question", "completion": "answer"]),
    (#"{"input":"x","output":"y"}"#, .promptCompletion, ["prompt": "input", "completion": "output"]),
    (#"{"prompt":"x","response":"y","reward":0.5}"#, .promptCompletion, ["completion": "response"]),
    (#"{"prompt":[{"role":"user","content":"x"}],"completion":[{"role":"assistant","content":"y"}]}"#, .promptCompletion, [:]),
    (#"{"Question":"x","Answer":"y"}"#, .promptCompletion, ["prompt": "Question", "completion": "Answer"]),
    (#"{"instruction":"x","input":"","output":"y"}"#, .instruction, [:]),
    (#"{"instruction":"x","context":"c","response":"y","category":"qa"}"#, .instruction, ["input": "context", "output": "response"]),
    (#"{"instruction":"x","input":"","output":"y","text":"all of it"}"#, .instruction, [:]),
    (
      #"{"system_prompt":"s","question":"x","response":"y"}"#, .instruction,
      ["system": "system_prompt", "instruction": "question", "output": "response"]
    ),
    (#"{"messages":[{"role":"user","content":"x"}],"prompt":"x"}"#, .messages, [:]),
    (#"{"messages":[{"role":"assistant","tool_calls":[]}]}"#, .messages, [:]),
    (#"{"conversations":[{"role":"user","content":"x"}]}"#, .messages, ["messages": "conversations"]),
    (#"{"conversations":[{"from":"human","value":"x"}]}"#, .conversations, [:]),
    (#"{"messages":[{"from":"human","value":"x"}]}"#, .conversations, ["conversations": "messages"]),
    (#"{"prompt":"x","chosen":"y","rejected":"z"}"#, .preference, [:]),
    (#"{"chosen":[{"role":"user","content":"x"}],"rejected":[{"role":"user","content":"x"}]}"#, .preference, [:]),
    (#"{"question":"x","chosen":"y","rejected":"z"}"#, .preference, ["prompt": "question"]),
    (#"{"problem":"x","solution":"y","answer":"z"}"#, .problemSolution, [:]),
    (#"{"id":1,"name":"x","tags":["y"]}"#, .table, [:]),
    (#"{"text":["a","b"],"id":1}"#, .table, [:]),
    (#"{"messages":["a","b"]}"#, .table, [:]),
    (#"{"role":"user","content":"x"}"#, .table, [:]),
  ])
  func what_rows_are(_ row: String, _ schema: DatasetSchema, _ mapping: [String: String]) throws {
    let detection = try detect(row)
    #expect(detection.schema == schema)
    #expect(detection.mapping == mapping)
  }

  @Test func columns_that_fit_nothing_are_told_how_to_be_mapped() throws {
    #expect(
      try detect(#"{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7}"#).warnings == [
        "Its columns (a, b, c, d, e, f, …) make none of the known shapes. To train on it, say which is which in a.dataset.json: "
          + "{\"columns\": {\"prompt\": \"…\", \"completion\": \"…\"}}."
      ])
  }

  @Test func rows_of_several_examples_are_told_how_to_be_converted() throws {
    #expect(
      try detect(#"{"instruction":"Add.","instances":[{"input":"1 and 2","output":"3"}]}"#).warnings == [
        "Each row holds several examples (Unnatural Instructions: an instruction with several instances a row). To train on them, have them "
          + "converted, an example a row: {\"convert\": \"instruction/input/output\"} in a.dataset.json."
      ])
  }

  @Test func a_column_that_rows_lack_is_told() throws {
    let rows = (0..<12).map { $0 % 4 == 0 ? #"{"prompt":"x","completion":null}"# : #"{"prompt":"x","completion":"y"}"# }
    let drop = try Drop("a.jsonl", rows.joined(separator: "\n"))
    #expect(drop.result.detected == .promptCompletion)
    #expect(drop.result.warnings == ["The column 'completion' is missing or null in 3 of 12 rows."])
  }

  @Test func a_few_values_of_another_kind_do_not_change_what_the_others_are() throws {
    let rows = (0..<40).map { $0 == 7 || $0 == 30 ? #"{"text":17}"# : #"{"text":"x"}"# }
    let drop = try Drop("a.jsonl", rows.joined(separator: "\n"))
    #expect(drop.result.detected == .text)
    #expect(drop.result.warnings == ["The column 'text' holds something else than text in 2 of 40 rows: they are not trained on."])
    let many = rows.prefix(8) + rows.suffix(10)
    #expect(try Drop("a.jsonl", many.joined(separator: "\n") + "\n{\"text\":1}\n").result.detected == .table)
    // One alone is borne among few.
    let one = try Drop(
      "a.jsonl",
      (Array(repeating: #"{"prompt":"x","completion":"y"}"#, count: 11) + [#"{"prompt":"x","completion":["y"]}"#]).joined(separator: "\n"))
    #expect(one.result.detected == .promptCompletion)
    #expect(one.result.warnings == ["The column 'completion' holds something else than text in 1 of 12 rows: it is not trained on."])
    let chat = #"{"messages":[{"role":"user","content":"x"}]}"#
    let empty = Array(repeating: chat, count: 30) + [#"{"messages":[]}"#, #"{"messages":"x"}"#]
    #expect(try Drop("a.jsonl", empty.joined(separator: "\n")).result.detected == .table)
    #expect(
      try Drop("a.jsonl", (Array(repeating: chat, count: 30) + [#"{"messages":[]}"#]).joined(separator: "\n")).result.detected == .messages)
  }

  @Test func a_column_that_most_rows_lack_plays_no_role() throws {
    let rows = (0..<12).map { $0 < 2 ? #"{"text":"x","chosen":"a","rejected":"b"}"# : #"{"text":"x"}"# }
    #expect(try Drop("a.jsonl", rows.joined(separator: "\n")).result.detected == .text)
  }
}
