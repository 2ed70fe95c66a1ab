import StrictJSON

/// A value as a template sees it: Python's, as far as JSON and Jinja make them. None of them can be changed.
indirect enum TemplateValue {
  /// What is not there: prints as nothing, is false and empty; anything else done with it is an error. The text says what was looked for.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case string(String)
  case list([TemplateValue])
  case dictionary(TemplateDictionary)
  /// Has attributes of its own: a namespace, a loop.
  case object(any TemplateObject)
  case callable(TemplateCallable)

  init(_ node: JSONNode) {
    switch node.value {
    case .null: self = .none
    case .bool(let bool): self = .bool(bool)
    case .number(let number):
      // As Python's json reads them: 3 is an int, 3.0 and 3e0 are floats.
      if let integer = Int(number.text) {
        self = .integer(integer)
      } else {
        self = number.double.map { .float($0) } ?? .string(number.text)
      }
    case .string(let string): self = .string(string)
    case .array(let elements): self = .list(elements.map { TemplateValue($0) })
    case .object(let object):
      var dictionary = TemplateDictionary()
      for member in object.members { dictionary[member.key] = TemplateValue(member.node) }
      self = .dictionary(dictionary)
    }
  }

  init(_ literal: Expression.Literal) {
    switch literal {
    case .none: self = .none
    case .bool(let bool): self = .bool(bool)
    case .integer(let integer): self = .integer(integer)
    case .float(let float): self = .float(float)
    case .string(let string): self = .string(string)
    }
  }

  /// Python's truth.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let bool): bool
    case .integer(let integer): integer != 0
    case .float(let float): float != 0
    case .string(let string): !string.isEmpty
    case .list(let elements): !elements.isEmpty
    case .dictionary(let dictionary): !dictionary.entries.isEmpty
    case .object, .callable: true
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }

  /// Its type's name, for messages.
  var typeName: String {
    switch self {
    case .undefined: "undefined"
    case .none: "none"
    case .bool: "a truth value"
    case .integer: "an integer"
    case .float: "a float"
    case .string: "a string"
    case .list: "a list"
    case .dictionary: "a mapping"
    case .object: "an object"
    case .callable: "a macro or function"
    }
  }

  /// A whole number, where it counts as one: true is 1 in Python.
  var wholeNumber: Int? {
    switch self {
    case .integer(let integer): integer
    case .bool(let bool): bool ? 1 : 0
    default: nil
    }
  }

  var number: Double? {
    if case .float(let float) = self { return float }
    return wholeNumber.map { Double($0) }
  }
}

/// A mapping in the order in which it was written. Keys are compared by their bytes.
struct TemplateDictionary {
  struct Entry {
    var key: String
    var value: TemplateValue
  }

  private(set) var entries: [Entry] = []

  subscript(key: String) -> TemplateValue? {
    get { entries.first { $0.key.utf8.elementsEqual(key.utf8) }?.value }
    set {
      let at = entries.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
      if let newValue {
        if let at { entries[at].value = newValue } else { entries.append(Entry(key: key, value: newValue)) }
      } else if let at {
        entries.remove(at: at)
      }
    }
  }
}

/// A value with attributes of its own.
protocol TemplateObject: AnyObject {
  func attribute(_ name: String) -> TemplateValue?
}

/// `namespace(…)`: the one thing that a template can change.
final class TemplateNamespace: TemplateObject {
  var members: TemplateDictionary

  init(_ members: TemplateDictionary) { self.members = members }

  func attribute(_ name: String) -> TemplateValue? { members[name] }
}

/// A function of the template's: a macro, a method of a string, a global.
final class TemplateCallable {
  typealias Body = (TemplateCall) throws(TemplateError) -> TemplateValue
  let name: String
  let call: Body

  init(name: String, call: @escaping Body) {
    self.name = name
    self.call = call
  }
}

/// Arguments of a call, evaluated, and who calls.
struct TemplateCall {
  var interpreter: TemplateInterpreter
  var place: TemplatePlace
  var positional: [TemplateValue]
  var named: [(name: String, value: TemplateValue)]
  /// What the call is of, for messages.
  var name: String

  func error(_ message: String) -> TemplateError { TemplateError(.rendering, message, at: place) }

  /// Arguments by the names of parameters, nil where one is not given.
  func bound(_ parameters: [String]) throws(TemplateError) -> [TemplateValue?] {
    guard positional.count <= parameters.count else {
      throw error("\"\(name)\" takes \(parameters.count) arguments, and \(positional.count) are given")
    }
    var values = positional.map { Optional($0) } + [TemplateValue?](repeating: nil, count: parameters.count - positional.count)
    for (name, value) in named {
      guard let index = parameters.firstIndex(of: name) else { throw error("\"\(self.name)\" has no argument \"\(name)\"") }
      guard values[index] == nil else { throw error("\"\(self.name)\" is given \"\(name)\" twice") }
      values[index] = value
    }
    return values
  }

  func string(_ value: TemplateValue?, _ parameter: String) throws(TemplateError) -> String? {
    switch value {
    case nil, .some(.none): return nil
    case .string(let text): return text
    case .some(let other): throw error("\"\(name)\" needs a string as \(parameter), not \(other.typeName)")
    }
  }

  func integer(_ value: TemplateValue?, _ parameter: String) throws(TemplateError) -> Int? {
    switch value {
    case nil, .some(.none): return nil
    case .some(let value):
      guard let integer = value.wholeNumber else { throw error("\"\(name)\" needs an integer as \(parameter), not \(value.typeName)") }
      return integer
    }
  }
}
