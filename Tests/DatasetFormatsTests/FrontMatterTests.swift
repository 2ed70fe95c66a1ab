import DatasetFormats
import StrictJSON
import TestSupport
import Testing

/// YAML as cards are written in it, held against PyYAML's reading of it, and what is refused.
struct FrontMatterTests {
  private func parse(_ text: String) throws -> JSONNode { try YAMLReader.read(Array(text.utf8)[...]) }

  private func fault(_ text: String) -> String {
    do {
      return "no fault, but \(try parse(text).text())"
    } catch {
      return "\(error)"
    }
  }

  /// What is not as `yaml.safe_load` has it, apart from words, ratios and dates, which are texts here.
  private static let ours = [
    "no number": #"{"a":".inf","b":"-.inf","c":".nan","d":".","e":"<"}"#,
    "an equals sign": #"{"a":"="}"#,
    "tab behind a colon": #"{"a":"b"}"#,
    "tab behind a value": #"{"license":"mit","tags":["a","b"]}"#,
    "a key twice": "line 4, column 1: the key 'a' stands twice. Keep one of them.",
    "a list that holds itself":
      "line 2, column 11: *x stands for what &x marks, and nothing before it is whole and marked so. Put quotes around the text, or mark a value above with &x.",
    "a set": "line 2, column 4: the tag !!set asks for a value that is not made here. Take out the tag.",
    "bytes": "line 2, column 4: the tag !!binary asks for a value that is not made here. Take out the tag.",
  ]

