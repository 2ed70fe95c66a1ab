import Domain
import Testing

@testable import DatasetFormats

struct JSONLinesFormatTests {
  @Test func a_row_is_kept_byte_for_byte() throws {
    let text = "{\"b\": 2 ,\"a\":\"\\u00e9 é\"}\n{\"a\":1e400}\n"
    #expect(try FormatReading(.jsonl, text).rows == ["{\"b\": 2 ,\"a\":\"\\u00e9 é\"}", "{\"a\":1e400}"])
  }

  @Test func white_space_around_a_row_and_blank_lines_go() throws {
    let reading = try FormatReading(.jsonl, "\n  {\"a\":1}\t\r\n\r\n   \n{\"a\":2}")
    #expect(reading.rows == ["{\"a\":1}", "{\"a\":2}"])
    #expect(reading.bad.isEmpty)
  }

  @Test func a_carriage_return_between_tokens_goes() throws {
    #expect(try FormatReading(.jsonl, "{\"a\":\r\"x  y\",\r \"b\": 2}\n").rows == ["{\"a\":\"x  y\",\"b\":2}"])
  }

  @Test func a_string_becomes_a_text() throws {
    #expect(try FormatReading(.jsonl, "\"He said \\\"hi\\\"\"\n").rows == ["{\"text\":\"He said \\\"hi\\\"\"}"])
  }

  @Test func repeated_keys_stay_and_the_last_counts() throws {
    let reading = try FormatReading(.jsonl, "{\"a\":1,\"a\":\"x\"}\n")
    #expect(reading.rows == ["{\"a\":1,\"a\":\"x\"}"])
    #expect(reading.columns == [DatasetColumn(name: "a", kinds: [.string], rows: 1)])
  }

