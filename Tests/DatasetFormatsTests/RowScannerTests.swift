import StrictJSON
import Testing

@testable import DatasetFormats

/// The fast scanner accepts what the strict one accepts, and nothing else.
struct RowScannerTests {
  /// What each of the two says of an object: how long it is, or nil.
  private func verdicts(_ text: [UInt8]) -> (fast: Int?, strict: Int?) {
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: text.count + ByteWindow.slack)
    defer { buffer.deallocate() }
    buffer.update(repeating: 0, count: text.count + ByteWindow.slack)
    buffer.update(from: text, count: text.count)
    let bytes = UnsafeBufferPointer(start: UnsafePointer(buffer), count: text.count)
    let columns = ColumnTable()
    defer { withExtendedLifetime(columns) {} }
    var scanner = RowScanner(columns, buffer)
    var fast = scanner.object(at: 0)
    if let end = fast, !scanner.traits.isASCII, UTF8Check.firstInvalidByte(in: UnsafeBufferPointer(rebasing: bytes[..<end])) != nil {
      fast = nil
    }
    var strict = JSONScanner(bytes)
    let range = try? strict.skipValue()
    return (fast, range?.upperBound)
  }

  @Test(arguments: [
    #"{}"#, #"{ }"#, #"{"a":1}"#, #"{"a":-0.5e+10,"b":[],"c":{},"d":[1,[2,{"e":null}]]}"#, #"{"a":"\u00e9\n\"\\\/\b\f\r\t"}"#,
    #"{"a":"😀"}"#,
    #"{"a":"\ud83d\ude00"}"#, "{\"a\" :\t1 ,\r\n\"b\": true}", #"{"a":0}"#, #"{"":false}"#, #"{"a":1,"a":2}"#,
  ])
  func accepts_what_is_json(_ text: String) {
    let verdict = verdicts(Array(text.utf8))
    #expect(verdict.fast == text.utf8.count)
    #expect(verdict.strict == text.utf8.count)
  }

  @Test(arguments: [
    #"{"#, #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":[1,]}"#, #"{,}"#, #"{"a":01}"#, #"{"a":1.}"#, #"{"a":.5}"#, #"{"a":-}"#,
    #"{"a":1e}"#,
    #"{"a":+1}"#, #"{"a":NaN}"#, #"{"a":True}"#, #"{"a":nul}"#, #"{"a":falsy}"#, #"{"a":"\x"}"#, #"{"a":"\u12g4"}"#, #"{"a":"\ud83d"}"#,
    #"{"a":"\ud83dx"}"#, #"{"a":"\ude00"}"#, "{\"a\":\"tab\there\"}", "{\"a\":\"line\nfeed\"}", "{\"a\":\"zero\0\"}", #"{'a':1}"#,
    #"{a:1}"#,
    #"{"a":1 "b":2}"#, #"{"a":1]"#, #"{"a":[1}"#, #"{"a":"unclosed}"#, #"{"a" 1}"#, #"{"a":1;"b":2}"#, "{\"a\":1,\u{A0}\"b\":2}",
  ])
  func refuses_what_is_none(_ text: String) {
    let verdict = verdicts(Array(text.utf8))
    #expect(verdict.fast == nil)
    #expect(verdict.strict == nil)
  }

  @Test func refuses_nesting_beyond_the_limit_of_the_strict_scanner() {
    for depth in [RowScanner.maximumDepth - 1, RowScanner.maximumDepth, RowScanner.maximumDepth + 1] {
      let text = "{\"a\":" + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}"
      let verdict = verdicts(Array(text.utf8))
      #expect(verdict.fast == verdict.strict)
      #expect((verdict.fast == nil) == (depth >= RowScanner.maximumDepth))
    }
  }

  @Test func agrees_with_the_strict_scanner_on_ten_thousand_damaged_rows() {
    let seeds = [
      #"{"id": 12, "text": "Ein Satz – mit «Zeichen» \u00fc\n", "score": -1.25e-3, "tags": ["a", "b", {"c": null}], "ok": true}"#,
      #"{"messages":[{"role":"user","content":"Hi 😀 \ud83d\ude00"},{"role":"assistant","content":"你好"}],"n":0,"f":false}"#,
    ].map { Array($0.utf8) }
    let pieces = Array("{}[]\",:\\ueEtfn0123456789.-+ \n\t\u{7F}".utf8) + [0, 0xC3, 0xA9, 0xFF, 0xED, 0xA0, 0x80, 0xF4]
    var random = SeededGenerator(state: 1)
    var accepted = 0
    for round in 0..<10_000 {
      var text = seeds[round % seeds.count]
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let at = Int.random(in: 1..<text.count, using: &random)
        let piece = pieces.randomElement(using: &random) ?? 0
        switch Int.random(in: 0..<4, using: &random) {
        case 0: text[at] = piece
        case 1: text.insert(piece, at: at)
        case 2: text.remove(at: at)
        default: text.removeLast(Int.random(in: 0..<text.count / 4, using: &random))
        }
      }
      let verdict = verdicts(text)
      #expect(verdict.fast == verdict.strict, "\(String(decoding: text, as: UTF8.self))")
      if verdict.fast != nil { accepted += 1 }
    }
    #expect(accepted > 500)  // or the rows were damaged so much that the test says nothing
  }

  @Test func says_whether_a_row_spans_lines_and_is_ascii() throws {
    for (text, spans, ascii) in [
      ("{\"a\": 1}", false, true), ("{\"a\":\n1}", true, true), ("{\"a\":\"é\"}", false, false), ("{\"a\":\"x\\n\"}", false, true),
    ] {
      let bytes = Array(text.utf8) + [UInt8](repeating: 0, count: ByteWindow.slack)
      bytes.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        let columns = ColumnTable()
        defer { withExtendedLifetime(columns) {} }
        var scanner = RowScanner(columns, base)
        #expect(scanner.object(at: 0) == text.utf8.count)
        #expect(scanner.spansLines == spans)
        #expect(scanner.traits.isASCII == ascii)
      }
    }
  }
}
