// Expressions, from what binds loosest to what binds tightest, in Jinja's order: x if y else z, or, and, not, comparisons, + and -,
// ~, * / // %, **, unary signs, filters and tests.
extension TemplateParser {
  /// An expression, or several parted by commas, which make a list.
  mutating func tuple(withConditional: Bool = true) throws(TemplateError) -> Expression {
    let place = current.place
    let first = try withConditional ? expression() : disjunction()
    guard current.kind == .symbol(",") else { return first }
    var elements = [first]
    while skip(",") {
      if current.kind == .variableEnd || current.kind == .blockEnd { break }
      elements.append(try withConditional ? expression() : disjunction())
    }
    return Expression(kind: .list(elements), place: place)
  }

  mutating func expression() throws(TemplateError) -> Expression {
    try nested { (parser) throws(TemplateError) in
      var result = try parser.disjunction()
      while parser.current.kind == .name("if") {
        let place = parser.current.place
        parser.advance()
        let test = try parser.disjunction()
        let otherwise: Expression? = parser.skip(name: "else") ? try parser.expression() : nil
        result = Expression(kind: .conditional(result, if: test, else: otherwise), place: place)
      }
      return result
    }
  }

  private mutating func disjunction() throws(TemplateError) -> Expression {
    var left = try conjunction()
    while current.kind == .name("or") {
      let place = current.place
      advance()
      left = Expression(kind: .or(left, try conjunction()), place: place)
    }
    return left
  }

  private mutating func conjunction() throws(TemplateError) -> Expression {
    var left = try negation()
    while current.kind == .name("and") {
      let place = current.place
      advance()
      left = Expression(kind: .and(left, try negation()), place: place)
    }
    return left
  }

  private mutating func negation() throws(TemplateError) -> Expression {
    let place = current.place
    if skip(name: "not") {
      return Expression(kind: .not(try nested { (parser) throws(TemplateError) in try parser.negation() }), place: place)
    }
    return try comparison()
  }

  private mutating func comparison() throws(TemplateError) -> Expression {
    let place = current.place
    let left = try sum()
    var rest: [(Expression.Comparison, Expression)] = []
    while true {
      if case .symbol(let symbol) = current.kind, let comparison = Expression.Comparison(rawValue: symbol) {
        advance()
        rest.append((comparison, try sum()))
      } else if skip(name: "in") {
        rest.append((.isIn, try sum()))
      } else if current.kind == .name("not"), position + 1 < tokens.count, tokens[position + 1].kind == .name("in") {
        advance()
        advance()
        rest.append((.isNotIn, try sum()))
      } else {
        return rest.isEmpty ? left : Expression(kind: .comparison(left, rest), place: place)
      }
    }
  }

  private mutating func sum() throws(TemplateError) -> Expression {
    var left = try concatenation()
    while case .symbol(let symbol) = current.kind, symbol == "+" || symbol == "-", let operation = Expression.Operator(rawValue: symbol) {
      let place = current.place
      advance()
      left = Expression(kind: .binary(operation, left, try concatenation()), place: place)
    }
    return left
  }

  private mutating func concatenation() throws(TemplateError) -> Expression {
    let place = current.place
    var parts = [try product()]
    while skip("~") { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : Expression(kind: .concatenation(parts), place: place)
  }

  private mutating func product() throws(TemplateError) -> Expression {
    var left = try power()
    while case .symbol(let symbol) = current.kind, ["*", "/", "//", "%"].contains(symbol),
      let operation = Expression.Operator(rawValue: symbol)
    {
      let place = current.place
      advance()
      left = Expression(kind: .binary(operation, left, try power()), place: place)
    }
    return left
  }

  private mutating func power() throws(TemplateError) -> Expression {
    var left = try unary(withFilters: true)
    while current.kind == .symbol("**") {
      let place = current.place
      advance()
      left = Expression(kind: .binary(.power, left, try unary(withFilters: true)), place: place)
    }
    return left
  }

  private mutating func unary(withFilters: Bool) throws(TemplateError) -> Expression {
    let place = current.place
    var result: Expression
    if skip("-") {
      result = Expression(
        kind: .negative(try nested { (parser) throws(TemplateError) in try parser.unary(withFilters: false) }), place: place)
    } else if skip("+") {
      result = Expression(
        kind: .positive(try nested { (parser) throws(TemplateError) in try parser.unary(withFilters: false) }), place: place)
    } else {
      result = try primary()
    }
    result = try postfix(result)
    return withFilters ? try filtered(result) : result
  }

  private mutating func primary() throws(TemplateError) -> Expression {
    let token = current
    func literal(_ literal: Expression.Literal) -> Expression { Expression(kind: .literal(literal), place: token.place) }
    switch token.kind {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return literal(.bool(true))
      case "false", "False": return literal(.bool(false))
      case "none", "None": return literal(.none)
      default: return Expression(kind: .name(name), place: token.place)
      }
    case .string(var text):
      advance()
      while case .string(let more) = current.kind {  // strings side by side are one
        text += more
        advance()
      }
      return literal(.string(text))
    case .integer(let number):
      advance()
      return literal(.integer(number))
    case .float(let number):
      advance()
      return literal(.float(number))
    case .symbol("("):
      advance()
      if skip(")") { return Expression(kind: .list([]), place: token.place) }
      let inner = try nested { (parser) throws(TemplateError) in try parser.parenthesised() }
      return inner
    case .symbol("["):
      advance()
      var elements: [Expression] = []
      while !skip("]") {
        if !elements.isEmpty {
          try expect(.symbol(","))
          if skip("]") { break }
        }
        elements.append(try expression())
      }
      return Expression(kind: .list(elements), place: token.place)
    case .symbol("{"): return try dictionary()
    default: throw error("a value must stand here, not \(token.title)")
    }
  }

