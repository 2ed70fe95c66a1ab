import Domain
import Testing

struct SafeNameTests {
  @Test(arguments: [
    ("reviews", "reviews"), ("My Reviews (final).v2", "My-Reviews-final-.v2"), ("größe", "größe"), ("日本語データ", "日本語データ"), ("हिन्दी", "हिन्दी"),
    ("a/b\\c:d", "a-b-c-d"), ("../../etc/passwd", "etc-passwd"), ("--help", "help"), (".hidden", "hidden"), ("trailing. ", "trailing"),
    ("a   b", "a-b"), ("a\nb\u{0}c", "a-b-c"), ("x; rm -rf $HOME", "x-rm--rf-HOME"), ("😀", "unnamed"), ("", "unnamed"), ("...", "unnamed"),
    ("a😀b", "a-b"), ("50%", "50"), ("a_b-c.d", "a_b-c.d"), ("²³½", "²³½"), ("a\u{202E}b", "a-b"),
  ])
  func names_are_made_safe(raw: String, safe: String) {
    #expect(SafeName(from: raw).text == safe)
  }

  @Test func long_names_are_cut_at_a_letter() {
    let name = SafeName(from: String(repeating: "ü", count: 80)).text
    #expect(name.utf8.count == 100)
    #expect(name == String(repeating: "ü", count: 50))
    #expect(SafeName(from: String(repeating: "日", count: 50)).text.utf8.count == 99)
    #expect(SafeName(from: String(repeating: "a", count: 99) + "-b").text == String(repeating: "a", count: 99))
  }

  @Test func letters_are_composed_so_that_equal_names_are_equal_bytes() {
    let composed = SafeName(from: "\u{DC}bung")
    let decomposed = SafeName(from: "U\u{308}bung")
    #expect(Array(composed.text.utf8) == Array(decomposed.text.utf8))
    #expect(Array(decomposed.text.utf8) == [0xC3, 0x9C, 0x62, 0x75, 0x6E, 0x67])
  }

  @Test func what_was_made_safe_is_safe() {
    let scalars = Array("ab-_. /\\\u{0}\n\u{301}\u{308}é日😀.٣²\u{200D}\u{202E}-".unicodeScalars)
    var state: UInt64 = 7
    for _ in 0..<2_000 {
      var raw = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...12, seed: &state) { raw.append(scalars[Int.random(in: 0...scalars.count - 1, seed: &state)]) }
      let name = SafeName(from: String(raw))
      #expect(SafeName(exactly: name.text) == name, "\(Array(String(raw).unicodeScalars))")
      #expect(!name.text.contains("/") && !name.text.hasPrefix(".") && !name.text.isEmpty)
    }
  }

  @Test(arguments: ["", "a b", ".a", "a.", "-a", "a/b", "a\u{0}"])
  func what_is_not_safe_is_no_name(raw: String) {
    #expect(SafeName(exactly: raw) == nil)
    #expect(JobID(raw) == nil)
  }

  @Test func a_jobs_identifier_is_its_name_and_a_number() {
    #expect(JobID(name: SafeName(from: "shakespeare small"), number: 2).text == "shakespeare-small-2")
    #expect(JobID("shakespeare-small-2")?.description == "shakespeare-small-2")
    #expect(JobID(name: SafeName(from: "a"), number: 1) < JobID(name: SafeName(from: "b"), number: 1))
  }

  @Test func names_are_plain_strings_in_json() throws {
    #expect(try JSONRoundTrip.text(of: [SafeName(from: "a b")]) == #"["a-b"]"#)
    #expect(throws: DecodingError.self) { try JSONRoundTrip.decode([SafeName].self, #"["a b"]"#) }
    #expect(throws: DecodingError.self) { try JSONRoundTrip.decode([JobID].self, #"["../x"]"#) }
    #expect(try JSONRoundTrip.decode([JobID].self, #"["a-1"]"#).map(\.text) == ["a-1"])
  }
}

extension Int {
  /// SplitMix64: the same numbers in every run.
  static func random(in range: ClosedRange<Int>, seed state: inout UInt64) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return range.lowerBound + Int((z ^ (z >> 31)) % UInt64(range.count))
  }
}
