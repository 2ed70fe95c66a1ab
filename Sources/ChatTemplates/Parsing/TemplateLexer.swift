/// Cuts a template into tokens, white space around tags done as Jinja does with `trim_blocks` and `lstrip_blocks`: the first
/// line feed after a block goes, white space between the start of a line and a block goes; `-` takes all white space on its
/// side, `+` keeps it. A single line feed at the very end goes (`keep_trailing_newline` is off).
struct TemplateLexer {
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var tokens: [TemplateToken] = []
  /// Whether what comes next stands at the start of a line.
  private var atLineStart = true
  private var line = 1
  private var column = 1
  /// Up to where `line` and `column` have counted.
  private var counted = 0

  init(_ source: String) {
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(source.utf8.count)
    var previous: Unicode.Scalar = " "
    for scalar in source.unicodeScalars {  // \r\n and \r become \n
      if scalar == "\n", previous == "\r" {
        previous = scalar
        continue
      }
      scalars.append(scalar == "\r" ? "\n" : scalar)
      previous = scalar
    }
    if scalars.last == "\n" { scalars.removeLast() }
    self.scalars = scalars
  }

  mutating func read() throws(TemplateError) -> [TemplateToken] {
    while position < scalars.count { try piece() }
    add(.end, at: position)
    return tokens
  }

  private enum Tag { case block, variable, comment }

  /// Text up to the next tag, and the tag.
  private mutating func piece() throws(TemplateError) {
    let start = position
    var at = start
    var tag: Tag?
    while at < scalars.count {
      if scalars[at] == "{", at + 1 < scalars.count {
        switch scalars[at + 1] {
        case "%": tag = .block
        case "{": tag = .variable
        case "#": tag = .comment
        default: break
        }
        if tag != nil { break }
      }
      at += 1
    }
    guard let tag else {
      addData(start..<scalars.count)
      position = scalars.count
      return
    }
    let sign = at + 2 < scalars.count ? scalars[at + 2] : " "
    addData(start..<end(ofTextBefore: at, from: start, sign: sign, isVariable: tag == .variable))
    let isSigned = sign == "-" || sign == "+"
    position = at + 2 + (isSigned ? 1 : 0)
    switch tag {
    case .comment: try comment(from: at)
    case .variable:
      add(.variableBegin, at: at)
      try inside(closing: "}", as: .variableEnd, opened: at)
    case .block:
      if let raw = rawStart() { return try self.raw(from: raw, opened: at) }
      add(.blockBegin, at: at)
      try inside(closing: "%", as: .blockEnd, opened: at)
    }
  }

  private func end(ofTextBefore tag: Int, from start: Int, sign: Unicode.Scalar, isVariable: Bool) -> Int {
    var end = tag
    if sign == "-" {
      while end > start, scalars[end - 1].isPythonSpace { end -= 1 }
    } else if sign != "+", !isVariable {
      var at = tag
      while at > start, scalars[at - 1] != "\n", scalars[at - 1].isPythonSpace { at -= 1 }
      let startsLine = at > start ? scalars[at - 1] == "\n" : atLineStart
      if startsLine, at == start || scalars[at - 1] == "\n" { end = at }
    }
    return end
  }

  private mutating func comment(from start: Int) throws(TemplateError) {
    while position + 1 < scalars.count {
      if scalars[position] == "#", scalars[position + 1] == "}" {
        let sign = position > start + 2 ? scalars[position - 1] : " "
        position += 2
        closeBlock(sign)
        return
      }
      position += 1
    }
    throw TemplateError(.syntax, "this comment is not closed: \"#}\" is missing", at: place(start))
  }

  /// White space after a block's or a comment's end.
  private mutating func closeBlock(_ sign: Unicode.Scalar) {
    if sign == "-" {
      skipSpace()
      atLineStart = scalars[max(position - 1, 0)] == "\n"
    } else if sign != "+", position < scalars.count, scalars[position] == "\n" {
      position += 1
      atLineStart = true
    } else {
      atLineStart = false
    }
  }

  private mutating func skipSpace() { while position < scalars.count, scalars[position].isPythonSpace { position += 1 } }

  // MARK: raw