  private mutating func parenthesised() throws(TemplateError) -> Expression {
    let place = current.place
    let first = try expression()
    guard current.kind == .symbol(",") else {
      try expect(.symbol(")"))
      return first
    }
    var elements = [first]
    while skip(",") {
      if current.kind == .symbol(")") { break }
      elements.append(try expression())
    }
    try expect(.symbol(")"))
    return Expression(kind: .list(elements), place: place)
  }

  private mutating func dictionary() throws(TemplateError) -> Expression {
    let place = current.place
    advance()
    var members: [(key: Expression, value: Expression)] = []
    while !skip("}") {
      if !members.isEmpty {
        try expect(.symbol(","))
        if skip("}") { break }
      }
      let key = try expression()
      try expect(.symbol(":"))
      members.append((key, try expression()))
    }
    return Expression(kind: .dictionary(members), place: place)
  }

  private mutating func postfix(_ expression: Expression) throws(TemplateError) -> Expression {
    var result = expression
    while true {
      let place = current.place
      if skip(".") {
        if case .integer(let index) = current.kind {
          advance()
          result = Expression(
            kind: .item(result, Expression(kind: .literal(.integer(index)), place: place)), place: place)
        } else {
          result = Expression(kind: .attribute(result, try name()), place: place)
        }
      } else if skip("[") {
        result = try nested { (parser) throws(TemplateError) in try parser.subscripted(result, place) }
      } else if current.kind == .symbol("(") {
        result = Expression(kind: .call(result, try arguments()), place: place)
      } else {
        return result
      }
    }
  }

  private mutating func subscripted(_ base: Expression, _ place: TemplatePlace) throws(TemplateError) -> Expression {
    var parts: [Expression?] = []
    var colons = 0
    var part: Expression?
    while true {
      if skip(":") {
        parts.append(part)
        part = nil
        colons += 1
      } else if skip("]") {
        break
      } else {
        guard part == nil else { throw error("\"]\" must stand here, not \(current.title)") }
        part = try expression()
      }
    }
    guard colons > 0 else {
      guard let part else { throw error("an index is missing in these brackets") }
      return Expression(kind: .item(base, part), place: place)
    }
    guard colons <= 2 else { throw error("a slice has at most two colons") }
    parts.append(part)
    while parts.count < 3 { parts.append(nil) }
    return Expression(kind: .slice(base, start: parts[0], stop: parts[1], step: parts[2]), place: place)
  }

  mutating func arguments() throws(TemplateError) -> Expression.Arguments {
    try expect(.symbol("("))
    return try nested { (parser) throws(TemplateError) in
      var arguments = Expression.Arguments()
      var isFirst = true
      while !parser.skip(")") {
        if !isFirst {
          try parser.expect(.symbol(","))
          if parser.skip(")") { break }
        }
        isFirst = false
        if parser.skip("**") {
          arguments.restOfNamed = try parser.expression()
        } else if parser.skip("*") {
          arguments.restOfPositional = try parser.expression()
        } else if case .name(let name) = parser.current.kind, parser.tokens[parser.position + 1].kind == .symbol("=") {
          parser.advance()
          parser.advance()
          arguments.named.append((name, try parser.expression()))
        } else {
          guard arguments.named.isEmpty else { throw parser.error("an argument without a name follows one that has one") }
          arguments.positional.append(try parser.expression())
        }
      }
      return arguments
    }
  }

  private mutating func filtered(_ expression: Expression) throws(TemplateError) -> Expression {
    var result = expression
    while true {
      let place = current.place
      if skip("|") {
        let filter = try filter()
        result = Expression(kind: .filter(result, name: filter.name, filter.arguments), place: filter.place)
      } else if skip(name: "is") {
        result = try test(result, place)
      } else if current.kind == .symbol("(") {
        result = Expression(kind: .call(result, try arguments()), place: place)
      } else {
        return result
      }
    }
  }

  private mutating func test(_ expression: Expression, _ place: TemplatePlace) throws(TemplateError) -> Expression {
    let isNegated = skip(name: "not")
    let token = current
    let name = try name()
    guard TemplateTests.names.contains(name) else { throw error("there is no test \"\(name)\" here", at: token) }
    var arguments = Expression.Arguments()
    switch current.kind {
    case .symbol("("): arguments = try self.arguments()
    case .name(let word) where !["else", "or", "and", "is", "if", "in", "not"].contains(word):
      arguments.positional = [try postfix(try primary())]
    case .string, .integer, .float, .symbol("["), .symbol("{"): arguments.positional = [try postfix(try primary())]
    default: break
    }
    let test = Expression(kind: .test(expression, name: name, arguments), place: place)
    return isNegated ? Expression(kind: .not(test), place: place) : test
  }
}
