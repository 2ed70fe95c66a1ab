/// Statements of a template. The grammar is Jinja's; its tags that chat templates have no use for are refused by name.
struct TemplateParser {
  var tokens: [TemplateToken]
  var position = 0
  /// Brackets and blocks that are open: a template that nests without end is refused before it ends the program.
  var depth = 0
  static let deepest = 200

  init(_ tokens: [TemplateToken]) { self.tokens = tokens }

  var current: TemplateToken { tokens[position] }

  mutating func advance() { if position + 1 < tokens.count { position += 1 } }

  func error(_ message: String, at token: TemplateToken? = nil) -> TemplateError {
    TemplateError(.syntax, message, at: (token ?? current).place)
  }

  mutating func nested<T>(_ body: (inout TemplateParser) throws(TemplateError) -> T) throws(TemplateError) -> T {
    depth += 1
    guard depth <= Self.deepest else { throw error("the template is nested too deeply") }
    let result = try body(&self)
    depth -= 1
    return result
  }

  mutating func template() throws(TemplateError) -> [Statement] {
    let body = try statements(until: [])
    guard current.kind == .end else { throw error("this tag ends nothing that is open here") }
    return body
  }

  /// Statements up to a tag of `ends`, which is then the current name; up to the end of the template for none.
  mutating func statements(until ends: Set<String>) throws(TemplateError) -> [Statement] {
    var result: [Statement] = []
    while true {
      let place = current.place
      switch current.kind {
      case .data(let text):
        result.append(Statement(kind: .text(text), place: place))
        advance()
      case .variableBegin:
        advance()
        let expression = try tuple()
        try expect(.variableEnd)
        result.append(Statement(kind: .output(expression), place: place))
      case .blockBegin:
        advance()
        guard case .name(let tag) = current.kind else { throw error("a tag's name must stand here, not \(current.title)") }
        if ends.contains(tag) { return result }
        result.append(try nested { (parser) throws(TemplateError) in try parser.tag(tag, place) })
      case .end:
        if let missing = ends.sorted().last { throw error("the template ends here, but \"{% \(missing) %}\" is missing") }
        return result
      default: throw error("\(current.title) cannot stand here")
      }
    }
  }

  mutating func expect(_ kind: TemplateToken.Kind) throws(TemplateError) {
    guard current.kind == kind else {
      throw error("\(TemplateToken(kind: kind, place: current.place).title) must stand here, not \(current.title)")
    }
    advance()
  }

