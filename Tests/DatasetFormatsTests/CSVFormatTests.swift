import Domain
import StrictJSON
import Testing

@testable import DatasetFormats

struct CSVFormatTests {
  @Test func quotes_doubled_quotes_and_line_ends_inside_fields() throws {
    let reading = try FormatReading(.csv, "text,label\n\"He said \"\"hi\"\", twice\",a\n\"line one\r\nline two\",b\nplain,c\n")
    #expect(
      reading.rows == [
        #"{"text":"He said \"hi\", twice","label":"a"}"#, #"{"text":"line one\r\nline two","label":"b"}"#, #"{"text":"plain","label":"c"}"#,
      ])
    #expect(reading.dialect == "delimiter ',', header in row 1")
    #expect(
      reading.columns == [DatasetColumn(name: "text", kinds: [.string], rows: 3), DatasetColumn(name: "label", kinds: [.string], rows: 3)])
  }

  @Test func line_ends_of_every_kind_and_none_at_the_end() throws {
    let rows = try FormatReading(.csv, "a,b\r\n1,2\n3,4\r5,6\r\n\r\n   \n7,8").rows
    #expect(rows == ["{\"a\":\"1\",\"b\":\"2\"}", "{\"a\":\"3\",\"b\":\"4\"}", "{\"a\":\"5\",\"b\":\"6\"}", "{\"a\":\"7\",\"b\":\"8\"}"])
  }

  @Test func values_stay_as_they_are_written() throws {
    let rows = try FormatReading(.csv, "id,text\n007, x \n1.0,\n\"\",5\" pipe \\ tab\there\n").rows
    #expect(rows == [#"{"id":"007","text":" x "}"#, #"{"id":"1.0","text":""}"#, #"{"id":"","text":"5\" pipe \\ tab\there"}"#])
  }

  @Test(arguments: [
    ("a;b\n1;2,5\n3;4,5\n", "delimiter ';'"), ("a\tb\n1\t2\n", "delimiter tab"), ("a|b|c\n1|2|3\n", "delimiter '|'"),
    ("a,b\n\"1;2;3\",x\n", "delimiter ','"),
    ("text,label\n\"Hi; there\",a;b\n", "delimiter ','"),
  ])
  func the_delimiter_is_found(_ text: String, _ dialect: String) throws {
    #expect(try FormatReading(.csv, text).dialect == "\(dialect), header in row 1")
  }

  @Test func a_tsv_is_parted_by_tabs_though_commas_are_steadier() throws {
    let text = "text\tlabel\nHello, you\ta\nWell, well\tb\n"
    #expect(try FormatReading(.tsv, text).rows == [#"{"text":"Hello, you","label":"a"}"#, #"{"text":"Well, well","label":"b"}"#])
  }

  @Test func one_column_of_free_text_needs_no_quotes() throws {
    let reading = try FormatReading(.csv, "text\nHello, world\nOne, two, three\nNothing\n")
    #expect(reading.dialect == "one column, header in row 1")
    #expect(reading.rows == [#"{"text":"Hello, world"}"#, #"{"text":"One, two, three"}"#, #"{"text":"Nothing"}"#])
  }

  @Test func a_title_above_the_header_is_not_taken_for_one_column() throws {
    let reading = try FormatReading(.csv, "Export\nname,age\n" + (0..<20).map { "n\($0),\($0)\n" }.joined())
    #expect(reading.rows.isEmpty)
    #expect(reading.bad.first?.summary == "row 2 (line 2, byte 7): 2 fields where the header has 1")
  }

  @Test func header_names_lose_white_space_and_carriage_returns() throws {
    #expect(try FormatReading(.csv, " text , label\u{A0}\r\nx,y\r\n").rows == [#"{"text":"x","label":"y"}"#])
  }

  @Test func a_first_row_of_data_is_told_from_a_header() throws {
    let reading = try FormatReading(.csv, "1,good film\n0,bad film\n")
    #expect(reading.rows == [#"{"col_1":"1","col_2":"good film"}"#, #"{"col_1":"0","col_2":"bad film"}"#])
    #expect(reading.dialect == "delimiter ',', no header")
    #expect(
      reading.warnings == [
        "rows.csv: its first row looks like data, not like names, so the columns are called col_1 to col_2. "
          + "If it is the header, say \"header\": true in rows.dataset.json."
      ])
    #expect(
      try FormatReading(.csv, "What a day it was.\nAnd then it rained.\n").rows == [
        #"{"text":"What a day it was."}"#, #"{"text":"And then it rained."}"#,
      ])
  }

  @Test(arguments: [
    (["text", "label"], true), (["frage", "antwort"], true), (["1", "x"], false), (["x", "-2.5e3"], false), (["", ""], false),
    (["", "a", "b"], true),
    (["A sentence ends here.", "x"], false), ([String(repeating: "x", count: 65)], false), (["two\nlines"], false),
    (["text", "", "", ""], true),
    (["Text", "5"], true),
  ])
  func the_header_rule(_ fields: [String], _ isHeader: Bool) {
    #expect(CSVDialect.looksLikeHeader(fields) == isHeader)
  }

  @Test func the_sidecar_wins_over_what_is_found() throws {
    var sidecar = DatasetSidecar()
    sidecar.header = false
    #expect(try FormatReading(.csv, "text,label\nx,y\n", sidecar: sidecar).rows.count == 2)
    sidecar.header = true
    sidecar.delimiter = ";"
    #expect(try FormatReading(.csv, "1,2;3\nx;y\n", sidecar: sidecar).rows == [#"{"1,2":"x","3":"y"}"#])
    sidecar.delimiter = "tab"
    sidecar.quote = "'"
    let reading = try FormatReading(.csv, "a\tb\n'it''s\t\"so\"'\ty\n", sidecar: sidecar)
    #expect(reading.rows == [#"{"a":"it's\t\"so\"","b":"y"}"#])
    #expect(reading.dialect == "delimiter tab, quote ', header in row 1")
    sidecar.quote = ""
    #expect(try FormatReading(.csv, "a\tb\n\"x\ty\"\n", sidecar: sidecar).rows == [#"{"a":"\"x","b":"y\""}"#])
  }

  @Test func a_delimiter_of_two_letters_is_refused() {
    var sidecar = DatasetSidecar()
    sidecar.delimiter = "::"
    #expect(
      FormatReading.problem(.csv, "a::b\n", sidecar: sidecar)
        == "delimiter: the sidecar's delimiter is \"::\", which is not one ASCII character. "
        + "Write one character, such as \",\" or \";\" (for a tab: \"tab\"), or leave it out: it is found by looking.")
    sidecar.delimiter = "\""
    #expect(
      FormatReading.problem(.csv, "a\"b\n", sidecar: sidecar)
        == "delimiter: the sidecar's delimiter and quote are the same character. "
        + "Give each a character of its own, or leave them out: they are found by looking.")
  }

  @Test func a_ragged_row_is_named_by_its_number() throws {
    let text = "a,b\n" + (2...18).map { "\($0),\"x\ny\"\n" }.joined() + "19,two,three\n20,x\n21\n"
    let reading = try FormatReading(.csv, text)
    #expect(reading.rows.count == 18)
    #expect(
      reading.bad.map(\.summary) == [
        "row 19 (line 36, byte 149): 3 fields where the header has 2", "row 21 (line 38, byte 167): 1 field where the header has 2",
      ])
    #expect(
      reading.badText.hasPrefix(
        "{\"file\":\"rows.csv\",\"row\":19,\"line\":36,\"byte\":149,\"reason\":\"3 fields where the header has 2\",\"raw\":\"19,two,three\"}\n"
      ))
  }

  @Test func without_a_header_the_first_row_says_how_many_fields() throws {
    #expect(try FormatReading(.csv, "1,a\n2,b\n3,c,d\n").bad.map(\.reason) == ["3 fields where row 1 has 2"])
  }

  @Test func columns_without_end_are_refused() {
    let text = (0..<5_000).map { "c\($0)" }.joined(separator: ",") + "\n"
    #expect(FormatReading.problem(.csv, text).hasPrefix("rows.csv, row 1: the rows have more than 4096 different columns. "))
  }

  @Test func letters_behind_a_closing_quote_make_a_bad_row() throws {
    let reading = try FormatReading(.csv, "a,b\n\"x\"y,z\nu,v\n")
    #expect(reading.rows == [#"{"a":"u","b":"v"}"#])
    #expect(reading.bad.map(\.reason) == ["a letter stands behind a closing quote; a quote inside a quoted field is written twice"])
  }

  @Test func an_unclosed_quote_is_named_with_the_row_where_it_opened() {
    #expect(
      FormatReading.problem(.csv, "a,b\nx,y\n\nu,\"open\nx,y\nx,y\n")
        == "rows.csv, row 3 (line 4): a quote that is opened in this row is never closed. Everything behind it, to the end of the file, would be one field. "
        + "Close the quote (a quote inside a quoted field is written twice: \"\"); if the end of the file is missing, copy it again.")
  }

  @Test func an_unclosed_quote_in_a_long_file_ends_at_the_row_limit() {
    var limits = IngestLimits()
    limits.rowBytes = 10_000
    let text = "a,b\nx,y\nu,\"open\n" + String(repeating: "x,y\n", count: 20_000)
    #expect(
      FormatReading.problem(.csv, text, limits: limits, blockSize: 1_024)
        == "rows.csv, row 3 (line 3): a quote that is opened in this row is never closed. The row is longer than 10000 bytes, the limit for one row. "
        + "Close the quote (a quote inside a quoted field is written twice: \"\"); if the end of the file is missing, copy it again.")
  }

  @Test func two_columns_of_one_name_are_refused() {
    #expect(
      FormatReading.problem(.csv, "text,label,text\nx,y,z\n")
        == "rows.csv, row 1, column 'text': the header names two columns 'text': number 1 and number 3. A row can hold one value of a name. "
        + "Rename one of them; if row 1 is data and there is no header, say \"header\": false in rows.dataset.json.")
  }

  @Test func a_column_without_a_name_gets_one_and_a_warning() throws {
    let reading = try FormatReading(.csv, ",text\n0,x\n")
    #expect(reading.rows == [#"{"col_1":"0","text":"x"}"#])
    #expect(reading.warnings == ["rows.csv: column 1 has no name in the header; it is called col_1."])
  }

  @Test func rows_with_nothing_in_them_are_passed_over() throws {
    let reading = try FormatReading(.csv, "a,b\nx,y\n,\n\"\",\n")
    #expect(reading.rows == [#"{"a":"x","b":"y"}"#])
    #expect(reading.warnings == ["rows.csv: 2 rows with nothing in any column passed over."])
  }

  @Test func text_that_is_not_utf8_is_refused_at_its_first_byte() {
    let text = Array("text,label\ngood,a\ncaf".utf8) + [0xE9] + Array(" au lait,b\n".utf8)
    #expect(
      FormatReading.problem(.csv, text)
        == "rows.csv, row 3 (line 3, byte 21): the byte 0xE9 is not valid UTF-8. The text is probably written in Windows-1252, the old encoding of "
        + "Western Europe. Convert it and drop the result: iconv -f WINDOWS-1252 -t UTF-8 'rows.csv' > 'utf8-rows.csv'.")
  }

  @Test func a_header_alone_is_told() throws {
    let folder = try FormatReading(.csv, "text,label\n")
    #expect(folder.rows.isEmpty)
  }

  /// The fast reader against the plain one, on rows made of the characters that matter, cut by blocks everywhere.
  @Test func agrees_with_the_plain_reader_on_random_texts() throws {
    let letters = [
      "a", "b", "é", "😀", ",", ",", ",", "\"", "\"", "\"\"", "\n", "\r\n", "\r", " ", "\\", "\t", "\u{1}", ";",
      "long text without anything in it",
    ]
    let dialect = CSVDialect(delimiter: UInt8(ascii: ","), quote: UInt8(ascii: "\""))
    var random = SeededGenerator(state: 7)
    var sidecar = DatasetSidecar()
    sidecar.delimiter = ","
    sidecar.header = true
    var good = 0
    for _ in 0..<200 {
      let body = (0..<Int.random(in: 0...400, using: &random)).map { _ in letters.randomElement(using: &random) ?? "" }.joined()
      var text = "x,y\n" + body
      var records = plain(text, dialect)
      if records.last?.fault == .unterminated {
        #expect(FormatReading.problem(.csv, text, sidecar: sidecar, blockSize: 64).contains("is never closed"))
        text += "\""
        records = plain(text, dialect)
      }
      let expected = records.dropFirst().filter { $0.fault == nil && $0.fields.count == 2 && $0.fields != ["", ""] }.map(\.fields)
      let reading = try FormatReading(.csv, text, sidecar: sidecar, blockSize: Int.random(in: 64...90, using: &random))
      let found = try reading.rows.map { row in
        let node = try JSONParser.parse(row)
        return [node["x"]?.string ?? "?", node["y"]?.string ?? "?"]
      }
      #expect(found == expected, "\(text.debugDescription)")
      good += expected.count
    }
    #expect(good > 500)  // or the texts say nothing
  }

  private func plain(_ text: String, _ dialect: CSVDialect) -> [CSVRecord] {
    Array(text.utf8).withUnsafeBufferPointer { CSVRecord.all(in: $0, isWhole: true, dialect: dialect) }
  }
}
