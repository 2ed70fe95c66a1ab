import StrictJSON
import Testing

/// RFC 8259, case by case: what it accepts, what it refuses, and what it leaves to the reader.
struct ConformanceTests {
  @Test func the_table_is_as_long_as_it_is_meant_to_be() {
    #expect(AcceptedText.all.count >= 95)
    #expect(RefusedText.all.count >= 185)
  }

  @Test(arguments: AcceptedText.all)
  func is_json(_ accepted: AcceptedText) throws {
    let node = try JSONParser.parse(accepted.text)
    #expect(Array(node.text().utf8) == Array(accepted.compact.utf8))
    let again = try JSONParser.parse(node.text())
    #expect(again == node)
    let pretty = try JSONParser.parse(node.text(.pretty))
    #expect(pretty == node)
    #expect(pretty.text() == accepted.compact)
  }

  @Test(arguments: RefusedText.all)
  func is_no_json(_ refused: RefusedText) throws {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(refused.bytes) }
    #expect(error?.code == refused.code)
    #expect(error?.byte == refused.byte)
    #expect(error?.line == refused.line)
    #expect(error?.column == refused.column)
  }

  @Test(arguments: [
    ("", "the text is empty"),
    ("[1] 2", "something follows the end of the value"),
    ("[1,", "the text ends where a value should stand"),
    (#"{"a""#, "the text ends where a colon after the key should stand"),
    (#"{"a": 1"#, "the text ends where a comma or } should stand"),
    (#"["open"#, "the text ends inside a string that was opened at byte 1"),
    (#""\u00"#, "the text ends inside an escape"),
    ("[1 2]", "'2' stands where a comma or ] should"),
    ("{1: 2}", "'1' stands where a key in double quotes should"),
    ("[“a”]", "'“' stands where a value should"),
    ("[\u{A0}1]", "the character U+00A0 stands where a value should"),
    ("[\n\u{0}]", "the byte 0x00 stands where a value should"),
    ("[1,]", "a comma stands before the closing ]; JSON allows none there"),
    (#"{"a": 1,}"#, "a comma stands before the closing }; JSON allows none there"),
    ("[nope]", "this is no JSON literal; the literals are true, false and null, in lower case"),
    ("{a: 1}", "a key must stand in double quotes"),
    ("[01]", "a number must not begin with 0"),
    ("[-]", "a digit must follow the minus sign"),
    ("[1.]", "a digit must follow the decimal point"),
    ("[1e]", "a digit must follow the exponent sign"),
    ("[\"a\tb\"]", #"a tab inside a string must be written as an escape (\t)"#),
    ("[\"\u{1}\"]", #"the byte 0x01 inside a string must be written as an escape (\u0001)"#),
    (#"["\x"]"#, #"\x is no JSON escape"#),
    ("[\"\\\n\"]", "a backslash before a line feed is no JSON escape"),
    (#"["\ü"]"#, "a backslash before 'ü' is no JSON escape"),
    (#"["\u12G4"]"#, #"\u must be followed by four hexadecimal digits"#),
    (#"["\ud800"]"#, "a high surrogate stands alone in an escape"),
    (#"["\udc00"]"#, "a low surrogate stands alone in an escape"),
    (#"{"a": 1, "a": 2}"#, #"the key "a" stands twice in one object"#),
  ])
  func the_words(text: String, message: String) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(text) }
    #expect(error?.message == message)
  }

  @Test func the_words_for_bytes_that_are_no_utf8() {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(Array("[\"gr".utf8) + [0xFC, 0xDF, 0x65, 0x22, 0x5D]) }
    #expect(error?.message == "the byte 0xFC is not valid UTF-8 here")
    #expect(error?.byte == 4)
  }

  @Test func the_words_for_nesting_that_is_too_deep() {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(String(repeating: "[", count: 600)) }
    #expect(error?.message == "the nesting is deeper than 512 levels")
  }

  @Test func line_and_column_count_as_an_editor_does() {
    // Line 3; before the x stand two spaces, a key with an umlaut and an emoji, a colon and a space.
    let error = #expect(throws: JSONSyntaxError.self) { try JSONParser.parse("{\r\n  \"a\": 1,\r\n  \"ü😀\": x\r\n}") }
    #expect(error?.line == 3)
    #expect(error?.column == 9)
    #expect(error?.byte == 26)
  }

  // MARK: what the RFC leaves open

  @Test func repeated_keys_are_kept_where_that_is_asked_for() throws {
    let node = try JSONParser.parse(#"{"a": 1, "b": 2, "a": 3}"#, repeatedKeys: .keepLast)
    #expect(node.object?.keys == ["a", "b", "a"])
    #expect(node["a"] == 3)
    #expect(node.object?.firstRepeated?.keyByte == 17)
    #expect(node.text() == #"{"a":1,"b":2,"a":3}"#)
  }

  @Test func keys_that_only_look_the_same_are_two() throws {
    let node = try JSONParser.parse("{\"\u{E9}\": 1, \"e\u{301}\": 2}")
    #expect(node["\u{E9}"] == 1)
    #expect(node["e\u{301}"] == 2)
  }

  @Test func the_depth_limit_is_exact() throws {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(try JSONParser.parse(nested(512)).array != nil)
    #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(nested(513)) }
    let objects = String(repeating: #"{"a":"#, count: 511) + "[0]" + String(repeating: "}", count: 511)
    #expect(try JSONParser.parse(objects).object != nil)
    for (depth, isAllowed) in [(3, true), (4, false)] {
      let isAccepted = ContiguousArray(nested(depth).utf8).withUnsafeBufferPointer { buffer in
        var scanner = JSONScanner(buffer, maximumDepth: 3)
        return (try? scanner.skipValue()) != nil
      }
      #expect(isAccepted == isAllowed)
    }
  }

  @Test func numbers_of_any_size_keep_their_text() throws {
    let node = try JSONParser.parse("[1e400, 12345678901234567890, 0.1000, -0]")
    let numbers = try #require(node.array).compactMap(\.number)
    #expect(numbers.map(\.text) == ["1e400", "12345678901234567890", "0.1000", "-0"])
    #expect(numbers.map(\.int) == [nil, nil, nil, 0])
    #expect(numbers[1].double == 1.2345678901234567e19)
    #expect(numbers[2].double == 0.1)
  }
}
