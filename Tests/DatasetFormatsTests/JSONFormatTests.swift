import Domain
import Testing

@testable import DatasetFormats

struct JSONFormatTests {
  @Test func a_list_gives_its_elements() throws {
    #expect(try FormatReading(.json, "[{\"a\": 1},\n {\"a\":2}]\n").rows == ["{\"a\": 1}", "{\"a\":2}"])
    #expect(try FormatReading(.json, "[]").rows.isEmpty)
  }

  @Test func a_row_over_several_lines_is_put_onto_one() throws {
    let text = "[\n  {\n    \"a\": \"x \\\" y\\n\",\r\n    \"b\": [ 1, { } ]\n  }\n]"
    #expect(try FormatReading(.json, text).rows == ["{\"a\":\"x \\\" y\\n\",\"b\":[1,{}]}"])
  }

  @Test(arguments: ["data", "examples", "rows", "anything"])
  func an_object_around_one_list_gives_the_list(_ key: String) throws {
    let text = "{\"version\": \"1.1\", \"\(key)\": [{\"a\":1},{\"a\":2}], \"licence\": null}"
    #expect(try FormatReading(.json, text).rows == ["{\"a\":1}", "{\"a\":2}"])
  }

  @Test func under_a_key_that_says_so_other_objects_may_stand_beside_the_list() throws {
    let text = "{\"meta\": {\"n\": 2}, \"data\": [{\"a\":1}], \"more\": {\"x\": [1]}, \"tags\": [\"t\"]}"
    #expect(try FormatReading(.json, text).rows == ["{\"a\":1}"])
  }

  @Test(arguments: [
    "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}", "{\"text\":\"x\",\"tags\":[\"a\",\"b\"]}",
    "{\"question\":[[{\"a\":1}]],\"function\":[{\"b\":2}]}",
    "{\"tree\":{},\"candidates\":[]}", "{}",
  ])
  func any_other_object_is_a_row(_ row: String) throws {
    #expect(try FormatReading(.json, row).rows == [row])
    #expect(try FormatReading(.json, row, blockSize: 64).rows == [row])
  }

  @Test func several_values_in_sequence_are_read_one_after_another() throws {
    #expect(try FormatReading(.json, "{\"a\":1}\n{\"a\":2}\n\n{\"a\":\n3}").rows == ["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"])
    #expect(try FormatReading(.json, "[{\"a\":1}]\n[{\"a\":2}]").rows == ["{\"a\":1}", "{\"a\":2}"])
    #expect(try FormatReading(.json, "{\"data\":[{\"a\":1}]}\n{\"data\":[{\"a\":2}]}").rows == ["{\"a\":1}", "{\"a\":2}"])
  }