  /// Where the text of a `{% raw %}` begins, if the block that opens here is one.
  private func rawStart() -> Int? {
    var at = position
    while at < scalars.count, scalars[at].isPythonSpace { at += 1 }
    guard matches("raw", at) else { return nil }
    at += 3
    while at < scalars.count, scalars[at].isPythonSpace { at += 1 }
    if at < scalars.count, scalars[at] == "-" { at += 1 }
    return matches("%}", at) ? at + 2 : nil
  }

  private mutating func raw(from start: Int, opened: Int) throws(TemplateError) {
    position = start
    closeBlock(scalars[start - 3] == "-" ? "-" : " ")
    let textStart = position
    var at = textStart
    while at < scalars.count {
      if matches("{%", at) {
        var inner = at + 2
        let sign = inner < scalars.count ? scalars[inner] : " "
        if sign == "-" || sign == "+" { inner += 1 }
        while inner < scalars.count, scalars[inner].isPythonSpace { inner += 1 }
        if matches("endraw", inner) {
          inner += 6
          while inner < scalars.count, scalars[inner].isPythonSpace { inner += 1 }
          let closing: Unicode.Scalar = inner < scalars.count && (scalars[inner] == "-" || scalars[inner] == "+") ? scalars[inner] : " "
          if closing != " " { inner += 1 }
          if matches("%}", inner) {
            addData(textStart..<end(ofTextBefore: at, from: textStart, sign: sign, isVariable: false))
            position = inner + 2
            closeBlock(closing)
            return
          }
        }
      }
      at += 1
    }
    throw TemplateError(.syntax, "this \"raw\" is not closed: \"{% endraw %}\" is missing", at: place(opened))
  }

  private func matches(_ text: String, _ at: Int) -> Bool {
    at + text.unicodeScalars.count <= scalars.count && zip(text.unicodeScalars, scalars[at...]).allSatisfy { $0 == $1 }
  }

  // MARK: inside of tags

