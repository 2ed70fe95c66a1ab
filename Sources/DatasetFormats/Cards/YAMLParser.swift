import StrictJSON

/// The part of YAML 1.2 that cards are written in: mappings and lists by indentation or in brackets, texts plain, in quotes, over several
/// lines and as blocks (`|`, `>`), comments. Anchors, aliases, tags, complex keys and several documents are refused: nobody writes them there,
/// and an alias may stand for more than there is memory. Values are what they are in JSON.
package struct YAMLParser {
  static let deepest = 32
  /// Values: a front matter with more was made to harm.
  private static let mostValues = 500_000

  private var lines: [YAMLLine] = []
  private var at = 0
  private var values = 0

  /// - Parameter text: UTF-8.
  /// - Returns: null where there is nothing.
  package static func parse(_ text: ArraySlice<UInt8>, firstLine: Int = 1) throws(YAMLSyntaxError) -> JSONNode {
    var parser = YAMLParser()
    for (at, raw) in text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      parser.lines.append(YAMLLine(number: firstLine + at, raw: raw))
    }
    // Behind the last line end there is no line.
    if parser.lines.last?.raw.isEmpty == true { parser.lines.removeLast() }
    guard try parser.next() != nil else { return nil }
    let node = try parser.block(depth: 0)
    if let line = try parser.next() { throw Self.misplaced(line) }
    return node
  }

  static func beyond(_ sign: UInt8, line: Int) -> YAMLSyntaxError {
    YAMLSyntaxError(
      line: line, message: "'\(String(decoding: [sign], as: UTF8.self))' begins what is not read here: put quotes around the text")
  }

  private static func misplaced(_ line: YAMLLine) -> YAMLSyntaxError {
    YAMLSyntaxError(line: line.number, message: "its indentation fits nothing above it")
  }

  // MARK: blocks

  /// The next line that says something; it is not stepped over.
  private mutating func next() throws(YAMLSyntaxError) -> YAMLLine? {
    while at < lines.count, lines[at].isBlank || lines[at].isComment { at += 1 }
    guard at < lines.count else { return nil }
    if lines[at].text.first == 0x09 { throw YAMLSyntaxError(line: lines[at].number, message: "a tab indents it, where YAML has spaces") }
    return lines[at]
  }

  private mutating func block(depth: Int) throws(YAMLSyntaxError) -> JSONNode {
    guard let line = try next() else { return nil }
    guard depth < Self.deepest else { throw YAMLSyntaxError(line: line.number, message: "it is nested more than \(Self.deepest) deep") }
    values += 1
    guard values <= Self.mostValues else {
      throw YAMLSyntaxError(line: line.number, message: "it holds more than \(Self.mostValues) values")
    }
    if line.isEntry { return try list(line.indent, depth: depth) }
    if try key(of: line) != nil { return try mapping(line.indent, depth: depth) }
    return try value(parent: line.indent - 1, depth: depth)
  }

  private mutating func list(_ indent: Int, depth: Int) throws(YAMLSyntaxError) -> JSONNode {
    var items: [JSONNode] = []
    while let line = try next(), line.indent >= indent {
      guard line.indent == indent else { throw Self.misplaced(line) }
      guard line.isEntry else { break }
      let rest = line.text.dropFirst()
      if YAMLLine.isEmpty(rest) {
        at += 1
        let below = try next()
        items.append(below.map { $0.indent > indent } == true ? try block(depth: depth + 1) : nil)
      } else {
        // The inside of an entry is a block of its own, indented by where it begins.
        let inside = rest.drop(while: YAMLLine.isSpace)
        lines[at].indent += inside.startIndex - line.text.startIndex
        lines[at].text = inside
        let node = try block(depth: depth + 1)
        items.append(node)
      }
    }
    return JSONNode(.array(items))
  }

  private mutating func mapping(_ indent: Int, depth: Int) throws(YAMLSyntaxError) -> JSONNode {
    var members: [JSONObject.Member] = []
    var keys: Set<String> = []
    while let line = try next(), line.indent >= indent {
      guard line.indent == indent else { throw Self.misplaced(line) }
      if line.isEntry { break }
      guard let (key, rest) = try key(of: line) else {
        throw YAMLSyntaxError(line: line.number, message: "neither 'key: value' nor what belongs to the line above")
      }
      guard keys.insert(key).inserted else { throw YAMLSyntaxError(line: line.number, message: "the key '\(key)' stands twice") }
      var node: JSONNode = nil
      if YAMLLine.isEmpty(rest) {
        at += 1
        // A list may stand as far left as its key.
        if let below = try next(), below.indent > indent || (below.indent == indent && below.isEntry) { node = try block(depth: depth + 1) }
      } else {
        values += 1
        lines[at].text = rest.drop(while: YAMLLine.isSpace)
        node = try value(parent: indent, depth: depth + 1)
      }
      members.append(.init(key: key, keyByte: 0, node: node))
    }
    return JSONNode(.object(JSONObject(members)))
  }

  /// The key that a line begins with, and what stands behind its colon.
  private func key(of line: YAMLLine) throws(YAMLSyntaxError) -> (String, ArraySlice<UInt8>)? {
    let text = line.text
    guard let first = text.first else { return nil }
    if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
      guard let close = YAMLScalar.closing(text, first, from: text.startIndex + 1) else { return nil }
      let rest = text[(close + 1)...].drop(while: YAMLLine.isSpace)
      guard rest.first == UInt8(ascii: ":"), rest.dropFirst().first.map(YAMLLine.isSpace) != false else { return nil }
      return (try YAMLScalar.quoted(text[(text.startIndex + 1)..<close], first, line: line.number), rest.dropFirst())
    }
    if "[{".utf8.contains(first) { return nil }
    guard let colon = YAMLLine.colon(in: text) else { return nil }
    if "&*!|>%@`?".utf8.contains(first) { throw Self.beyond(first, line: line.number) }
    return (String(decoding: YAMLLine.trimmed(text[..<colon]), as: UTF8.self), text[(colon + 1)...])
  }

  // MARK: values

  /// What begins in this line and is no block of its own.
  ///
  /// - Parameter parent: indentation of what it belongs to; its further lines are indented more.
  private mutating func value(parent: Int, depth: Int) throws(YAMLSyntaxError) -> JSONNode {
    let line = lines[at]
    guard depth < Self.deepest else { throw YAMLSyntaxError(line: line.number, message: "it is nested more than \(Self.deepest) deep") }
    guard let first = line.text.first else { return nil }
    switch first {
    case UInt8(ascii: "|"), UInt8(ascii: ">"): return try blockText(parent: parent, isFolded: first == UInt8(ascii: ">"))
    case UInt8(ascii: "["), UInt8(ascii: "{"): return try YAMLFlow.parse(try bracketed(), line: line.number, depth: depth)
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return try quoted(first)
    case UInt8(ascii: "&"), UInt8(ascii: "*"), UInt8(ascii: "!"), UInt8(ascii: "%"), UInt8(ascii: "@"), UInt8(ascii: "`"):
      throw Self.beyond(first, line: line.number)
    default: return try plain(parent: parent)
    }
  }

  /// Lines of a plain text are joined by a space, or by as many line ends as lines stand empty between them.
  private mutating func plain(parent: Int) throws(YAMLSyntaxError) -> JSONNode {
    var text: [UInt8] = []
    var empty = 0
    repeat {
      let line = lines[at]
      if line.isBlank {
        empty += 1
      } else {
        guard YAMLLine.colon(in: line.text) == nil else {
          throw YAMLSyntaxError(line: line.number, message: "a colon stands within a text: put quotes around it")
        }
        if !text.isEmpty { text += empty == 0 ? [0x20] : [UInt8](repeating: 0x0A, count: empty) }
        text += YAMLLine.trimmed(line.text[..<(YAMLLine.comment(in: line.text) ?? line.text.endIndex)])
        empty = 0
      }
      at += 1
    } while at < lines.count && (lines[at].isBlank || (lines[at].indent > parent && !lines[at].isComment))
    return YAMLScalar.plain(text[...])
  }

  private mutating func quoted(_ quote: UInt8) throws(YAMLSyntaxError) -> JSONNode {
    let start = lines[at]
    var inside: [UInt8] = []
    var text = start.text.dropFirst()
    var empty = 0
    while true {
      if let close = YAMLScalar.closing(text, quote, from: text.startIndex) {
        guard YAMLLine.isEmpty(text[(close + 1)...]) else {
          throw YAMLSyntaxError(line: lines[at].number, message: "something stands behind the closing quote")
        }
        inside += text[..<close]
        at += 1
        return JSONNode(.string(try YAMLScalar.quoted(inside[...], quote, line: start.number)))
      }
      inside += text
      // A backslash at the end of a line: nothing parts it from the next.
      let backslashes = text.reversed().prefix { $0 == UInt8(ascii: "\\") }.count
      let isJoined = quote == UInt8(ascii: "\"") && backslashes % 2 == 1
      if isJoined { inside.removeLast() }
      at += 1
      empty = 0
      while at < lines.count, lines[at].isBlank {
        empty += 1
        at += 1
      }
      guard at < lines.count else { throw YAMLSyntaxError(line: start.number, message: "a quote is not closed") }
      if !isJoined { inside += empty == 0 ? [0x20] : [UInt8](repeating: 0x0A, count: empty) }
      text = lines[at].text.drop(while: YAMLLine.isSpace)
    }
  }

  /// The lines up to the bracket that closes the first, joined, without comments.
  private mutating func bracketed() throws(YAMLSyntaxError) -> [UInt8] {
    let start = lines[at].number
    var out: [UInt8] = []
    var depth = 0
    var quote: UInt8?
    while at < lines.count {
      let text = lines[at].text
      at += 1
      var index = text.startIndex
      while index < text.endIndex {
        let byte = text[index]
        if let open = quote {
          guard let close = YAMLScalar.closing(text, open, from: index) else {
            out += text[index...]
            break
          }
          out += text[index...close]
          quote = nil
          index = close + 1
          continue
        }
        if byte == UInt8(ascii: "#"), index == text.startIndex || YAMLLine.isSpace(text[index - 1]) { break }
        // A quote within a word is a letter of it.
        let before = out.last { !YAMLLine.isSpace($0) }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'"), before.map({ "[{,:".utf8.contains($0) }) == true { quote = byte }
        if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { depth += 1 }
        if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { depth -= 1 }
        out.append(byte)
        index += 1
        guard depth == 0 else { continue }
        guard YAMLLine.isEmpty(text[index...]) else {
          throw YAMLSyntaxError(line: lines[at - 1].number, message: "something stands behind the closing bracket")
        }
        return out
      }
      out.append(0x20)
    }
    throw YAMLSyntaxError(line: start, message: "a bracket is not closed")
  }

  /// `|`: as it stands; `>`: lines are joined by spaces, empty ones end them. `-` behind it: without a line end, `+`: with all of them.
  private mutating func blockText(parent: Int, isFolded: Bool) throws(YAMLSyntaxError) -> JSONNode {
    let head = lines[at]
    var keepsEnds: Bool?
    var indent: Int?
    for byte in head.text.dropFirst() {
      if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") {
        keepsEnds = byte == UInt8(ascii: "+")
      } else if (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(byte) {
        indent = max(parent, 0) + Int(byte - UInt8(ascii: "0"))
      } else if YAMLLine.isSpace(byte) {
        break
      } else {
        throw YAMLSyntaxError(line: head.number, message: "what stands behind \(isFolded ? ">" : "|") is none of + - 1 to 9")
      }
    }
    at += 1
    var body: [[UInt8]] = []
    while at < lines.count {
      let line = YAMLLine(number: lines[at].number, raw: lines[at].raw)
      if !line.isBlank {
        let least = indent ?? line.indent
        guard line.indent >= least, line.indent > parent else { break }
        indent = least
      }
      body.append(Array(line.raw.dropFirst(line.isBlank ? line.raw.count : indent ?? 0)))
      at += 1
    }
    var ends = 0
    while body.last?.isEmpty == true {
      body.removeLast()
      ends += 1
    }
    var text: [UInt8] = []
    for (index, line) in body.enumerated() {
      if index > 0 {
        let before = body[index - 1]
        let isJoined = isFolded && !line.isEmpty && !before.isEmpty && line.first != 0x20 && before.first != 0x20
        if isJoined {
          text.append(0x20)
        } else if !(isFolded && line.isEmpty && before.first != 0x20 && !before.isEmpty) {
          text.append(0x0A)
        }
      }
      text += line
    }
    if !body.isEmpty, keepsEnds != false { text.append(0x0A) }
    if keepsEnds == true { text += [UInt8](repeating: 0x0A, count: ends) }
    return JSONNode(.string(String(decoding: text, as: UTF8.self)))
  }
}
