import StrictJSON

/// Walks a template once, for one conversation.
///
/// Templates come with foreign models: how much one may do is bounded, so that none takes a worker with it.
final class TemplateInterpreter {
  /// Statements and expressions, output in bytes, macros within macros.
  private static let mostSteps = 2_000_000
  private static let mostOutput = 64 << 20
  private static let deepestCalls = 64

  let now: Int
  private var steps = 0
  private var calls = 0
  /// Text that is being written: the innermost is a macro's, or that of a block which is captured.
  private var outputs: [[UInt8]] = [[]]
  private var generated: [Range<Int>] = []

  enum Flow { case onward, stop, next }

  init(now: Int) { self.now = now }

  func render(_ body: [Statement], _ variables: [(String, TemplateValue)]) throws(TemplateError) -> RenderedChat {
    let root = TemplateScope(in: nil)
    for (name, value) in TemplateGlobals.all { root[name] = value }
    let scope = TemplateScope(in: root)
    for (name, value) in variables { scope[name] = value }
    if try run(body, scope) != .onward {
      throw TemplateError(.rendering, "\"break\" or \"continue\" stands outside of a loop", at: TemplatePlace(line: 1, column: 1))
    }
    return RenderedChat(text: String(decoding: outputs[0], as: UTF8.self), generated: generated)
  }

  /// Counts a step, and refuses what goes on without end.
  func count(_ place: TemplatePlace) throws(TemplateError) {
    steps += 1
    guard steps <= Self.mostSteps else {
      throw TemplateError(.rendering, "the template does too much: more than \(Self.mostSteps) steps", at: place)
    }
  }

  // MARK: statements

  func run(_ statements: [Statement], _ scope: TemplateScope) throws(TemplateError) -> Flow {
    for statement in statements {
      try count(statement.place)
      let flow = try run(statement, scope)
      if flow != .onward { return flow }
    }
    return .onward
  }

  private func run(_ statement: Statement, _ scope: TemplateScope) throws(TemplateError) -> Flow {
    switch statement.kind {
    case .text(let text): try write(text, statement.place)
    case .output(let expression): try write(try evaluate(expression, scope).text, statement.place)
    case .condition(let branches, let otherwise):
      for branch in branches where try evaluate(branch.test, scope).isTrue { return try run(branch.body, scope) }
      return try run(otherwise, scope)
    case .loop(let target, over: let iterable, where: let filter, let body, let otherwise):
      try loop(target, iterable, filter, body, otherwise, scope)
    case .set(let target, let expression): try assign(try evaluate(expression, scope), to: target, scope, statement.place)
    case .setBlock(let target, let filters, let body):
      var value = TemplateValue.string(try capture(body, TemplateScope(in: scope)))
      for filter in filters { value = try apply(filter.name, to: value, filter.arguments, scope, filter.place) }
      try assign(value, to: target, scope, statement.place)
    case .macro(let macro): scope[macro.name] = .callable(callable(macro, scope))
    case .callBlock(let call, let macro):
      guard case .call(let callee, let arguments) = call.kind else { return .onward }
      var given = try self.call(arguments, scope, call.place)
      given.named.append(("caller", .callable(callable(macro, scope))))
      try write(try self.call(try evaluate(callee, scope), given).text, statement.place)
    case .filterBlock(let filters, let body):
      var value = TemplateValue.string(try capture(body, TemplateScope(in: scope)))
      for filter in filters { value = try apply(filter.name, to: value, filter.arguments, scope, filter.place) }
      try write(value.text, statement.place)
    case .with(let values, let body):
      let inner = TemplateScope(in: scope)
      for (target, expression) in values { try assign(try evaluate(expression, scope), to: target, inner, statement.place) }
      return try run(body, inner)
    case .generation(let body):
      // As transformers counts: from what the whole has so far, even where the block stands in a macro.
      let start = outputs[0].count
      let text = try capture(body, TemplateScope(in: scope))
      try write(text, statement.place)
      generated.append(start..<start + text.utf8.count)
    case .stop: return .stop
    case .next: return .next
    }
    return .onward
  }

  private func write(_ text: String, _ place: TemplatePlace) throws(TemplateError) {
    outputs[outputs.count - 1].append(contentsOf: text.utf8)
    guard outputs[outputs.count - 1].count <= Self.mostOutput else {
      throw TemplateError(.rendering, "the template writes too much: more than \(Self.mostOutput >> 20) MiB", at: place)
    }
  }

  func capture(_ body: [Statement], _ scope: TemplateScope) throws(TemplateError) -> String {
    outputs.append([])
    let flow: Flow
    do throws(TemplateError) {
      flow = try run(body, scope)
    } catch {
      outputs.removeLast()
      throw error
    }
    let text = String(decoding: outputs.removeLast(), as: UTF8.self)
    if flow != .onward, let place = body.first?.place {
      throw TemplateError(.rendering, "\"break\" or \"continue\" cannot leave this block", at: place)
    }
    return text
  }

