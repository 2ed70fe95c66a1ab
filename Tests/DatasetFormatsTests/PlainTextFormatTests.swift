import Domain
import StrictJSON
import Testing

@testable import DatasetFormats

struct PlainTextFormatTests {
  private func sidecar(_ rows: DatasetSidecar.TextRows) -> DatasetSidecar {
    var sidecar = DatasetSidecar()
    sidecar.textRows = rows
    return sidecar
  }

  private func joined(_ rows: [String]) throws -> String {
    try rows.map { try JSONParser.parse($0)["text"]?.string ?? "?" }.joined()
  }

  @Test func a_short_document_is_one_row() throws {
    let reading = try FormatReading(.plainText, "Line one.\r\n\tLine \"two\"\n")
    #expect(reading.rows == [#"{"text":"Line one.\r\n\tLine \"two\"\n"}"#])
    #expect(reading.columns == [DatasetColumn(name: "text", kinds: [.string], rows: 1)])
  }

  @Test(arguments: ["A line of verse, with é and 😀.\n", "old line ends\r", "windows\r\n", "no line ends at all, only spaces ", "漢字"])
  func the_pieces_of_a_document_join_without_a_seam(_ unit: String) throws {
    let text = String(repeating: unit, count: 300_000 / unit.utf8.count)
    for blockSize in [4_096, 70_000, 1 << 20] {
      let reading = try FormatReading(.plainText, text, blockSize: blockSize)
      #expect(reading.rows.count >= 5)
      #expect(try joined(reading.rows) == text)
      #expect(reading.rows.allSatisfy { $0.utf8.count < 2 * PlainTextFormat.pieceBytes })
      #expect(reading.rows.dropLast().allSatisfy { $0.hasSuffix("\",\"continues\":true}") })
      #expect(reading.rows.last?.hasSuffix("\"}") == true)
      #expect(reading.columns.map(\.name) == ["text", "continues"])
    }
  }

  @Test func pieces_end_at_line_ends() throws {
    let text = String(repeating: "0123456789\n", count: 20_000)
    let rows = try FormatReading(.plainText, text).rows
    #expect(rows.dropLast().allSatisfy { $0.hasSuffix("\\n\",\"continues\":true}") })
  }

  @Test func each_line_a_row() throws {
    let text = "one\n\ntwo\r\n   \nthree\rfour"
    for blockSize in [64, 4_096] {
      #expect(
        try FormatReading(.plainText, text, sidecar: sidecar(.line), blockSize: blockSize).rows
          == ["{\"text\":\"one\"}", "{\"text\":\"two\"}", "{\"text\":\"three\"}", "{\"text\":\"four\"}"])
    }
  }

  @Test func paragraphs_are_parted_by_blank_lines() throws {
    let text = "\n\n  first line\nsecond line\n\n \t\nnext\r\nparagraph\r\n\r\nlast"
    for blockSize in [64, 4_096] {
      #expect(
        try FormatReading(.plainText, text, sidecar: sidecar(.paragraph), blockSize: blockSize).rows
          == ["{\"text\":\"  first line\\nsecond line\"}", "{\"text\":\"next\\r\\nparagraph\"}", "{\"text\":\"last\"}"])
    }
  }

  @Test func lines_cut_by_blocks_anywhere_come_out_whole() throws {
    let lines = (1...300).map { String(repeating: "é\($0) ", count: $0 % 50 + 1) + "." }
    for (end, blockSize) in [("\n", 64), ("\r\n", 65), ("\r", 66), ("\r\n", 1_000)] {
      let rows = try FormatReading(.plainText, lines.joined(separator: end), sidecar: sidecar(.line), blockSize: blockSize).rows
      #expect(try rows.map { try JSONParser.parse($0)["text"]?.string } == lines)
    }
  }

  @Test func nothing_but_white_space_is_no_row() throws {
    #expect(try FormatReading(.plainText, " \n\n\t ").rows.isEmpty)
  }

  @Test func control_characters_are_escaped() throws {
    #expect(try FormatReading(.plainText, "a\u{0}b\u{1B}c\u{7F}\u{1F}").rows == ["{\"text\":\"a\\u0000b\\u001bc\u{7F}\\u001f\"}"])
  }

  @Test func text_that_is_not_utf8_is_refused_with_line_and_byte() {
    let text = Array("Zeile eins\nM".utf8) + [0xFC] + Array("ller\n".utf8)
    #expect(
      FormatReading.problem(.plainText, text)
        == "rows.txt (line 2, character 2, byte 12): the byte 0xFC is not valid UTF-8. The text is probably written in Windows-1252, the old encoding "
        + "of Western Europe. Convert it and drop the result: iconv -f WINDOWS-1252 -t UTF-8 'rows.txt' > 'utf8-rows.txt'.")
    let cyrillic = (0..<200).map { UInt8(0xC0 + $0 % 64) }
    #expect(
      FormatReading.problem(.plainText, cyrillic).hasSuffix(
        "The text is probably written in Windows-1251 or KOI8-R (Cyrillic), GB18030 (Chinese), Shift_JIS (Japanese) or the like. Convert it and drop "
          + "the result: iconv -f ENCODING -t UTF-8 'rows.txt' > 'utf8-rows.txt'. Put the right name in the place of ENCODING (iconv -l lists them)."
      ))
  }
}
