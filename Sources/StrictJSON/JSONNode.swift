/// A parsed JSON value that remembers where it stood, so that a finding about it can name line and column.
package struct JSONNode: Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONNode])
    case object(JSONObject)
  }

  package var value: Kind
  /// Offset of the value's first byte in the text it was parsed from; 0 for one made in code.
  package var byte: Int

  package init(_ value: Kind, byte: Int = 0) {
    self.value = value
    self.byte = byte
  }

  /// Equality of meaning: where a value stood does not count.
  package static func == (left: JSONNode, right: JSONNode) -> Bool { left.value == right.value }
}

extension JSONNode {
  package var isNull: Bool { value == .null }
  package var bool: Bool? { if case .bool(let bool) = value { bool } else { nil } }
  package var number: JSONNumber? { if case .number(let number) = value { number } else { nil } }
  package var int: Int? { number?.int }
  package var double: Double? { number?.double }
  package var string: String? { if case .string(let string) = value { string } else { nil } }
  package var array: [JSONNode]? { if case .array(let array) = value { array } else { nil } }
  package var object: JSONObject? { if case .object(let object) = value { object } else { nil } }

  /// The member of that name, or nil where this is no object or has none.
  package subscript(key: String) -> JSONNode? { object?[key] }

  /// The type's name as people say it: "a number", "an object".
  package var kindName: String {
    switch value {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

extension JSONNode: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self.init(.string(value)) }
  package init(integerLiteral value: Int) { self.init(.number(JSONNumber(value))) }
  package init(floatLiteral value: Double) { self.init(.number(JSONNumber(value))) }
  package init(booleanLiteral value: Bool) { self.init(.bool(value)) }
  package init(nilLiteral: ()) { self.init(.null) }
  package init(arrayLiteral elements: JSONNode...) { self.init(.array(elements)) }
  package init(dictionaryLiteral elements: (String, JSONNode)...) {
    self.init(.object(JSONObject(elements.map { .init(key: $0.0, keyByte: 0, node: $0.1) })))
  }
}

/// A number as it was written: its text is kept, so that 1e400 or twenty digits survive a round trip.
package struct JSONNumber: Sendable, Equatable {
  package let text: String

  package init(text: String) { self.text = text }
  package init(_ value: Int) { text = String(value) }
  /// A value that is not finite has no JSON form; a caller that may hold one asks before.
  package init(_ value: Double) {
    precondition(value.isFinite, "JSON has no form for \(value)")
    text = value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
  }

  /// The integer, where the number is one and fits: 3, 3.0 and 3e2 are integers.
  package var int: Int? {
    if let int = Int(text) { return int }
    guard let double, double == double.rounded(), abs(double) <= 9_007_199_254_740_992 else { return nil }
    return Int(double)
  }
  package var double: Double? { Double(text) }

  package static func == (left: JSONNumber, right: JSONNumber) -> Bool {
    left.text == right.text || (left.double != nil && left.double == right.double)
  }
}
