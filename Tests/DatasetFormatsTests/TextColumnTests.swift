import StrictJSON
import Testing

@testable import DatasetFormats

/// A column's text in one pass is what the slow way over the row's fields says.
struct TextColumnTests {
  private static func read(_ row: String, _ field: String = "text") -> (text: [UInt8]?, continues: Bool) {
    let column = TextColumn(FieldName(field))
    return Array(row.utf8).withUnsafeBufferPointer { bytes in
      let (text, continues) = column.read(DatasetRow(bytes))
      return (text.map { Array($0) }, continues)
    }
  }

  private static func slowly(_ row: String, _ field: String = "text") -> (text: [UInt8]?, continues: Bool) {
    Array(row.utf8).withUnsafeBufferPointer { bytes in
      let (value, continues) = DatasetRow(bytes).valueAndContinuation(FieldName(field))
      guard let value, value.isString else { return (nil, continues) }
      var text: [UInt8] = []
      value.appendText(to: &text)
      return (text, continues)
    }
  }

  @Test(arguments: [
    #"{"text":"plain"}"#, #"{"text":""}"#, #"{ "text" : "spaced" , "n" : 1 }"#, #"{"id":7,"text":"later","more":[{"text":"inner"}]}"#,
    #"{"text":"a\"b\\c\/d\b\f\n\r\té\u00e9\ud83d\ude00\u0000 end"}"#, #"{"text":"first","text":"last"}"#, #"{"text":"first","text":null}"#,
    #"{"text":null}"#, #"{"text":12.5}"#, #"{"text":["x"]}"#, #"{"other":"x"}"#, "{}", #"{"t\u0065xt":"named with an escape"}"#,
    #"{"text":"goes on","continues":true}"#, #"{"continues":true,"text":"goes on"}"#, #"{"text":"ends","continues":false}"#,
    #"{"text":"x","contin\u0075es":true}"#, #"{"text":"x","continues":"true"}"#, #"{"text":"1234567\n"}"#, #"{"text":"12345678"}"#,
    #"{"text":"ends in a slash\\"}"#, #"{"text":"\\\\\\\""}"#, #"{"text":"日本語のテキスト, ein Text, текст"}"#,
  ])
  func it_says_what_the_fields_say(_ row: String) {
    let (read, expected) = (Self.read(row), Self.slowly(row))
    #expect(read.text == expected.text && read.continues == expected.continues)
  }

  @Test func a_column_may_have_any_name() {
    for name in ["continues", "", "a \"quoted\" name", "Text", "Größe"] {
      let key = JSONNode(.string(name)).text()
      for row in ["{\(key):\"x\\n\"}", "{\"text\":\"y\",\(key):\"x\",\"continues\":true}", "{\(key):true}"] {
        let (read, expected) = (Self.read(row, name), Self.slowly(row, name))
        #expect(read.text == expected.text && read.continues == expected.continues, "\(row)")
      }
    }
  }

  @Test func texts_of_every_length_with_escapes_at_every_place() {
    let column = TextColumn(.text)
    for length in 0..<40 {
      for place in 0...length {
        for (written, meant) in [("\\n", "\n"), ("\\\"", "\""), ("\\\\", "\\"), ("\\u20ac", "€"), ("é", "é")] {
          let (before, behind) = (String(repeating: "x", count: place), String(repeating: "y", count: length - place))
          Array("{\"text\":\"\(before)\(written)\(behind)\"}".utf8).withUnsafeBufferPointer { bytes in
            let text = column.read(DatasetRow(bytes)).text.map { Array($0) }
            #expect(text == Array("\(before)\(meant)\(behind)".utf8))
          }
        }
      }
    }
  }

  @Test func its_memory_grows_with_the_longest_text_and_is_used_again() {
    let column = TextColumn(.text)
    for count in [10, 100_000, 3, 1_000_000, 0] {
      let text = String(repeating: "abc\\n", count: count)
      Array("{\"text\":\"\(text)\"}".utf8).withUnsafeBufferPointer { bytes in
        let read = column.read(DatasetRow(bytes)).text.map { Array($0) }
        #expect(read == Array(String(repeating: "abc\n", count: count).utf8))
      }
    }
  }

  @Test(arguments: [
    "", "{", "{\"text\"", "{\"text\":", "{\"text\":\"x", "{\"text\":\"x\\", "{\"text\":\"x\\u00", "[1]", "\"text\"",
    "{\"text\":\"\\ud83d\\u",
  ])
  func a_row_that_was_damaged_since_has_no_text(_ row: String) {
    #expect(Self.read(row).text == nil)
  }
}