  @Test func strings_become_texts_and_other_values_bad_rows() throws {
    let reading = try FormatReading(.json, "[\"one\", {\"text\":\"two\"},\n 3, null]")
    #expect(reading.rows == ["{\"text\":\"one\"}", "{\"text\":\"two\"}"])
    #expect(
      reading.bad.map(\.summary) == [
        "row 3 (line 2, character 2, byte 25): a number stands where a row should; a row is an object such as {\"text\": \"…\"}",
        "row 4 (line 2, character 5, byte 28): null stands where a row should; a row is an object such as {\"text\": \"…\"}",
      ])
    #expect(try FormatReading(.json, "{\"data\":[\"one\",\"two\"]}").rows == ["{\"text\":\"one\"}", "{\"text\":\"two\"}"])
  }

  @Test func rows_cut_by_blocks_anywhere_come_out_whole() throws {
    let rows = (0..<120).map {
      "{\"id\":\($0),\"text\":\"\(String(repeating: "é😀\\u00e9\\ud83d\\ude00", count: $0 % 12))\",\"n\":[\($0),1.5e3,true]}"
    }
    let list = "[\n" + rows.joined(separator: " ,\n") + "\n]\n"
    let object = "{\"version\":12,\"data\":[" + rows.joined(separator: ",") + "],\"end\":false}"
    let sequence = rows.joined(separator: "\n")
    for text in [list, object, sequence] {
      for blockSize in [64, 66, 129, 1_001] { #expect(try FormatReading(.json, text, blockSize: blockSize).rows == rows) }
    }
  }

  @Test func a_trailing_comma_is_named_with_line_character_and_byte() {
    let text = "[\n  {\"a\": 1},\n  {\"a\": 2},\n]\n"
    for blockSize in [64, 1_024] {
      #expect(
        FormatReading.problem(.json, text, blockSize: blockSize)
          == "rows.json (line 3, character 11, byte 24): it is not valid JSON. A comma stands before the closing ]; JSON allows none there. "
          + "Remove that comma and drop the file again.")
    }
    #expect(
      FormatReading.problem(.json, "[{\"a\": 1,}]")
        == "rows.json, row 1 (line 1, character 9, byte 8): it is not valid JSON. A comma stands before the closing }; JSON allows none there. "
        + "Remove that comma and drop the file again.")
  }

  @Test func a_fault_far_into_a_file_is_named_by_its_own_place() {
    let good = (0..<5_000).map { "{\"id\": \($0), \"text\": \"äöü\"}" }.joined(separator: ",\n")
    let text = "[\n\(good),\n{\"id\": 5000, \"text\": NaN}]"
    let problem = FormatReading.problem(.json, text, blockSize: 4_096)
    let byte = text.utf8.count - 5
    #expect(
      problem
        == "rows.json, row 5001 (line 5002, character 22, byte \(byte)): it is not valid JSON. 'N' stands where a value should. "
        + "Mend that place in the file and drop it again.")
  }

  @Test func a_file_that_is_cut_off_says_so() {
    #expect(
      FormatReading.problem(.json, "[{\"a\": 1}, {\"a\": \"tex")
        == "rows.json, row 2 (line 1, character 22, byte 21): it is not valid JSON. The text ends inside a string. "
        + "The copy or download was probably cut off: fetch it again, compare the sizes, and drop the whole file.")
    #expect(
      FormatReading.problem(.json, "[{\"a\": 1}")
        == "rows.json (line 1, character 10, byte 9): it is not valid JSON. The text ends where a comma or ] should stand. "
        + "The copy or download was probably cut off: fetch it again, compare the sizes, and drop the whole file.")
  }

  @Test(arguments: [
    ("[{\"a\":1} {\"a\":2}]", "'{' stands where a comma or ] should"), ("[{'a':1}]", "a key must stand in double quotes"),
    ("[{\"a\":True}]", "'T' stands where a value should"),
    ("{\"data\":[{\"a\":1}],}", "a comma stands before the closing }; JSON allows none there"),
    ("{\"data\" [{\"a\":1}]}", "'[' stands where a colon after the key should"), ("[{\"a\":1}]]", "']' stands where a value should"),
    ("[{\"a\":\"x\ty\"}]", "a tab inside a string must be written as an escape (\\t)"),
    ("id,text\n1,x\n", "'i' stands where a value should"),
    ("{\"data\":[{\"a\":1}]", "the text ends where a comma or } should stand"), ("{\"a\":1} x", "'x' stands where a value should"),
  ])
  func what_is_no_json_is_refused(_ text: String, _ why: String) {
    for blockSize in [64, 4_096] {
      #expect(FormatReading.problem(.json, text, blockSize: blockSize).contains(": it is not valid JSON. \(why.sentenceCased). "))
    }
  }

  @Test func two_lists_of_rows_are_refused() {
    #expect(
      FormatReading.problem(.json, "{\"train\":[{\"a\":1}],\"test\":[{\"a\":2}]}")
        == "rows.json (line 1, character 27, byte 26): its object holds two lists of rows, 'train' and 'test'. It cannot be told which of them is meant. "
        + "Put each list into a file of its own (train.json, test.json), or write one row a line as .jsonl.")
  }

  @Test func a_list_with_more_beside_it_is_refused() {
    #expect(
      FormatReading.problem(.json, "{\"version\":1,\"added_tokens\":[{\"a\":1}],\"model\":{}}")
        == "rows.json (line 1, character 47, byte 46): its object holds a list 'added_tokens' and more besides it ('model'). "
        + "It cannot be told what its rows are. Put the rows into a list of their own: [{…}, {…}], or call their list \"data\".")
  }

  @Test func a_lone_number_is_no_dataset() {
    #expect(
      FormatReading.problem(.json, " 42 ")
        == "rows.json (line 1, character 2, byte 1): it holds no rows. A number stands where a row should; a row is an object such as "
        + "{\"text\": \"…\"}. Write the rows as a list of objects: [{\"text\": \"…\"}, …].")
  }

  @Test func a_row_beyond_the_limit_ends_the_reading() {
    var limits = IngestLimits()
    limits.rowBytes = 1_000
    let text = "[{\"a\":\"" + String(repeating: "x", count: 5_000) + "\"}]"
    #expect(throws: RowTooLong.self) { try FormatReading(.json, text, limits: limits, blockSize: 256) }
  }
}