  mutating func skip(_ symbol: String) -> Bool {
    guard current.kind == .symbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func skip(name: String) -> Bool {
    guard current.kind == .name(name) else { return false }
    advance()
    return true
  }

  mutating func name() throws(TemplateError) -> String {
    guard case .name(let name) = current.kind else { throw error("a name must stand here, not \(current.title)") }
    advance()
    return name
  }

  private static let refused: Set<String> = ["include", "import", "from", "extends", "block", "do", "autoescape", "trans", "debug"]

  private mutating func tag(_ tag: String, _ place: TemplatePlace) throws(TemplateError) -> Statement {
    switch tag {
    case "if": return Statement(kind: try condition(), place: place)
    case "for": return Statement(kind: try loop(), place: place)
    case "set": return Statement(kind: try set(), place: place)
    case "macro": return Statement(kind: .macro(try macro()), place: place)
    case "call": return Statement(kind: try callBlock(), place: place)
    case "filter":
      advance()
      var filters = [try filter()]
      while skip("|") { filters.append(try filter()) }
      return Statement(kind: .filterBlock(filters, body: try body(until: "endfilter")), place: place)
    case "with": return Statement(kind: try with(), place: place)
    case "generation":
      advance()
      return Statement(kind: .generation(try body(until: "endgeneration")), place: place)
    case "break", "continue":
      advance()
      try expect(.blockEnd)
      return Statement(kind: tag == "break" ? .stop : .next, place: place)
    case _ where Self.refused.contains(tag): throw error("the tag \"\(tag)\" is not known here; chat templates have no use for it")
    default: throw error("there is no tag \"\(tag)\" that could stand here")
    }
  }

  /// The rest of the opening tag, the body, and the closing tag.
  private mutating func body(until end: String) throws(TemplateError) -> [Statement] {
    try expect(.blockEnd)
    let body = try statements(until: [end])
    advance()
    try expect(.blockEnd)
    return body
  }

  private mutating func condition() throws(TemplateError) -> Statement.Kind {
    var branches: [(test: Expression, body: [Statement])] = []
    var otherwise: [Statement] = []
    advance()
    while true {
      let test = try tuple()
      try expect(.blockEnd)
      branches.append((test, try statements(until: ["elif", "else", "endif"])))
      if skip(name: "elif") { continue }
      if skip(name: "else") {
        try expect(.blockEnd)
        otherwise = try statements(until: ["endif"])
      }
      advance()
      try expect(.blockEnd)
      return .condition(branches, otherwise: otherwise)
    }
  }

  private mutating func loop() throws(TemplateError) -> Statement.Kind {
    advance()
    let target = try targets()
    guard skip(name: "in") else { throw error("\"in\" must stand here, not \(current.title)") }
    let iterable = try tuple(withConditional: false)
    let filter: Expression? = skip(name: "if") ? try expression() : nil
    if current.kind == .name("recursive") { throw error("a recursive loop is not known here") }
    try expect(.blockEnd)
    let body = try statements(until: ["else", "endfor"])
    var otherwise: [Statement] = []
    if skip(name: "else") {
      try expect(.blockEnd)
      otherwise = try statements(until: ["endfor"])
    }
    advance()
    try expect(.blockEnd)
    return .loop(target, over: iterable, where: filter, body: body, otherwise: otherwise)
  }

  private mutating func set() throws(TemplateError) -> Statement.Kind {
    advance()
    let target = try targets()
    if skip("=") {
      let value = try tuple()
      try expect(.blockEnd)
      return .set(target, value)
    }
    var filters: [Statement.Filter] = []
    while skip("|") { filters.append(try filter()) }
    return .setBlock(target, filters: filters, body: try body(until: "endset"))
  }

  private mutating func targets() throws(TemplateError) -> Statement.Target {
    var all: [Statement.Target] = []
    repeat {
      if skip("(") {
        all.append(try targets())
        try expect(.symbol(")"))
      } else {
        let name = try name()
        all.append(skip(".") ? .attribute(of: name, try self.name()) : .name(name))
      }
    } while skip(",")
    return all.count == 1 ? all[0] : .several(all)
  }

  private mutating func macro() throws(TemplateError) -> Statement.Macro {
    advance()
    let name = try name()
    let parameters = try parameters()
    return Statement.Macro(name: name, parameters: parameters, body: try body(until: "endmacro"))
  }

  private mutating func parameters() throws(TemplateError) -> [(name: String, standard: Expression?)] {
    try expect(.symbol("("))
    var parameters: [(name: String, standard: Expression?)] = []
    while !skip(")") {
      if !parameters.isEmpty { try expect(.symbol(",")) }
      let name = try name()
      let standard: Expression? = skip("=") ? try expression() : nil
      if standard == nil, parameters.last?.standard != nil {
        throw error("a parameter without a default follows one that has one")
      }
      parameters.append((name, standard))
    }
    return parameters
  }

  private mutating func callBlock() throws(TemplateError) -> Statement.Kind {
    advance()
    let parameters = current.kind == .symbol("(") ? try parameters() : []
    let call = try expression()
    guard case .call = call.kind else { throw TemplateError(.syntax, "a call must stand here", at: call.place) }
    return .callBlock(call, .init(name: "caller", parameters: parameters, body: try body(until: "endcall")))
  }

  private mutating func with() throws(TemplateError) -> Statement.Kind {
    advance()
    var values: [(Statement.Target, Expression)] = []
    while current.kind != .blockEnd {
      if !values.isEmpty { try expect(.symbol(",")) }
      let target = Statement.Target.name(try name())
      try expect(.symbol("="))
      values.append((target, try expression()))
    }
    return .with(values, body: try body(until: "endwith"))
  }

  /// A filter's name and arguments, after `|`.
  mutating func filter() throws(TemplateError) -> Statement.Filter {
    let token = current
    let name = try name()
    guard TemplateFilters.names.contains(name) else { throw error("there is no filter \"\(name)\" here", at: token) }
    let arguments = current.kind == .symbol("(") ? try arguments() : .init()
    return .init(name: name, arguments: arguments, place: token.place)
  }
}
