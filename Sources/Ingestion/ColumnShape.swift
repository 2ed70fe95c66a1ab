import StrictJSON

/// What stands in a column, as far as it matters for what the rows are.
enum ColumnShape: Equatable, Sendable {
  case text
  /// A list of `{"role": …, "content": …}`.
  case messages
  /// A list of `{"from": …, "value": …}`.
  case turns
  /// One such message or turn.
  case message, turn
  case other

  /// nil for null, which says nothing.
  init?(_ node: JSONNode) {
    switch node.value {
    case .null: return nil
    case .string: self = .text
    case .array(let elements):
      if !elements.isEmpty, elements.allSatisfy(Self.isMessage) {
        self = .messages
      } else if !elements.isEmpty, elements.allSatisfy(Self.isTurn) {
        self = .turns
      } else {
        self = .other
      }
    case .object: self = Self.isMessage(node) ? .message : Self.isTurn(node) ? .turn : .other
    case .bool, .number: self = .other
    }
  }

  private static func isMessage(_ node: JSONNode) -> Bool {
    guard let object = node.object else { return false }
    return object["role"]?.string != nil && (object["content"] != nil || object["tool_calls"] != nil)
  }

  private static func isTurn(_ node: JSONNode) -> Bool {
    guard let object = node.object else { return false }
    return object["from"]?.string != nil && object["value"] != nil
  }

  /// What all rows of a sample have in a column; nil where they differ or have nothing.
  static func common(_ values: some Sequence<JSONNode?>) -> ColumnShape? {
    var found: ColumnShape?
    for value in values {
      guard let value, let shape = ColumnShape(value) else { continue }
      if let found, found != shape { return .other }
      found = shape
    }
    return found
  }
}
