import StrictJSON

/// What the card of a repository says of it for people (hub-docs, datasetcard.md, modelcard.md): the front matter of its README.md
/// without what says how its files are read.
package struct DatasetCardFacts: Codable, Sendable, Equatable {
  package var prettyName: String?
  package var licence: String?
  package var languages: [String]?
  package var tags: [String]?
  package var sizeCategories: [String]?
  package var taskCategories: [String]?

  enum CodingKeys: String, CodingKey {
    case tags
    case prettyName = "pretty_name"
    case licence = "license"
    case languages = "language"
    case sizeCategories = "size_categories"
    case taskCategories = "task_categories"
  }

  /// Letters of a text and members of a list that are kept: what is longer was not meant to be read.
  private static let mostLetters = 200, mostMembers = 100

  /// nil where the card says none of it.
  package init?(_ node: JSONNode?) {
    guard let node else { return nil }
    prettyName = Self.texts(node["pretty_name"])?.first
    licence = Self.texts(node["license"])?.joined(separator: ", ")
    // "other" alone says nothing: the name stands beside it.
    if licence == "other", let name = Self.texts(node["license_name"])?.first { licence = "other: \(name)" }
    languages = Self.texts(node["language"])
    tags = Self.texts(node["tags"])
    sizeCategories = Self.texts(node["size_categories"])
    taskCategories = Self.texts(node["task_categories"])
    if prettyName == nil, licence == nil, languages == nil, tags == nil, sizeCategories == nil, taskCategories == nil { return nil }
  }

  /// A text, a list of them, or as in old cards lists by config. Numbers are texts as they were written: `1.0` is no `1`.
  private static func texts(_ node: JSONNode?) -> [String]? {
    guard let node else { return nil }
    let nodes = node.array ?? node.object.map { $0.members.flatMap { $0.node.array ?? [$0.node] } } ?? [node]
    let texts = nodes.prefix(mostMembers).compactMap { one in
      (one.string ?? one.number?.text).map { String($0.prefix(mostLetters)) }
    }.filter { !$0.isEmpty }
    return texts.isEmpty ? nil : texts
  }
}
