import StrictJSON

/// `[a, "b", {c: d}]`: lists and mappings in brackets, their lines joined.
struct YAMLFlow {
  private let text: ArraySlice<UInt8>
  private let line: Int
  private var at: Int

  private init(_ text: ArraySlice<UInt8>, line: Int) {
    self.text = text
    self.line = line
    at = text.startIndex
  }

  static func parse(_ text: [UInt8], line: Int, depth: Int) throws(YAMLSyntaxError) -> JSONNode {
    var flow = YAMLFlow(text[...], line: line)
    let node = try flow.value(depth: depth)
    flow.skip()
    guard flow.at == flow.text.endIndex else { throw flow.error("something stands behind the closing bracket") }
    return node
  }

  private func error(_ message: String) -> YAMLSyntaxError { YAMLSyntaxError(line: line, message: message) }

  private mutating func skip() { while at < text.endIndex, YAMLLine.isSpace(text[at]) { at += 1 } }

  private var next: UInt8? { at < text.endIndex ? text[at] : nil }

  private mutating func value(depth: Int) throws(YAMLSyntaxError) -> JSONNode {
    guard depth < YAMLParser.deepest else { throw error("it is nested more than \(YAMLParser.deepest) deep") }
    skip()
    switch next {
    case UInt8(ascii: "["): return try list(depth: depth)
    case UInt8(ascii: "{"): return try mapping(depth: depth)
    default:
      let (scalar, isQuoted) = try word()
      return isQuoted ? JSONNode(.string(String(decoding: scalar, as: UTF8.self))) : YAMLScalar.plain(scalar)
    }
  }

  private mutating func list(depth: Int) throws(YAMLSyntaxError) -> JSONNode {
    at += 1
    var items: [JSONNode] = []
    while true {
      skip()
      if next == UInt8(ascii: "]") { break }
      items.append(try value(depth: depth + 1))
      skip()
      if next == UInt8(ascii: ",") { at += 1 } else if next != UInt8(ascii: "]") { throw error("a list in brackets lacks a comma") }
    }
    at += 1
    return JSONNode(.array(items))
  }

  private mutating func mapping(depth: Int) throws(YAMLSyntaxError) -> JSONNode {
    at += 1
    var members: [JSONObject.Member] = []
    var keys: Set<String> = []
    while true {
      skip()
      if next == UInt8(ascii: "}") { break }
      let key = String(decoding: try word().0, as: UTF8.self)
      guard !key.isEmpty, keys.insert(key).inserted else { throw error("the key '\(key)' stands twice, or is none") }
      skip()
      var node: JSONNode = nil
      if next == UInt8(ascii: ":") {
        at += 1
        node = try value(depth: depth + 1)
        skip()
      }
      members.append(.init(key: key, keyByte: 0, node: node))
      if next == UInt8(ascii: ",") { at += 1 } else if next != UInt8(ascii: "}") { throw error("a mapping in braces lacks a comma") }
    }
    at += 1
    return JSONNode(.object(JSONObject(members)))
  }

  /// A text in quotes, decoded, or a plain one up to what ends it.
  private mutating func word() throws(YAMLSyntaxError) -> (ArraySlice<UInt8>, isQuoted: Bool) {
    guard let first = next else { throw error("a bracket is not closed") }
    if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
      guard let close = YAMLScalar.closing(text, first, from: at + 1) else { throw error("a quote is not closed") }
      let word = try YAMLScalar.quoted(text[(at + 1)..<close], first, line: line)
      at = close + 1
      return (Array(word.utf8)[...], true)
    }
    guard !"&*!|>%@`".utf8.contains(first) else { throw YAMLParser.beyond(first, line: line) }
    let start = at
    while let byte = next, !",[]{}".utf8.contains(byte) {
      if byte == UInt8(ascii: ":"), at + 1 == text.endIndex || YAMLLine.isSpace(text[at + 1]) || ",[]{}".utf8.contains(text[at + 1]) {
        break
      }
      at += 1
    }
    return (YAMLLine.trimmed(text[start..<at]), false)
  }
}
