import StrictJSON

/// A type that a field of a config can have, read from and written to JSON.
package protocol FieldValue: Sendable, Equatable {
  /// For messages: "a whole number".
  static var kindTitle: String { get }
  /// JSON Schema's word for it; nil where any value is allowed.
  static var schemaType: String? { get }
  /// The words that are allowed, for an enumeration.
  static var words: [String]? { get }
  init?(node: JSONNode)
  var node: JSONNode { get }
  /// What is wrong with a node that gives no value.
  static func complaint(about node: JSONNode) -> String
  /// JSON Schema of the values that are read.
  static var schema: JSONNode { get }
  /// What happens instead, where a value is read as another than it says; nil where it is not.
  static func remark(about node: JSONNode) -> String?
}

extension FieldValue {
  package static var words: [String]? { nil }
  package static func remark(about node: JSONNode) -> String? { nil }

  package static var schema: JSONNode {
    guard let schemaType else { return [:] }
    return ["type": schemaType.node]
  }

  package static func complaint(about node: JSONNode) -> String {
    if let words, let word = node.string {
      let hint = NearestKey.suggestion(for: word, among: words).map { ". Did you mean \"\($0)\"?" } ?? ""
      return "\"\(word)\" is not allowed; it must be \(kindTitle)\(hint)"
    }
    if schemaType == "integer" || schemaType == "number" {
      if let number = node.number {
        let isWhole = number.double.map { $0 == $0.rounded() } ?? false
        return isWhole ? "\(number.text) is too large" : "\(number.text) is not \(kindTitle)"
      }
      if let string = node.string, Double(string)?.isFinite == true {
        return "the number is written as a string; write \(string) without quotes"
      }
    }
    return "this is \(node.kindName), but it must be \(kindTitle)"
  }
}

extension Bool: FieldValue {
  package static var kindTitle: String { "true or false" }
  package static var schemaType: String? { "boolean" }
  package init?(node: JSONNode) {
    guard let bool = node.bool else { return nil }
    self = bool
  }
  package var node: JSONNode { JSONNode(.bool(self)) }
}

extension Int: FieldValue {
  package static var kindTitle: String { "a whole number" }
  package static var schemaType: String? { "integer" }
  package init?(node: JSONNode) {
    guard let int = node.int else { return nil }
    self = int
  }
  package var node: JSONNode { JSONNode(.number(JSONNumber(self))) }
}

extension Double: FieldValue {
  package static var kindTitle: String { "a number" }
  package static var schemaType: String? { "number" }
  package init?(node: JSONNode) {
    guard let double = node.double, double.isFinite else { return nil }
    self = double
  }
  package var node: JSONNode { JSONNode(.number(JSONNumber(self))) }
}

extension String: FieldValue {
  package static var kindTitle: String { "a string" }
  package static var schemaType: String? { "string" }
  package init?(node: JSONNode) {
    guard let string = node.string else { return nil }
    self = string
  }
  package var node: JSONNode { JSONNode(.string(self)) }
}

extension Optional: FieldValue where Wrapped: FieldValue {
  package static var kindTitle: String { Wrapped.kindTitle }
  package static var schemaType: String? { Wrapped.schemaType }
  package static var words: [String]? { Wrapped.words }
  package static func complaint(about node: JSONNode) -> String { Wrapped.complaint(about: node) }
  package static func remark(about node: JSONNode) -> String? { Wrapped.remark(about: node) }
  package static var schema: JSONNode {
    guard var schema = Wrapped.schema.object, let type = schema["type"], type.string != nil else { return Wrapped.schema }
    schema["type"] = JSONNode(.array([type, "null"]))
    if let words = schema["enum"]?.array { schema["enum"] = JSONNode(.array(words + [nil])) }
    return JSONNode(.object(schema))
  }
  package init?(node: JSONNode) {
    if node.isNull {
      self = Optional<Wrapped>.none
    } else if let value = Wrapped(node: node) {
      self = Optional<Wrapped>.some(value)
    } else {
      return nil
    }
  }
  package var node: JSONNode { self?.node ?? JSONNode(.null) }
}

extension Array: FieldValue where Element: FieldValue {
  package static var kindTitle: String { "a list, each element \(Element.kindTitle)" }
  package static var schemaType: String? { "array" }
  package static var schema: JSONNode { ["type": "array", "items": Element.schema] }
  package static func remark(about node: JSONNode) -> String? { node.array?.lazy.compactMap(Element.remark).first }
  package init?(node: JSONNode) {
    guard let elements = node.array else { return nil }
    var values: [Element] = []
    for element in elements {
      guard let value = Element(node: element) else { return nil }
      values.append(value)
    }
    self = values
  }
  package var node: JSONNode { JSONNode(.array(map(\.node))) }

  package static func complaint(about node: JSONNode) -> String {
    guard let elements = node.array, let wrong = elements.firstIndex(where: { Element(node: $0) == nil }) else {
      return "this is \(node.kindName), but it must be \(kindTitle)"
    }
    return "element \(wrong + 1): \(Element.complaint(about: elements[wrong]))"
  }
}

extension Dictionary: FieldValue where Key == String, Value: FieldValue {
  package static var kindTitle: String { "an object, each member \(Value.kindTitle)" }
  package static var schemaType: String? { "object" }
  package static var schema: JSONNode { ["type": "object", "additionalProperties": Value.schema] }
  package init?(node: JSONNode) {
    guard let object = node.object else { return nil }
    var values: [String: Value] = [:]
    for member in object.members {
      guard let value = Value(node: member.node) else { return nil }
      values[member.key] = value
    }
    self = values
  }
  package var node: JSONNode {
    JSONNode(.object(JSONObject(sorted { $0.key < $1.key }.map { .init(key: $0.key, keyByte: 0, node: $0.value.node) })))
  }

  package static func complaint(about node: JSONNode) -> String {
    guard let wrong = node.object?.members.first(where: { Value(node: $0.node) == nil }) else {
      return "this is \(node.kindName), but it must be \(kindTitle)"
    }
    return "member \"\(wrong.key)\": \(Value.complaint(about: wrong.node))"
  }
}

/// A value that is kept as it was written.
extension JSONNode: FieldValue {
  package static var kindTitle: String { "any value" }
  package static var schemaType: String? { nil }
  package init?(node: JSONNode) { self = node }
  package var node: JSONNode { self }
}

/// An enumeration whose cases are words: `enum Scheduler: String, WordField`.
package protocol WordField: FieldValue, RawRepresentable, CaseIterable where RawValue == String {
  /// Other spellings of a word, to the word: `["cpt": .pretrain]`.
  static var synonyms: [String: Self] { get }
  /// Of spellings that are read as something else than they say: what happens instead. Told as a warning.
  static var remarks: [String: String] { get }
}

extension WordField {
  package static var synonyms: [String: Self] { [:] }
  package static var remarks: [String: String] { [:] }
  package static func remark(about node: JSONNode) -> String? { node.string.flatMap { remarks[$0] } }
  package static var schema: JSONNode {
    ["type": "string", "enum": JSONNode(.array(allCases.map(\.rawValue.node) + synonyms.keys.sorted().map(\.node)))]
  }
  package static var kindTitle: String { "one of \(allCases.map(\.rawValue).joined(separator: ", "))" }
  package static var schemaType: String? { "string" }
  package static var words: [String]? { allCases.map(\.rawValue) }
  package init?(node: JSONNode) {
    guard let word = node.string else { return nil }
    if let value = Self(rawValue: word) ?? Self.synonyms[word] {
      self = value
    } else {
      return nil
    }
  }
  package var node: JSONNode { JSONNode(.string(rawValue)) }
}
