/// Jinja's tests: what stands after `is`.
enum TemplateTests {
  static let names: Set<String> = [
    "defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "sequence", "iterable", "true", "false",
    "odd", "even", "divisibleby", "eq", "equalto", "ne", "lt", "lessthan", "le", "gt", "greaterthan", "ge", "in", "sameas", "lower",
    "upper",
    "callable",
  ]

  /// Names by which `select` and its like name comparisons.
  static let operators: [String: String] = ["==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"]

  static func holds(_ name: String, of value: TemplateValue, _ call: TemplateCall) throws(TemplateError) -> Bool {
    switch (name, value) {
    case ("defined", _): return !value.isUndefined
    case ("undefined", _): return value.isUndefined
    case ("none", .none), ("string", .string), ("boolean", .bool), ("integer", .integer), ("float", .float), ("mapping", .dictionary),
      ("callable", .callable), ("true", .bool(true)), ("false", .bool(false)):
      return true
    case ("number", .integer), ("number", .float), ("number", .bool): return true
    // Undefined has a length and can be gone through in Jinja.
    case ("sequence", .list), ("sequence", .string), ("sequence", .dictionary), ("sequence", .undefined): return true
    case ("iterable", .list), ("iterable", .string), ("iterable", .dictionary), ("iterable", .undefined): return true
    case ("none", _), ("string", _), ("boolean", _), ("integer", _), ("float", _), ("mapping", _), ("callable", _), ("true", _),
      ("false", _),
      ("number", _), ("sequence", _), ("iterable", _):
      return false
    case ("odd", _), ("even", _), ("divisibleby", _):
      guard let number = value.wholeNumber else { throw call.error("\"\(name)\" needs an integer, not \(value.typeName)") }
      if name == "odd" { return number % 2 != 0 }
      if name == "even" { return number % 2 == 0 }
      guard let divisor = try argument(call).wholeNumber, divisor != 0 else { throw call.error("\"divisibleby\" needs an integer, not 0") }
      return number % divisor == 0
    case ("eq", _), ("equalto", _): return TemplateValue.areEqual(value, try argument(call))
    case ("ne", _): return !TemplateValue.areEqual(value, try argument(call))
    case ("lt", _), ("lessthan", _), ("le", _), ("gt", _), ("greaterthan", _), ("ge", _):
      let other = try argument(call)
      let isReversed = name.hasPrefix("g") != (name == "le" || name == "ge")
      guard let isLess = isReversed ? TemplateValue.isLess(other, value) : TemplateValue.isLess(value, other) else {
        throw call.error("\(value.typeName) cannot be compared with \(other.typeName)")
      }
      return name == "le" || name == "ge" ? !isLess : isLess
    case ("in", _): return try call.interpreter.contains(try argument(call), value, call.place)
    case ("sameas", _):
      let other = try argument(call)
      return value.typeName == other.typeName && TemplateValue.areEqual(value, other)
    case ("lower", _): return value.text == value.text.lowercased() && value.text != value.text.uppercased()
    case ("upper", _): return value.text == value.text.uppercased() && value.text != value.text.lowercased()
    default: throw call.error("there is no test \"\(name)\" here")
    }
  }

  private static func argument(_ call: TemplateCall) throws(TemplateError) -> TemplateValue {
    guard let value = call.positional.first, call.positional.count == 1 else {
      throw call.error("the test \"\(call.name)\" needs one argument")
    }
    return value
  }
}