  /// Tests/Fixtures/cards/make_matters.py.
  @Test func front_matters_mean_what_pyyaml_makes_of_them() throws {
    let golden = try JSONParser.parse(try Fixtures.bytes("cards/matters.json"))
    let cases = try #require(golden["cases"]?.array)
    #expect(cases.count == 77)
    var other: Set<String> = []
    for example in cases {
      let name = try #require(example["name"]?.string)
      let readme = Array(try #require(example["readme"]?.string).utf8)
      let found: String
      do {
        found = try #require(try FrontMatter.parse(readme), "\(name)").text()
      } catch let error as YAMLSyntaxError {
        found = error.description
      }
      if let words = Self.ours[name] {
        #expect(found == words, "\(name)")
      } else if let value = example["value"] {
        #expect(try JSONParser.parse(Array(found.utf8)) == value, "\(name): \(found)")
      } else {
        #expect(found.hasPrefix("line "), "\(name): PyYAML says \(example["error"]?.string ?? ""), and here it is \(found)")
      }
      if example["safe_load"] != nil { other.insert(name) }
    }
    // What YAML 1.1 has and the Hub has not.
    #expect(other == ["words of YAML 1.1", "dates", "ratios and times"])
  }

  @Test(arguments: [
    (
      "a: 1\nb: two\nc:\nd: ~\ne: true\nf: no\ng: 007\nh: 1.50",
      #"{"a":1,"b":"two","c":null,"d":null,"e":true,"f":"no","g":7,"h":1.50}"#
    ),
    ("a:\n- x\n- y: 1\n  z: 2\n-\n  - q\n- - r\n  - s\nb: t", #"{"a":["x",{"y":1,"z":2},["q"],["r","s"]],"b":"t"}"#),
    ("a: [x,   # one\n  it's,\n  z]\nb: {}", #"{"a":["x","it's","z"],"b":{}}"#),
    ("a: \"one\\\n  \\ two\n\n  three\"\nb: one\n  two\n\n  three\nc: x", #"{"a":"one two\nthree","b":"one two\nthree","c":"x"}"#),
    ("a: &x 1\nb: *x", #"{"a":1,"b":1}"#),
    ("a: &k key\n*k : value", #"{"a":"key","key":"value"}"#),
    // Written in two ways, é is two keys to everybody but Swift's texts.
    ("\u{E9}: 1\ne\u{301}: 2", "{\"\u{E9}\":1,\"e\u{301}\":2}"),
    ("", "null"), ("# nothing\n\n", "null"), ("just\nwords", #""just words""#),
  ])
  func what_it_means(_ yaml: String, _ json: String) throws {
    #expect(fault(yaml) == "no fault, but \(json)")
  }

  @Test(arguments: [
    ("a: *.csv", "line 1, column 4: '*' begins the name of an anchor, and none follows. Put quotes around the text."),
    (
      "a: *b",
      "line 1, column 4: *b stands for what &b marks, and nothing before it is whole and marked so. Put quotes around the text, or mark a value above with &b."
    ),
    ("a: & x", "line 1, column 4: '&' begins the name of an anchor, and none follows. Put quotes around the text."),
    ("a: !!python/object x", "line 1, column 4: the tag !!python/object asks for a value that is not made here. Take out the tag."),
    ("a: !!int x", "line 1, column 4: 'x' is no int, as its tag says. Take out the tag !!int, or mend the value."),
    ("a: 1\na: 2", "line 2, column 1: the key 'a' stands twice. Keep one of them."),
    ("a: b: c", "line 1, column 5: a colon stands within a text. Put quotes around the text, or begin a new line with the key."),
    (
      "a:\n  b: 1\n c: 2",
      "line 3, column 2: it fits nothing above it. Indent it as what it belongs to; behind a closing bracket or quote nothing may follow."
    ),
    ("a:\n\t- x", "line 2, column 1: a tab indents it, where YAML has spaces. Indent with spaces."),
    ("a: |\n\tx", "line 2, column 1: a tab indents it, where YAML has spaces. Indent with spaces."),
    ("ä: ö\nb: @c", "line 2, column 4: '@' begins no text. Put quotes around the text."),
    ("a: [x, y", "line 1, column 4: a list in brackets lacks a comma or its end. Part its members by commas, and close it with ]."),
    ("a: {x: y\nb: c", "line 1, column 4: a mapping in braces lacks a comma or its end. Part its members by commas, and close it with }."),
    (
      "a: [",
      "line 2, column 1: a value is missing, or the end of a list in brackets or a mapping in braces. Write the value, or close what was opened."
    ),
    ("a: - b", "line 1, column 4: an entry of a list stands behind something. Begin a new line with '- '."),
    ("a: \"x", "line 1, column 4: a quote is not closed. Close it."),
    (
      #"a: "\q""#,
      #"line 1, column 5: a backslash stands there that begins no escape. Write \\ for a backslash, or put the text into single quotes."#
    ),
    (
      #"a: "\ud800""#,
      #"line 1, column 7: a backslash stands there that begins no escape. Write \\ for a backslash, or put the text into single quotes."#
    ),
    (
      "a: 'x' y",
      "line 1, column 8: it fits nothing above it. Indent it as what it belongs to; behind a closing bracket or quote nothing may follow."
    ),
    (
      "a: 1\nb",
      "line 2, column 1: it is neither 'key: value' nor part of what stands above. Write a colon and a space behind the key, or indent the line."
    ),
    ("a: 1\n--- # second\nb: 2", "line 2, column 1: a second document begins. Keep one, and take out the line '---' or '...'."),
    ("? [a]\n: b", "line 1, column 3: a list or a mapping stands as key. Write a text as key."),
    ("a: &l [b]\n*l : c", "line 2, column 1: the key *l is no text. Write a text as key."),
    ("a:\n  <<: b", "line 2, column 7: '<<' takes in what is no mapping. Name a mapping's anchor, or put quotes around '<<'."),
    ("ä\u{7}: x", "line 1, column 2: a control character stands there. Take it out."),
    ("a: |x", "line 1, column 5: did not find expected comment or line break while scanning a block scalar. Mend it as YAML 1.1 has it."),
  ])
  func what_is_none_is_named_with_its_place(_ yaml: String, _ words: String) {
    #expect(fault(yaml) == words)
  }

  @Test func what_was_made_to_harm_ends_soon() {
    let deep = "it is nested more than 32 deep. Nest it less deep."
    #expect(fault(String(repeating: "- ", count: 100_000)) == "line 1, column 65: \(deep)")
    #expect(fault("a: " + String(repeating: "[", count: 100_000)) == "line 1, column 35: \(deep)")
    #expect(fault(String(repeating: "{a: ", count: 100)) == "line 1, column 129: \(deep)")
    #expect(fault((0..<40).map { String(repeating: " ", count: $0) + "k:" }.joined(separator: "\n")) == "line 33, column 33: \(deep)")
    let many = "it holds more than 500000 values. Take out what no reader needs."
    #expect(fault(String(repeating: "- x\n", count: 500_001)) == "line 500000, column 3: \(many)")
    // A billion laughs: nine lists, each nine times the one before.
    let laughs = (1..<10).map { "l\($0): &l\($0) [\(Array(repeating: "*l\($0 - 1)", count: 9).joined(separator: ", "))]" }
    #expect(fault((["l0: &l0 ha"] + laughs).joined(separator: "\n")) == "line 7, column 40: \(many)")
    // Deep by names alone.
    let chain = (1..<40).map { "l\($0): &l\($0) [*l\($0 - 1)]" }
    #expect(fault((["l0: &l0 ha"] + chain).joined(separator: "\n")) == "line 32, column 12: \(deep)")
    // Few values, and long ones.
    let long = "a: &a " + String(repeating: "x", count: 1 << 20) + "\nb: [" + String(repeating: "*a, ", count: 20) + "]"
    #expect(fault(long) == "line 2, column 61: its texts have more than 16777216 bytes. Take out what no reader needs.")
  }

  /// Every cut of a text, every byte in it changed, and bytes of no meaning: an error or a value, and never a crash.
  @Test func whatever_stands_there_never_crashes() {
    let text = Array("a: [b, {c: 'd'}]\ne:\n- &f f: \"g\\n\"\n  h: |\n   i\n- >-\n  j\n- <<: {k: *f}\n- !!str 5\n".utf8)
    var read = 0
    for at in text.indices {
      if (try? YAMLReader.read(text[..<at])) != nil { read += 1 }
      for byte in Array("\n\t\"'[]{}:,#-&*!|>\\ %@\u{FF}".utf8) + [0, 0xFF, 0xC0] {
        var changed = text
        changed[at] = byte
        if (try? YAMLReader.read(changed[...])) != nil { read += 1 }
      }
    }
    #expect(read > 100)
    var state: UInt64 = 7
    let signs = Array("abc \n\n  --::,,[]{}'\"&a*a!!|>#%@\\?<1.0~\r\t\u{E9}".utf8) + [0x85, 0xFF]
    for _ in 0..<20_000 {
      let noise = (0..<40).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return signs[Int(state >> 33) % signs.count]
      }
      _ = try? YAMLReader.read(noise[...])
    }
  }

  @Test func it_stands_between_two_lines_at_the_start() throws {
    func matter(_ text: String) throws -> JSONNode? { try FrontMatter.parse(Array(text.utf8)) }
    #expect(try matter("---\nlicense: mit\n---\n# Rows\n") == ["license": "mit"])
    #expect(try matter("\u{FEFF}---\r\nlicense: mit\r\ntags:\r\n- a\r\n---\r\nx") == ["license": "mit", "tags": ["a"]])
    #expect(try matter("# Rows\n---\nlicense: mit\n---\n") == nil)
    #expect(try matter("---\nlicense: mit\n") == nil)
    #expect(try matter("---\n---\n") == .init(.null))
    #expect(try matter("") == nil)
    #expect(throws: YAMLSyntaxError(line: 3, column: 1, message: "the key 'a' stands twice", mend: "Keep one of them.")) {
      try matter("---\na: 1\na: 2\n---\n")
    }
    #expect(
      throws: YAMLSyntaxError(
        line: 3, column: 5, message: "it is no UTF-8 (invalid leading UTF-8 octet)", mend: "Save README.md as UTF-8.")
    ) { try FrontMatter.parse(Array("---\nü: ü\na: ü".utf8) + [0xFF] + Array("\n---\n".utf8)) }
    #expect(
      throws: YAMLSyntaxError(
        line: 1, column: 1, message: "it does not end within 4194304 bytes",
        mend: "Put a line --- behind it, or take away the one before it.")
    ) { try FrontMatter.parse(Array("---\n".utf8) + [UInt8](repeating: 0x61, count: FrontMatter.mostBytes)) }
  }
}