  private func loop(
    _ target: Statement.Target, _ iterable: Expression, _ filter: Expression?, _ body: [Statement], _ otherwise: [Statement],
    _ scope: TemplateScope
  ) throws(TemplateError) {
    var elements = try iterate(try evaluate(iterable, scope), iterable.place)
    if let filter {
      var kept: [TemplateValue] = []
      for element in elements {
        let inner = TemplateScope(in: scope)
        try assign(element, to: target, inner, iterable.place)
        if try evaluate(filter, inner).isTrue { kept.append(element) }
      }
      elements = kept
    }
    let loop = TemplateLoop(elements)
    for (index, element) in elements.enumerated() {
      try count(iterable.place)
      loop.index = index
      let inner = TemplateScope(in: scope)
      inner["loop"] = .object(loop)
      try assign(element, to: target, inner, iterable.place)
      if try run(body, inner) == .stop { break }
    }
    if elements.isEmpty { _ = try run(otherwise, TemplateScope(in: scope)) }
  }

  func assign(_ value: TemplateValue, to target: Statement.Target, _ scope: TemplateScope, _ place: TemplatePlace) throws(TemplateError) {
    switch target {
    case .name(let name): scope[name] = value
    case .attribute(of: let name, let attribute):
      guard case .object(let object)? = scope[name], let namespace = object as? TemplateNamespace else {
        throw TemplateError(.rendering, "\"\(name)\" is no namespace, so \"\(name).\(attribute)\" cannot be set", at: place)
      }
      namespace.members[attribute] = value
    case .several(let targets):
      let elements = try iterate(value, place)
      guard elements.count == targets.count else {
        throw TemplateError(.rendering, "\(elements.count) values do not fit \(targets.count) names", at: place)
      }
      for (element, target) in zip(elements, targets) { try assign(element, to: target, scope, place) }
    }
  }

  /// What a `for` goes through.
  func iterate(_ value: TemplateValue, _ place: TemplatePlace) throws(TemplateError) -> [TemplateValue] {
    switch value {
    case .undefined: return []
    case .list(let elements): return elements
    case .dictionary(let dictionary): return dictionary.entries.map { .string($0.key) }
    case .string(let string): return string.unicodeScalars.map { .string(String($0)) }
    default: throw TemplateError(.rendering, "\(value.typeName) cannot be gone through", at: place)
    }
  }

  // MARK: calls

  func callable(_ macro: Statement.Macro, _ definition: TemplateScope) -> TemplateCallable {
    TemplateCallable(name: macro.name) { (call) throws(TemplateError) in try call.interpreter.run(macro, definition, call) }
  }

  private func run(_ macro: Statement.Macro, _ definition: TemplateScope, _ call: TemplateCall) throws(TemplateError) -> TemplateValue {
    calls += 1
    defer { calls -= 1 }
    guard calls <= Self.deepestCalls else {
      throw call.error("macros call each other too deeply: more than \(Self.deepestCalls) within one another")
    }
    let scope = TemplateScope(in: definition)
    let names = macro.parameters.map(\.name)
    var more = TemplateDictionary()
    var given: [String: TemplateValue] = [:]
    for (name, value) in zip(names, call.positional) { given[name] = value }
    for (name, value) in call.named {
      if name == "caller" {
        scope["caller"] = value
      } else if names.contains(name) {
        guard given[name] == nil else { throw call.error("\"\(macro.name)\" is given \"\(name)\" twice") }
        given[name] = value
      } else {
        more[name] = value
      }
    }
    for parameter in macro.parameters {
      if let value = given[parameter.name] {
        scope[parameter.name] = value
      } else if let standard = parameter.standard {
        scope[parameter.name] = try evaluate(standard, scope)
      } else {
        scope[parameter.name] = .undefined("parameter '\(parameter.name)' was not provided")
      }
    }
    scope["varargs"] = .list(Array(call.positional.dropFirst(names.count)))
    scope["kwargs"] = .dictionary(more)
    return .string(try capture(macro.body, scope))
  }

  func call(_ arguments: Expression.Arguments, _ scope: TemplateScope, _ place: TemplatePlace) throws(TemplateError) -> TemplateCall {
    var call = TemplateCall(interpreter: self, place: place, positional: [], named: [], name: "")
    for argument in arguments.positional { call.positional.append(try evaluate(argument, scope)) }
    for (name, argument) in arguments.named { call.named.append((name, try evaluate(argument, scope))) }
    if let rest = arguments.restOfPositional { call.positional += try iterate(try evaluate(rest, scope), place) }
    if let rest = arguments.restOfNamed {
      guard case .dictionary(let dictionary) = try evaluate(rest, scope) else { throw call.error("\"**\" needs a mapping") }
      call.named += dictionary.entries.map { ($0.key, $0.value) }
    }
    return call
  }

  func call(_ value: TemplateValue, _ arguments: TemplateCall) throws(TemplateError) -> TemplateValue {
    guard case .callable(let callable) = value else {
      if case .undefined(let what) = value { throw arguments.error(what) }
      throw arguments.error("\(value.typeName) cannot be called")
    }
    var arguments = arguments
    arguments.name = callable.name
    return try callable.call(arguments)
  }

  func apply(
    _ filter: String, to value: TemplateValue, _ arguments: Expression.Arguments, _ scope: TemplateScope, _ place: TemplatePlace
  ) throws(TemplateError) -> TemplateValue {
    var call = try self.call(arguments, scope, place)
    call.name = filter
    return try TemplateFilters.apply(filter, to: value, call)
  }
}
