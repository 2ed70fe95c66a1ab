import DatasetFormats
import StrictJSON
import Testing

/// YAML as cards are written in it, and what is none. Values were compared with PyYAML's, but for `no`, which is a word in YAML 1.2.
struct FrontMatterTests {
  private func parse(_ text: String) throws -> JSONNode { try YAMLParser.parse(Array(text.utf8)[...]) }

  private func fault(_ text: String) -> String {
    do {
      return "no fault, but \(try parse(text).text())"
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: [
    (
      "a: 1\nb: two\nc:\nd: ~\ne: true\nf: no\ng: 007\nh: 1.5",
      #"{"a":1,"b":"two","c":null,"d":null,"e":true,"f":"no","g":"007","h":"1.5"}"#
    ),
    ("a:\n- x\n- y: 1\n  z: 2\n-\n  - q\n- - r\n  - s\nb: t", #"{"a":["x",{"y":1,"z":2},["q"],["r","s"]],"b":"t"}"#),
    ("a:\n    - x\n    -   y: 1\n        z:\n        - 2\n", #"{"a":["x",{"y":1,"z":[2]}]}"#),
    ("- a\n- b # not this\n# nor this\n- 'c # this'\n", #"["a","b","c # this"]"#),
    (#"a: [x, "y, z", {k: v, l: [1]}, ]"#, #"{"a":["x","y, z",{"k":"v","l":[1]}]}"#),
    ("a: [x,   # one\n  it's,\n  z]\nb: {}", #"{"a":["x","it's","z"],"b":{}}"#),
    (#"a: "tab\t \u00e4 \U0001F917 \"q\"""# + "\nb: 'it''s'\n\"c d\": 'e: f'", #"{"a":"tab\t ä 🤗 \"q\"","b":"it's","c d":"e: f"}"#),
    ("a: \"one\\\n  \\ two\n\n  three\"\nb: one\n  two\n\n  three\nc: x", #"{"a":"one two\nthree","b":"one two\nthree","c":"x"}"#),
    (
      "a: |\n  one\n    two\n\n  three\n\nb: >-\n  one\n  two\n\n  three\nc: |+\n  x\n\n",
      #"{"a":"one\n  two\n\nthree\n","b":"one two\nthree","c":"x\n\n"}"#
    ),
    ("url: https://a.b/c:d#e\nsize: n<1K\npath: data/*.csv", #"{"url":"https://a.b/c:d#e","size":"n<1K","path":"data/*.csv"}"#),
    ("", "null"), ("# nothing\n\n", "null"), ("just\nwords", #""just words""#),
  ])
  func what_it_means(_ yaml: String, _ json: String) throws {
    #expect(try parse(yaml) == JSONParser.parse(json), "\(fault(yaml))")
  }

  @Test(arguments: [
    ("a: &x 1\nb: *x", "line 1: '&' begins what is not read here: put quotes around the text"),
    ("a: *.csv", "line 1: '*' begins what is not read here: put quotes around the text"),
    ("a: !!python/object x", "line 1: '!' begins what is not read here: put quotes around the text"),
    ("a: 1\na: 2", "line 2: the key 'a' stands twice"),
    ("a: b: c", "line 1: a colon stands within a text: put quotes around it"),
    ("a: 1\n   b: 2", "line 2: a colon stands within a text: put quotes around it"),
    ("a:\n  b: 1\n c: 2", "line 3: its indentation fits nothing above it"),
    ("a:\n\t- x", "line 2: a tab indents it, where YAML has spaces"),
    ("a: [x, y", "line 1: a bracket is not closed"), ("a: [x y: z]", "line 1: a list in brackets lacks a comma"),
    ("a: \"x", "line 1: a quote is not closed"), (#"a: "\q""#, #"line 1: '\q' is no escape"#),
    (#"a: "\ud800""#, "line 1: an escape in quotes stands for no letter"),
    ("a: 'x' y", "line 1: something stands behind the closing quote"),
    ("a: 1\nb", "line 2: neither 'key: value' nor what belongs to the line above"),
  ])
  func what_is_none_is_named_with_its_line(_ yaml: String, _ words: String) {
    #expect(fault(yaml) == words)
  }

  @Test func what_was_made_to_harm_ends_soon() {
    #expect(fault(String(repeating: "- ", count: 100_000)) == "line 1: it is nested more than 32 deep")
    #expect(fault("a: " + String(repeating: "[", count: 100_000)) == "line 1: a bracket is not closed")
    #expect(
      fault("a: " + String(repeating: "[", count: 100) + String(repeating: "]", count: 100)) == "line 1: it is nested more than 32 deep")
    #expect(
      fault((0..<40).map { String(repeating: " ", count: $0) + "k:" }.joined(separator: "\n")) == "line 33: it is nested more than 32 deep")
    #expect(fault(String(repeating: "- x\n", count: 500_001)) == "line 500000: it holds more than 500000 values")
    // Every cut of a text, and every byte in it changed: an error or a value, and never a crash.
    let text = Array("a: [b, {c: 'd'}]\ne:\n- f: \"g\\n\"\n  h: |\n   i\n- >-\n  j\n".utf8)
    for at in text.indices {
      _ = try? YAMLParser.parse(text[..<at])
      for byte in Array("\n\t\"'[]{}:,#-&*!|>\\ \u{FF}".utf8) {
        var changed = text
        changed[at] = byte
        _ = try? YAMLParser.parse(changed[...])
      }
    }
  }

  @Test func it_stands_between_two_lines_at_the_start() throws {
    func matter(_ text: String) throws -> JSONNode? { try FrontMatter.parse(Array(text.utf8)) }
    #expect(try matter("---\nlicense: mit\n---\n# Rows\n") == ["license": "mit"])
    #expect(try matter("\u{FEFF}---\r\nlicense: mit\r\ntags:\r\n- a\r\n---\r\nx") == ["license": "mit", "tags": ["a"]])
    #expect(try matter("# Rows\n---\nlicense: mit\n---\n") == nil)
    #expect(try matter("---\nlicense: mit\n") == nil)
    #expect(try matter("") == nil)
    #expect(throws: YAMLSyntaxError(line: 3, message: "the key 'a' stands twice")) { try matter("---\na: 1\na: 2\n---\n") }
    #expect(throws: YAMLSyntaxError(line: 1, message: "it is no UTF-8")) {
      try FrontMatter.parse(Array("---\na: ".utf8) + [0xFF] + Array("\n---\n".utf8))
    }
    #expect(throws: YAMLSyntaxError(line: 1, message: "it does not end within 4194304 bytes")) {
      try FrontMatter.parse(Array("---\n".utf8) + [UInt8](repeating: 0x61, count: FrontMatter.mostBytes))
    }
  }
}
