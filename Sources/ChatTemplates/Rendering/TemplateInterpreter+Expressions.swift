extension TemplateInterpreter {
  func evaluate(_ expression: Expression, _ scope: TemplateScope) throws(TemplateError) -> TemplateValue {
    let place = expression.place
    try count(place)
    switch expression.kind {
    case .literal(let literal): return TemplateValue(literal)
    case .name(let name): return scope[name] ?? .undefined("'\(name)' is undefined")
    case .list(let elements):
      var values: [TemplateValue] = []
      for element in elements { values.append(try evaluate(element, scope)) }
      return .list(values)
    case .dictionary(let members):
      var dictionary = TemplateDictionary()
      for (key, value) in members {
        guard case .string(let name) = try evaluate(key, scope) else {
          throw TemplateError(.rendering, "a mapping's keys must be strings here", at: key.place)
        }
        dictionary[name] = try evaluate(value, scope)
      }
      return .dictionary(dictionary)
    case .attribute(let base, let name): return try attribute(name, of: try evaluate(base, scope), place)
    case .item(let base, let key): return try item(try evaluate(key, scope), of: try evaluate(base, scope), place)
    case .slice(let base, let start, let stop, let step):
      return try slice(try evaluate(base, scope), try bound(start, scope), try bound(stop, scope), try bound(step, scope), place)
    case .call(let callee, let arguments):
      let function = try evaluate(callee, scope)
      return try call(function, try call(arguments, scope, place))
    case .filter(let base, let name, let arguments):
      guard let base else { return .undefined("") }
      return try apply(name, to: try evaluate(base, scope), arguments, scope, place)
    case .test(let base, let name, let arguments):
      var call = try self.call(arguments, scope, place)
      call.name = name
      return .bool(try TemplateTests.holds(name, of: try evaluate(base, scope), call))
    case .not(let inner): return .bool(!(try evaluate(inner, scope).isTrue))
    case .negative(let inner), .positive(let inner):
      let value = try evaluate(inner, scope)
      let isNegative = if case .negative = expression.kind { true } else { false }
      if let integer = value.wholeNumber { return .integer(isNegative ? 0 &- integer : integer) }
      guard let number = value.number else { throw error("\(value.typeName) has no sign", value, place) }
      return .float(isNegative ? -number : number)
    case .binary(let operation, let left, let right):
      return try binary(operation, try evaluate(left, scope), try evaluate(right, scope), place)
    case .concatenation(let parts):
      var text = ""
      for part in parts { text += try evaluate(part, scope).text }
      return .string(text)
    case .comparison(let first, let rest):
      var left = try evaluate(first, scope)
      for (comparison, expression) in rest {
        let right = try evaluate(expression, scope)
        guard try compare(comparison, left, right, place) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .and(let left, let right):
      let value = try evaluate(left, scope)
      return value.isTrue ? try evaluate(right, scope) : value
    case .or(let left, let right):
      let value = try evaluate(left, scope)
      return value.isTrue ? value : try evaluate(right, scope)
    case .conditional(let value, if: let test, else: let otherwise):
      if try evaluate(test, scope).isTrue { return try evaluate(value, scope) }
      guard let otherwise else { return .undefined("the inline if-expression evaluated to false and no else section was defined") }
      return try evaluate(otherwise, scope)
    }
  }

  /// An operation that failed: what is undefined says so itself.
  private func error(_ message: String, _ values: TemplateValue..., at place: TemplatePlace) -> TemplateError {
    for value in values { if case .undefined(let what) = value { return TemplateError(.rendering, what, at: place) } }
    return TemplateError(.rendering, message, at: place)
  }

  private func error(_ message: String, _ value: TemplateValue, _ place: TemplatePlace) -> TemplateError {
    error(message, value, at: place)
  }

  // MARK: attributes and items

  /// `value.name`: an attribute goes before a member, as in Jinja.
  func attribute(_ name: String, of value: TemplateValue, _ place: TemplatePlace) throws(TemplateError) -> TemplateValue {
    switch value {
    case .undefined(let what): throw TemplateError(.rendering, what, at: place)
    case .object(let object): if let found = object.attribute(name) { return found }
    case .dictionary(let dictionary):
      if let method = TemplateMethods.method(name, of: dictionary) { return .callable(method) }
      if let member = dictionary[name] { return member }
    case .string(let string): if let method = TemplateMethods.method(name, of: string) { return .callable(method) }
    case .list(let elements): if let method = TemplateMethods.method(name, of: elements) { return .callable(method) }
    default: break
    }
    return .undefined("\(value.typeName) has no attribute '\(name)'")
  }

  /// `value[key]`: a member goes before an attribute.
  func item(_ key: TemplateValue, of value: TemplateValue, _ place: TemplatePlace) throws(TemplateError) -> TemplateValue {
    switch (value, key) {
    case (.undefined(let what), _): throw TemplateError(.rendering, what, at: place)
    case (.dictionary(let dictionary), .string(let name)):
      if let member = dictionary[name] { return member }
      return try attribute(name, of: value, place)
    case (.list(let elements), _) where key.wholeNumber != nil:
      let index = key.wholeNumber ?? 0
      let at = index < 0 ? elements.count + index : index
      return elements.indices.contains(at) ? elements[at] : .undefined("the list has no element \(index)")
    case (.string(let string), _) where key.wholeNumber != nil:
      let index = key.wholeNumber ?? 0
      let scalars = Array(string.unicodeScalars)
      let at = index < 0 ? scalars.count + index : index
      return scalars.indices.contains(at) ? .string(String(scalars[at])) : .undefined("the string has no character \(index)")
    case (_, .string(let name)): return try attribute(name, of: value, place)
    default: return .undefined("\(value.typeName) has no element \(key.representation)")
    }
  }

  private func bound(_ expression: Expression?, _ scope: TemplateScope) throws(TemplateError) -> Int? {
    guard let expression else { return nil }
    let value = try evaluate(expression, scope)
    if case .none = value { return nil }
    guard let integer = value.wholeNumber else {
      throw error("a slice's bounds must be integers, and this is \(value.typeName)", value, expression.place)
    }
    return integer
  }

  private func slice(
    _ value: TemplateValue, _ start: Int?, _ stop: Int?, _ step: Int?, _ place: TemplatePlace
  ) throws(TemplateError) -> TemplateValue {
    let step = step ?? 1
    guard step != 0 else { throw TemplateError(.rendering, "a slice's step cannot be 0", at: place) }
    func indices(_ count: Int) -> [Int] {
      func clamp(_ index: Int) -> Int {
        let at = index < 0 ? index + count : index
        return step > 0 ? min(max(at, 0), count) : min(max(at, -1), count - 1)
      }
      let first = start.map(clamp) ?? (step > 0 ? 0 : count - 1)
      let last = stop.map(clamp) ?? (step > 0 ? count : -1)
      return Array(stride(from: first, to: last, by: step))
    }
    switch value {
    case .list(let elements): return .list(indices(elements.count).map { elements[$0] })
    case .string(let string):
      let scalars = Array(string.unicodeScalars)
      var view = String.UnicodeScalarView()
      for index in indices(scalars.count) { view.append(scalars[index]) }
      return .string(String(view))
    default: throw error("\(value.typeName) has no slices", value, place)
    }
  }

  // MARK: operators

  private func binary(
    _ operation: Expression.Operator, _ left: TemplateValue, _ right: TemplateValue, _ place: TemplatePlace
  ) throws(TemplateError) -> TemplateValue {
    if let a = left.wholeNumber, let b = right.wholeNumber, operation != .divide {
      let (value, overflows): (Int, Bool)
      switch operation {
      case .add: (value, overflows) = a.addingReportingOverflow(b)
      case .subtract: (value, overflows) = a.subtractingReportingOverflow(b)
      case .multiply: (value, overflows) = a.multipliedReportingOverflow(by: b)
      case .floorDivide, .modulo:
        guard b != 0 else { throw TemplateError(.rendering, "division by zero", at: place) }
        let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b == -1 && a == .min ? 1 : b)
        let isBelow = remainder != 0 && (remainder < 0) != (b < 0)
        (value, overflows) = (
          operation == .modulo ? (isBelow ? remainder + b : remainder) : (isBelow ? quotient - 1 : quotient), b == -1 && a == .min
        )
      case .power, .divide:
        guard b >= 0, b < 4_096 else { throw TemplateError(.rendering, "this power is not known here", at: place) }
        var (product, tooLarge) = (1, false)
        for _ in 0..<b where !tooLarge { (product, tooLarge) = product.multipliedReportingOverflow(by: a) }
        (value, overflows) = (product, tooLarge)
      }
      guard !overflows else { throw TemplateError(.rendering, "the number is too large", at: place) }
      return .integer(value)
    }
    if let a = left.number, let b = right.number {
      switch operation {
      case .add: return .float(a + b)
      case .subtract: return .float(a - b)
      case .multiply: return .float(a * b)
      case .divide, .floorDivide, .modulo:
        guard b != 0 else { throw TemplateError(.rendering, "division by zero", at: place) }
        if operation == .divide { return .float(a / b) }
        let quotient = (a / b).rounded(.down)
        return .float(operation == .floorDivide ? quotient : a - quotient * b)
      case .power: throw TemplateError(.rendering, "powers of floats are not known here", at: place)
      }
    }
    switch (operation, left, right) {
    case (.add, .string(let a), .string(let b)): return .string(a + b)
    case (.add, .list(let a), .list(let b)): return .list(a + b)
    case (.multiply, .string(let text), _) where right.wholeNumber != nil:
      let times = max(0, right.wholeNumber ?? 0)
      guard text.utf8.count.multipliedReportingOverflow(by: times).partialValue <= 1 << 20 else {
        throw TemplateError(.rendering, "the string is too long", at: place)
      }
      return .string(String(repeating: text, count: times))
    case (.multiply, .list(let elements), _)
    where right.wholeNumber != nil && elements.count * max(0, min(right.wholeNumber ?? 0, 1 << 20)) <= 1 << 20:
      return .list((0..<max(0, right.wholeNumber ?? 0)).flatMap { _ in elements })
    default:
      throw error("\(left.typeName) \(operation.rawValue) \(right.typeName) has no meaning", left, right, at: place)
    }
  }

  private func compare(
    _ comparison: Expression.Comparison, _ left: TemplateValue, _ right: TemplateValue, _ place: TemplatePlace
  ) throws(TemplateError) -> Bool {
    switch comparison {
    case .equal: return TemplateValue.areEqual(left, right)
    case .notEqual: return !TemplateValue.areEqual(left, right)
    case .isIn: return try contains(right, left, place)
    case .isNotIn: return !(try contains(right, left, place))
    case .less, .lessOrEqual, .greater, .greaterOrEqual:
      guard let isLess = TemplateValue.isLess(left, right), let isGreater = TemplateValue.isLess(right, left) else {
        throw error("\(left.typeName) \(comparison.rawValue) \(right.typeName) has no meaning", left, right, at: place)
      }
      switch comparison {
      case .less: return isLess
      case .lessOrEqual: return !isGreater
      case .greater: return isGreater
      default: return !isLess
      }
    }
  }

  func contains(_ container: TemplateValue, _ value: TemplateValue, _ place: TemplatePlace) throws(TemplateError) -> Bool {
    switch (container, value) {
    case (.undefined, _): return false
    case (.list(let elements), _): return elements.contains { TemplateValue.areEqual($0, value) }
    case (.dictionary(let dictionary), .string(let key)): return dictionary[key] != nil
    case (.dictionary, _): return false
    case (.string(let text), .string(let part)): return TemplateText.firstIndex(of: part, in: text) != nil
    default: throw error("\(value.typeName) in \(container.typeName) has no meaning", value, container, at: place)
    }
  }
}
