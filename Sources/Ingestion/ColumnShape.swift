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

  /// What the rows of a sample have in a column, but for a few; nil where they have nothing.
  static func common(_ values: some Sequence<JSONNode?>) -> ColumnShape? {
    var counts: [ColumnShape: Int] = [:]
    for value in values {
      guard let value, let shape = ColumnShape(value) else { continue }
      counts[shape, default: 0] += 1
    }
    guard let most = counts.max(by: { $0.value < $1.value }) else { return nil }
    return isNearlyAll(most.value, of: counts.values.reduce(0, +)) ? most.key : .other
  }

  /// Rows of another kind are left out of training and told by quality.json; they do not change what the others are. As few are borne as
  /// bad rows are by default: one of twenty, and one alone where two are good.
  static func isNearlyAll(_ count: Int, of all: Int) -> Bool { (all - count) * 20 <= all || (all - count == 1 && count >= 2) }
}