  @Test func a_bad_line_is_a_bad_row_with_its_place_and_the_rest_goes_on() throws {
    let reading = try FormatReading(.jsonl, "{\"a\":1}\n\n{\"a\":1,}\n[1]\n{\"a\":\"x\n7\n{\"a\":2}\n{\"a\":3} {\"a\":4}\n")
    #expect(reading.rows == ["{\"a\":1}", "{\"a\":2}"])
    #expect(
      reading.bad.map(\.summary) == [
        "row 2 (line 3, character 7, byte 15): a comma stands before the closing }; JSON allows none there",
        "row 3 (line 4, byte 18): a list stands where a row should; a row is an object such as {\"text\": \"…\"}",
        "row 4 (line 5, character 8, byte 29): the text ends inside a string",
      ])
    #expect(
      reading.badText == """
        {"file":"rows.jsonl","row":2,"line":3,"character":7,"byte":15,"reason":"a comma stands before the closing }; JSON allows none there","raw":"{\\"a\\":1,}"}
        {"file":"rows.jsonl","row":3,"line":4,"byte":18,"reason":"a list stands where a row should; a row is an object such as {\\"text\\": \\"…\\"}","raw":"[1]"}
        {"file":"rows.jsonl","row":4,"line":5,"character":8,"byte":29,"reason":"the text ends inside a string","raw":"{\\"a\\":\\"x"}
        {"file":"rows.jsonl","row":5,"line":6,"byte":30,"reason":"a number stands where a row should; a row is an object such as {\\"text\\": \\"…\\"}","raw":"7"}
        {"file":"rows.jsonl","row":7,"line":8,"character":9,"byte":48,"reason":"something follows the end of the row on its line","raw":"{\\"a\\":3} {\\"a\\":4}"}

        """)
  }

  @Test func the_raw_text_of_a_huge_bad_row_is_cut_with_a_note() throws {
    let reading = try FormatReading(.jsonl, "{\"a\":1}\n{\"a\":\"" + String(repeating: "é", count: 4_000) + "\n")
    #expect(reading.badText.utf8.count < 4_500)
    #expect(
      reading.badText.hasSuffix("é\",\"note\":\"raw is cut: the first 4095 of 8006 bytes\"}\n")
        || reading.badText.hasSuffix("é\",\"note\":\"raw is cut: the first 4096 of 8006 bytes\"}\n"))
  }

  @Test func a_row_that_is_no_utf8_is_a_bad_row() throws {
    let reading = try FormatReading(.jsonl, Array("{\"a\":\"good\"}\n{\"a\":\"caf".utf8) + [0xE9] + Array("\"}\n".utf8))
    #expect(reading.rows == ["{\"a\":\"good\"}"])
    #expect(reading.bad.map(\.summary) == ["row 2 (line 2, character 10, byte 22): the byte 0xE9 is not valid UTF-8 here"])
    #expect(
      reading.badText.contains("\"raw\":\"{\\\"a\\\":\\\"caf\u{FFFD}\\\"}\",\"note\":\"bytes that are no UTF-8 stand as U+FFFD in raw\""))
  }

  @Test func columns_are_counted_with_their_kinds() throws {
    let reading = try FormatReading(
      .jsonl, "{\"a\":1,\"b\":\"x\"}\n{\"b\":null,\"c\":[]}\n{\"a\":\"y\",\"b\":true,\"\\u0061\":{}}\n{\"bad\":1,}\n{\"a\":2,\"b\":\"z\"}\n"
    )
    #expect(
      reading.columns == [
        DatasetColumn(name: "a", kinds: [.string, .number, .object], rows: 4, strings: 1),
        DatasetColumn(name: "b", kinds: [.string, .boolean, .null], rows: 3, strings: 2),
        DatasetColumn(name: "c", kinds: [.list], rows: 1),
      ])
  }

  @Test func rows_cut_by_blocks_anywhere_come_out_whole() throws {
    let lines = (0..<200).map { "{\"id\":\($0),\"text\":\"\(String(repeating: "é😀x", count: $0 % 40))\"}" }
    let text = lines.joined(separator: "\n")
    for blockSize in [64, 65, 127, 1_000, 4_096] {
      #expect(try FormatReading(.jsonl, text, blockSize: blockSize).rows == lines)
    }
  }

  @Test func a_row_beyond_the_limit_ends_the_reading() throws {
    var limits = IngestLimits()
    limits.rowBytes = 1_000
    let text = "{\"a\":1}\n{\"a\":\"" + String(repeating: "x", count: 5_000) + "\"}\n"
    #expect(throws: RowTooLong.self) { try FormatReading(.jsonl, text, limits: limits, blockSize: 256) }
    limits.rowBytes = 6_000
    #expect(try FormatReading(.jsonl, text, limits: limits, blockSize: 256).rows.count == 2)
  }

  @Test func garbage_does_not_fill_the_disk_with_bad_rows() throws {
    let text = "{\"a\":1}\n" + String(repeating: "x\n", count: 20_000)
    #expect(
      FormatReading.problem(.jsonl, text)
        == "rows.jsonl: 10000 of the first 10001 rows cannot be read; at most 5 % are tolerated. Row 2 (line 2, character 1, byte 8): "
        + "'x' stands where a value should; row 3 (line 3, character 1, byte 10): 'x' stands where a value should; row 4 (line 4, character 1, "
        + "byte 12): 'x' stands where a value should; and 9997 more. Mend these rows in the file and drop it again.")
  }

  @Test func keys_without_end_are_refused() throws {
    let text = (0..<5_000).map { "{\"id\($0)\":1}" }.joined(separator: "\n")
    #expect(
      FormatReading.problem(.jsonl, text)
        == "rows.jsonl, row 4097: the rows have more than 4096 different columns. The keys are probably data themselves, such as identifiers. "
        + "Make each entry a row of its own: {\"id\": …, \"text\": …}, one a line, and drop that as .jsonl.")
  }

  @Test func as_many_rows_as_are_wanted_are_taken() throws {
    #expect(try FormatReading(.jsonl, "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n", maximumRows: 2).rows == ["{\"a\":1}", "{\"a\":2}"])
  }
}