  private static let symbols = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
  ]

  private mutating func inside(closing: Unicode.Scalar, as kind: TemplateToken.Kind, opened: Int) throws(TemplateError) {
    var brackets: [Unicode.Scalar] = []
    while true {
      skipSpace()
      guard position < scalars.count else {
        throw TemplateError(.syntax, "this tag is not closed: \"\(closing)}\" is missing", at: place(opened))
      }
      if brackets.isEmpty, let sign = closingSign(closing) {
        add(kind, at: position)
        position += sign == " " ? 2 : 3
        if closing == "%" {
          closeBlock(sign)
        } else if sign == "-" {
          closeBlock("-")
        } else {
          atLineStart = false
        }
        return
      }
      try word(&brackets)
    }
  }

  /// The sign before the tag's end, where it ends here: "-", "+" or " " for none.
  private func closingSign(_ closing: Unicode.Scalar) -> Unicode.Scalar? {
    let end = String(closing) + "}"
    if matches(end, position) { return " " }
    if scalars[position] == "-" || (scalars[position] == "+" && closing == "%"), matches(end, position + 1) { return scalars[position] }
    return nil
  }

  private mutating func word(_ brackets: inout [Unicode.Scalar]) throws(TemplateError) {
    let start = position
    let first = scalars[start]
    if first == "_" || first.properties.isXIDStart {
      while position < scalars.count, scalars[position] == "_" || scalars[position].properties.isXIDContinue { position += 1 }
      return add(.name(text(start..<position)), at: start)
    }
    if ("0"..."9").contains(first) { return try number() }
    if first == "'" || first == "\"" { return try string(first) }
    guard let symbol = Self.symbols.first(where: { matches($0, start) }) else {
      throw TemplateError(.syntax, "\"\(first)\" has no meaning here", at: place(start))
    }
    switch symbol {
    case "(", "[", "{": brackets.append(first)
    case ")", "]", "}":
      let pairs: [Unicode.Scalar: Unicode.Scalar] = [")": "(", "]": "[", "}": "{"]
      guard let last = brackets.popLast(), last == pairs[first] else {
        throw TemplateError(.syntax, "\"\(symbol)\" closes nothing that is open here", at: place(start))
      }
    default: break
    }
    position += symbol.unicodeScalars.count
    add(.symbol(symbol), at: start)
  }

  private mutating func number() throws(TemplateError) {
    let start = position
    while position < scalars.count, ("0"..."9").contains(scalars[position]) || scalars[position] == "_" { position += 1 }
    var isFloat = false
    if position + 1 < scalars.count, scalars[position] == ".", ("0"..."9").contains(scalars[position + 1]) {
      isFloat = true
      position += 1
      while position < scalars.count, ("0"..."9").contains(scalars[position]) || scalars[position] == "_" { position += 1 }
    }
    if position < scalars.count, scalars[position] == "e" || scalars[position] == "E" {
      var at = position + 1
      if at < scalars.count, scalars[at] == "+" || scalars[at] == "-" { at += 1 }
      if at < scalars.count, ("0"..."9").contains(scalars[at]) {
        isFloat = true
        while at < scalars.count, ("0"..."9").contains(scalars[at]) { at += 1 }
        position = at
      }
    }
    let digits = text(start..<position).filter { $0 != "_" }
    if isFloat, let value = Double(digits) { return add(.float(value), at: start) }
    guard let value = Int(digits) else { throw TemplateError(.syntax, "the number \(digits) is too large", at: place(start)) }
    add(.integer(value), at: start)
  }

  private mutating func string(_ quote: Unicode.Scalar) throws(TemplateError) {
    let start = position
    var text = String.UnicodeScalarView()
    position += 1
    while position < scalars.count, scalars[position] != quote {
      if scalars[position] == "\\", position + 1 < scalars.count {
        position += 1
        try escape(&text)
      } else {
        text.append(scalars[position])
        position += 1
      }
    }
    guard position < scalars.count else { throw TemplateError(.syntax, "this string is not closed", at: place(start)) }
    position += 1
    add(.string(String(text)), at: start)
  }

  /// Python's escapes: the scalar after the backslash stands at `position`.
  private mutating func escape(_ text: inout String.UnicodeScalarView) throws(TemplateError) {
    let start = position - 1
    let scalar = scalars[position]
    position += 1
    switch scalar {
    case "n": text.append("\n")
    case "t": text.append("\t")
    case "r": text.append("\r")
    case "b": text.append("\u{8}")
    case "f": text.append("\u{C}")
    case "v": text.append("\u{B}")
    case "a": text.append("\u{7}")
    case "\n": break
    case "\\", "'", "\"": text.append(scalar)
    case "x", "u", "U":
      let digits = scalar == "x" ? 2 : scalar == "u" ? 4 : 8
      guard position + digits <= scalars.count, let code = UInt32(self.text(position..<position + digits), radix: 16),
        let value = Unicode.Scalar(code)
      else { throw TemplateError(.syntax, "\"\\\(scalar)\" needs \(digits) hexadecimal digits of a character", at: place(start)) }
      text.append(value)
      position += digits
    case "0"..."7":
      var code = scalar.value - 48
      var count = 1
      while count < 3, position < scalars.count, ("0"..."7").contains(scalars[position]) {
        code = code * 8 + scalars[position].value - 48
        position += 1
        count += 1
      }
      text.append(Unicode.Scalar(code) ?? "\u{FFFD}")
    default:  // Python keeps the backslash
      text.append("\\")
      text.append(scalar)
    }
  }

  // MARK: output

  private mutating func addData(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    add(.data(text(range)), at: range.lowerBound)
  }

  private mutating func add(_ kind: TemplateToken.Kind, at index: Int) {
    tokens.append(TemplateToken(kind: kind, place: advance(to: index)))
  }

  private func text(_ range: Range<Int>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[range])
    return String(view)
  }

  private mutating func advance(to index: Int) -> TemplatePlace {
    if index >= counted {
      for scalar in scalars[counted..<index] {
        if scalar == "\n" {
          line += 1
          column = 1
        } else {
          column += 1
        }
      }
      counted = index
      return TemplatePlace(line: line, column: column)
    }
    return place(index)
  }

  private func place(_ index: Int) -> TemplatePlace {
    var (line, column) = (1, 1)
    for scalar in scalars[..<index] {
      if scalar == "\n" { (line, column) = (line + 1, 1) } else { column += 1 }
    }
    return TemplatePlace(line: line, column: column)
  }
}

extension Unicode.Scalar {
  /// What Python's `str.isspace` and `\s` count as white space.
  var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}
