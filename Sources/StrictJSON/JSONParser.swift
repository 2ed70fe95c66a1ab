/// Reads a whole JSON text into a tree. For small files (job files, configs, tokenizer.json); rows of datasets are
/// scanned in place with `JSONScanner` instead.
package struct JSONParser {
  package enum RepeatedKeys: Sendable {
    /// Refuse the text: what a person wrote twice by mistake must not be decided silently.
    case refuse
    /// Keep all members; look-ups find the last.
    case keepLast
  }

  private var scanner: JSONScanner
  private let repeatedKeys: RepeatedKeys

  private init(_ bytes: UnsafeBufferPointer<UInt8>, _ repeatedKeys: RepeatedKeys) {
    scanner = JSONScanner(bytes)
    self.repeatedKeys = repeatedKeys
  }

  /// Parses exactly one value with white space around it. A UTF-8 byte order mark in front is passed over.
  package static func parse(_ bytes: some Sequence<UInt8>, repeatedKeys: RepeatedKeys = .refuse) throws(JSONSyntaxError) -> JSONNode {
    let contiguous = ContiguousArray(bytes)
    let result = contiguous.withUnsafeBufferPointer { buffer in
      Result { () throws(JSONSyntaxError) in try parse(buffer, repeatedKeys: repeatedKeys) }
    }
    return try result.get()
  }

  package static func parse(_ text: String, repeatedKeys: RepeatedKeys = .refuse) throws(JSONSyntaxError) -> JSONNode {
    try parse(text.utf8, repeatedKeys: repeatedKeys)
  }

  package static func parse(_ buffer: UnsafeBufferPointer<UInt8>, repeatedKeys: RepeatedKeys = .refuse) throws(JSONSyntaxError) -> JSONNode
  {
    var parser = JSONParser(buffer, repeatedKeys)
    if buffer.count >= 3, buffer[0] == 0xEF, buffer[1] == 0xBB, buffer[2] == 0xBF { parser.scanner.move(to: 3) }
    parser.scanner.skipWhitespace()
    if parser.scanner.isAtEnd { throw parser.scanner.error(.emptyText, "the text is empty") }
    let node = try parser.value(depth: 0)
    parser.scanner.skipWhitespace()
    if !parser.scanner.isAtEnd { throw parser.scanner.error(.trailingContent, "something follows the end of the value") }
    return node
  }

  private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONNode {
    let start = scanner.position
    guard let first = scanner.current else { throw scanner.endOfText("a value") }
    switch first {
    case UInt8(ascii: "{"): return JSONNode(.object(try object(depth: depth)), byte: start)
    case UInt8(ascii: "["): return JSONNode(.array(try array(depth: depth)), byte: start)
    case UInt8(ascii: "\""):
      let string = try scanner.skipString()
      return JSONNode(.string(scanner.text(of: string)), byte: start)
    default:
      let range = try scanner.skipValue()
      switch first {
      case UInt8(ascii: "t"): return JSONNode(.bool(true), byte: start)
      case UInt8(ascii: "f"): return JSONNode(.bool(false), byte: start)
      case UInt8(ascii: "n"): return JSONNode(.null, byte: start)
      default:
        let text = String(decoding: UnsafeBufferPointer(rebasing: scanner.bytes[range]), as: UTF8.self)
        return JSONNode(.number(JSONNumber(text: text)), byte: start)
      }
    }
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> [JSONNode] {
    try scanner.enter(depth)
    scanner.advance()
    scanner.skipWhitespace()
    var elements: [JSONNode] = []
    if scanner.current == UInt8(ascii: "]") { scanner.advance(); return elements }
    repeat {
      scanner.skipWhitespace()
      elements.append(try value(depth: depth + 1))
      scanner.skipWhitespace()
    } while try !scanner.skipSeparator(closing: UInt8(ascii: "]"))
    return elements
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONObject {
    try scanner.enter(depth)
    scanner.advance()
    scanner.skipWhitespace()
    var members: [JSONObject.Member] = []
    if scanner.current == UInt8(ascii: "}") { scanner.advance(); return JSONObject() }
    repeat {
      scanner.skipWhitespace()
      let keyByte = scanner.position
      let key = scanner.text(of: try scanner.skipKey())
      scanner.skipWhitespace()
      members.append(.init(key: key, keyByte: keyByte, node: try value(depth: depth + 1)))
      scanner.skipWhitespace()
    } while try !scanner.skipSeparator(closing: UInt8(ascii: "}"))
    let object = JSONObject(members)
    if repeatedKeys == .refuse, let repeated = object.firstRepeated {
      throw scanner.error(.duplicateKey, "the key \"\(repeated.key)\" stands twice in one object", at: repeated.keyByte)
    }
    return object
  }
}
