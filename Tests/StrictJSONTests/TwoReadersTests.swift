import StrictJSON
import Testing

/// The parser builds and the scanner only steps over: both must say the same of every text.
struct TwoReadersTests {
  @Test(arguments: [UInt64(1), 2, 3, 4])
  func they_agree_on_valid_texts(seed: UInt64) throws {
    var generated = GeneratedJSON(seed: seed)
    for _ in 0..<500 {
      let text = generated.text()
      let (parsed, scanned) = verdicts(text)
      #expect(parsed == nil && scanned == nil, "\(String(decoding: text, as: UTF8.self))")
    }
  }

  @Test(arguments: [UInt64(11), 12, 13, 14])
  func they_agree_on_damaged_texts_down_to_the_byte(seed: UInt64) throws {
    var generated = GeneratedJSON(seed: seed)
    var refused = 0
    for _ in 0..<2_000 {
      let text = generated.mutated(generated.text())
      let (parsed, scanned) = verdicts(text)
      #expect(parsed == scanned, "\(text)")
      if parsed != nil { refused += 1 }
    }
    #expect(refused > 1_000)
    #expect(refused < 2_000)
  }

  @Test(arguments: [UInt64(21), 22])
  func what_is_written_is_read_back(seed: UInt64) throws {
    var generated = GeneratedJSON(seed: seed)
    for _ in 0..<300 {
      let node = try JSONParser.parse(generated.text(), repeatedKeys: .keepLast)
      for layout in [JSONNode.Layout.compact, .pretty] {
        let again = try JSONParser.parse(node.text(layout), repeatedKeys: .keepLast)
        #expect(again.text() == node.text())
      }
    }
  }

  @Test func every_place_is_remembered() throws {
    var generated = GeneratedJSON(seed: 31)
    for _ in 0..<200 {
      let text = generated.text()
      try check(try JSONParser.parse(text, repeatedKeys: .keepLast), text)
    }
  }

  /// A value's byte is where it can be read again.
  private func check(_ node: JSONNode, _ text: [UInt8]) throws {
    let again = text.withUnsafeBufferPointer { buffer in
      var scanner = JSONScanner(buffer, at: node.byte)
      return (try? scanner.skipValue()).map { Array(buffer[$0]) }
    }
    let bytes = try #require(again)
    #expect(try JSONParser.parse(bytes, repeatedKeys: .keepLast).text() == node.text())
    for element in node.array ?? [] { try check(element, text) }
    for member in node.object?.members ?? [] {
      #expect(text[member.keyByte] == UInt8(ascii: "\""))
      try check(member.node, text)
    }
  }

  private func verdicts(_ text: [UInt8]) -> (parsed: JSONSyntaxError?, scanned: JSONSyntaxError?) {
    var parsed: JSONSyntaxError?
    do { _ = try JSONParser.parse(text, repeatedKeys: .keepLast) } catch { parsed = error }
    let scanned = text.withUnsafeBufferPointer { buffer in
      var scanner = JSONScanner(buffer)
      if text.starts(with: [0xEF, 0xBB, 0xBF]) { scanner.move(to: 3) }
      do {
        scanner.skipWhitespace()
        if scanner.isAtEnd { throw scanner.error(.emptyText, "the text is empty") }
        _ = try scanner.skipValue()
        scanner.skipWhitespace()
        if !scanner.isAtEnd { throw scanner.error(.trailingContent, "something follows the end of the value") }
        return JSONSyntaxError?.none
      } catch {
        return error as? JSONSyntaxError
      }
    }
    return (parsed, scanned)
  }
}
