import StrictJSON

/// A field of a section without the section's type: for what looks at all fields of a config alike. Its schema, its diff, its
/// sweeps, and the answers to fields in the wrong place are made from this list.
package struct FieldDescription: Sendable {
  package let section: String
  package let key: String
  package let aliases: [String]
  package let summary: String
  /// "a number, greater than 0".
  package let allowed: String
  package let schema: JSONNode
  package let words: [String]?
  package let isForeign: Bool
  package let hasEffect: Bool

  package var path: String { "\(section).\(key)" }
  package var spellings: [String] { [key] + aliases }

  /// A list is one value of such a field: only a list of lists sweeps it.
  package var takesLists: Bool {
    if schema["type"]?.string == "array" { return true }
    return schema["anyOf"]?.array?.contains { $0["type"]?.string == "array" } == true || schema.object?.members.isEmpty == true
  }

  init<S: Section>(_ field: Field<S>, of section: String) {
    self.section = section
    key = field.key
    aliases = field.aliases
    summary = field.summary
    allowed = field.allowed
    schema = field.schema
    words = field.words
    isForeign = field.isForeign
    hasEffect = field.effect == .honoured || field.effect == .remark
  }
}

extension Configuration {
  /// The sections that are tables of fields, each with its fields, in the order in which they are written out.
  /// Made once: a config is checked against it many times over.
  package static let tables: [(section: String, fields: [FieldDescription])] = {
    func table<S: Section>(_ section: String, _ type: S.Type) -> (String, [FieldDescription]) {
      (section, S.fields.map { FieldDescription($0, of: section) })
    }
    return [
      table("model", ModelSection.self), table("tokenizer", TokenizerSection.self), table("training", TrainingSection.self),
      table("data", DataSection.self), table("evaluation", EvaluationSection.self), table("tensorboard", TensorBoardSection.self),
    ]
  }()

  /// The field of that path, under whichever of its spellings.
  package static func field(at path: String) -> FieldDescription? {
    let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2, let table = tables.first(where: { $0.section == parts[0] }) else { return nil }
    return table.fields.first { $0.spellings.contains(parts[1]) }
  }
}
