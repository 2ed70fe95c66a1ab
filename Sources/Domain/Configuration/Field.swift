import StrictJSON

/// One field of a section of a config: its names, its meaning, its limits, how it is read and written.
///
/// The list of a section's fields is the one place that knows them: decoding, the resolved config with every default,
/// the documentation and the JSON Schema are all made from it.
package struct Field<Section>: Sendable {
  package let key: String
  /// Other spellings that are read as this field.
  package let aliases: [String]
  /// What it is, its unit and its default, in one or two sentences.
  package let summary: String
  package let kindTitle: String
  package let schemaType: String?
  package let words: [String]?
  package let limit: Limit?
  package let effect: Effect
  /// JSON Schema of the value, limits included.
  package let schema: JSONNode
  /// What happens instead of what a value says that is read as another: nil for most.
  let remark: @Sendable (JSONNode) -> String?
  /// Of a field that belongs to other trainers and is kept nowhere: whether a value asks for nothing. nil: the field is kept.
  let isNeutral: (@Sendable (JSONNode) -> Bool)?
  /// Sets the field from a node; nil is success, else what is wrong with the value.
  package let set: @Sendable (JSONNode, inout Section) -> String?
  package let get: @Sendable (Section) -> JSONNode

  /// What the native engine does with the field.
  package enum Effect: Sendable, Equatable {
    case honoured
    /// Read and kept, but a value other than the default has no meaning here: warned, with what happens instead.
    case ignored(String)
    /// A value other than the default is refused: what can be written instead.
    case refused(String)
    /// For people and other tools: kept without a remark.
    case remark
  }

  package struct Limit: Sendable {
    package let title: String
    /// JSON Schema's words for it.
    let schema: [(String, Double)]
    let allows: @Sendable (Double) -> Bool

    package static func atLeast(_ least: Double) -> Limit {
      .init(title: "at least \(JSONNumber(least).text)", schema: [("minimum", least)]) { $0 >= least }
    }
    package static var positive: Limit { .init(title: "greater than 0", schema: [("exclusiveMinimum", 0)]) { $0 > 0 } }
    package static func within(_ range: ClosedRange<Double>) -> Limit {
      .init(
        title: "from \(JSONNumber(range.lowerBound).text) to \(JSONNumber(range.upperBound).text)",
        schema: [("minimum", range.lowerBound), ("maximum", range.upperBound)]
      ) { range.contains($0) }
    }
    package static func below(_ range: Range<Double>) -> Limit {
      .init(
        title: "from \(JSONNumber(range.lowerBound).text) to below \(JSONNumber(range.upperBound).text)",
        schema: [("minimum", range.lowerBound), ("exclusiveMaximum", range.upperBound)]
      ) { range.contains($0) }
    }
  }

  package init<Value: FieldValue>(
    _ key: String, _ path: any (WritableKeyPath<Section, Value> & Sendable), aliases: [String] = [], limit: Limit? = nil,
    effect: Effect = .honoured,
    _ summary: String
  ) {
    self.key = key
    self.aliases = aliases
    self.summary = summary
    self.limit = limit
    self.effect = effect
    kindTitle = Value.kindTitle
    schemaType = Value.schemaType
    words = Value.words
    remark = { Value.remark(about: $0) }
    isNeutral = nil
    var schema = Value.schema.object ?? JSONObject()
    for (word, number) in limit?.schema ?? [] { schema[word] = number.node }
    self.schema = JSONNode(.object(schema))
    get = { $0[keyPath: path].node }
    set = { node, section in
      guard let value = Value(node: node) else { return Value.complaint(about: node) }
      if let limit, let number = node.double, !limit.allows(number) {
        return "\(node.text()) is outside of what is allowed: \(limit.title)"
      }
      section[keyPath: path] = value
      return nil
    }
  }

  /// A field of other trainers that means nothing here and is kept nowhere: every value but those that ask for nothing is answered.
  ///
  /// - Parameters:
  ///   - neutral: values that ask for nothing, as what happens anyway; null always is one.
  ///   - effect: `ignored` or `refused`, with what happens instead.
  package init(foreign key: String, aliases: [String] = [], neutral: [JSONNode] = [], _ effect: Effect) {
    self.key = key
    self.aliases = aliases
    self.effect = effect
    summary = "For other trainers."
    limit = nil
    kindTitle = JSONNode.kindTitle
    schemaType = nil
    words = nil
    schema = [:]
    remark = { _ in nil }
    isNeutral = { $0.isNull || neutral.contains($0) }
    get = { _ in JSONNode(.null) }
    set = { _, _ in nil }
  }

  /// The same field of a section that holds this one.
  package func within<Outer>(_ path: any WritableKeyPath<Outer, Section> & Sendable) -> Field<Outer> {
    Field<Outer>(
      key: key, aliases: aliases, summary: summary, kindTitle: kindTitle, schemaType: schemaType, words: words, limit: limit,
      effect: effect, schema: schema, remark: remark, isNeutral: isNeutral, set: { [set] node, outer in set(node, &outer[keyPath: path]) },
      get: { [get] outer in get(outer[keyPath: path]) })
  }

  private init<Inner>(
    key: String, aliases: [String], summary: String, kindTitle: String, schemaType: String?, words: [String]?, limit: Field<Inner>.Limit?,
    effect: Field<Inner>.Effect, schema: JSONNode, remark: @escaping @Sendable (JSONNode) -> String?,
    isNeutral: (@Sendable (JSONNode) -> Bool)?, set: @escaping @Sendable (JSONNode, inout Section) -> String?,
    get: @escaping @Sendable (Section) -> JSONNode
  ) {
    (self.key, self.aliases, self.summary, self.kindTitle, self.schemaType, self.words) = (
      key, aliases, summary, kindTitle, schemaType, words
    )
    self.limit = limit.map { Limit(title: $0.title, schema: $0.schema, allows: $0.allows) }
    self.effect =
      switch effect {
      case .honoured: .honoured
      case .ignored(let instead): .ignored(instead)
      case .refused(let instead): .refused(instead)
      case .remark: .remark
      }
    (self.schema, self.remark, self.isNeutral, self.set, self.get) = (schema, remark, isNeutral, set, get)
  }

  /// Whether the field belongs to other trainers and is kept nowhere.
  package var isForeign: Bool { isNeutral != nil }

  /// "a number, greater than 0".
  package var allowed: String { [kindTitle, limit?.title].compactMap(\.self).joined(separator: ", ") }
}
