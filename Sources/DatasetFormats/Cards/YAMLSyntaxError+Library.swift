import CYAML

extension YAMLSyntaxError {
  /// What libyaml says, with the place that a user looks for: of what is not closed where it begins.
  init(of parser: yaml_parser_t, in text: UnsafeMutableBufferPointer<UInt8>, firstLine: Int) {
    let said = parser.problem.map { String(cString: $0) } ?? "memory is used up"
    let context = parser.context.map { String(cString: $0) }
    if parser.error == YAML_READER_ERROR {
      // Only the byte's place is known then.
      let before = text[..<min(parser.problem_offset, text.count)]
      let line = before.lastIndex(of: UInt8(ascii: "\n")).map { before[($0 + 1)...] } ?? before
      let isControl = said == "control characters are not allowed"
      self.init(
        line: firstLine + before.count { $0 == UInt8(ascii: "\n") }, column: String(decoding: line, as: UTF8.self).unicodeScalars.count + 1,
        message: isControl ? "a control character stands there" : "it is no UTF-8 (\(said))",
        mend: isControl ? "Take it out." : "Save README.md as UTF-8.")
      return
    }
    let sign = Self.scalar(at: parser.problem_mark, in: text)
    let (message, mend, isAtStart) = Self.words(said, context, sign)
    let mark = isAtStart && context != nil ? parser.context_mark : parser.problem_mark
    self.init(line: firstLine + mark.line, column: mark.column + 1, message: message, mend: mend)
  }

  /// - Returns: whether the place is that of the context: what was begun, and does not end.
  private static func words(_ said: String, _ context: String?, _ sign: Unicode.Scalar?) -> (String, String, isAtStart: Bool) {
    let tab = ("a tab indents it, where YAML has spaces", "Indent with spaces.", false)
    switch said {
    case "found character that cannot start any token":
      return sign == "\t" ? tab : ("'\(sign.map(String.init) ?? "")' begins no text", "Put quotes around the text.", false)
    case "found a tab character where an indentation space is expected", "found a tab character that violates indentation": return tab
    case "mapping values are not allowed in this context":
      return ("a colon stands within a text", "Put quotes around the text, or begin a new line with the key.", false)
    case "did not find expected alphabetic or numeric character":
      let isAlias = context == "while scanning an alias"
      return ("'\(isAlias ? "*" : "&")' begins the name of an anchor, and none follows", "Put quotes around the text.", true)
    case "could not find expected ':'":
      return (
        "it is neither 'key: value' nor part of what stands above", "Write a colon and a space behind the key, or indent the line.", true
      )
    case "did not find expected key", "did not find expected '-' indicator", "did not find expected <document start>":
      return ("it fits nothing above it", "Indent it as what it belongs to; behind a closing bracket or quote nothing may follow.", false)
    case "did not find expected ',' or ']'":
      return ("a list in brackets lacks a comma or its end", "Part its members by commas, and close it with ].", true)
    case "did not find expected ',' or '}'":
      return ("a mapping in braces lacks a comma or its end", "Part its members by commas, and close it with }.", true)
    case "did not find expected node content":
      return (
        "a value is missing, or the end of a list in brackets or a mapping in braces", "Write the value, or close what was opened.", false
      )
    case "block sequence entries are not allowed in this context":
      return ("an entry of a list stands behind something", "Begin a new line with '- '.", false)
    case "found unexpected end of stream", "found unexpected document indicator": return ("a quote is not closed", "Close it.", true)
    case "found unknown escape character", "did not find expected hexdecimal number", "found invalid Unicode character escape code":
      return ("a backslash stands there that begins no escape", "Write \\\\ for a backslash, or put the text into single quotes.", false)
    default: return ([said, context].compactMap(\.self).joined(separator: " "), "Mend it as YAML 1.1 has it.", false)
    }
  }

  private static func scalar(at mark: yaml_mark_t, in text: UnsafeMutableBufferPointer<UInt8>) -> Unicode.Scalar? {
    // The index counts letters from the start.
    String(decoding: text, as: UTF8.self).unicodeScalars.dropFirst(mark.index).first
  }
}
