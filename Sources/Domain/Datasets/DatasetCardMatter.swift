import StrictJSON

/// What a dataset's card says of its files: the front matter of README.md, as the Hub hands it on in `cardData`, or as it was read from the
/// file itself (hub-docs, datasets-manual-configuration.md).
package struct DatasetCardMatter: Sendable, Equatable {
  package struct Config: Sendable, Equatable {
    package var name: String
    package var isDefault: Bool
    /// Patterns by split; nil: told from names, in `folder`.
    package var patterns: [(split: String, patterns: [String])]?
    package var folder: String?
    /// Fields that change how `datasets` reads the files, and that nobody follows here: `sep`, `skiprows`.
    package var unfollowed: [String] = []

    /// A pattern of this config, of paths in the repository.
    package func pattern(_ text: String) -> PathPattern { PathPattern((folder.map { $0 + "/" } ?? "") + text) }

    package static func == (left: Config, right: Config) -> Bool {
      left.name == right.name && left.isDefault == right.isDefault && left.folder == right.folder && left.unfollowed == right.unfollowed
        && left.patterns?.map(\.split) == right.patterns?.map(\.split) && left.patterns?.map(\.patterns) == right.patterns?.map(\.patterns)
    }
  }

  /// What is said for people.
  package var facts: DatasetCardFacts?
  package var configs: [Config] = []
  /// Rows by config and split, where the card counts them.
  package var rows: [String: [String: Int]] = [:]

  package var licence: String? { facts?.licence }

  /// Configs and patterns that are looked at: more were made to harm.
  private static let mostConfigs = 10_000, mostPatterns = 10_000
  /// Bytes: a path has no more (PATH_MAX).
  private static let longestPattern = 4_096
  /// Fields of a config that are followed, or change nothing in the rows.
  private static let known: Set<String> = [
    "config_name", "default", "data_files", "data_dir", "features", "description", "version", "citation", "license", "homepage",
    "drop_labels", "drop_metadata",
  ]

  package init(_ node: JSONNode?) {
    facts = DatasetCardFacts(node)
    for entry in (node?["configs"]?.array ?? []).prefix(Self.mostConfigs) {
      guard let name = Self.text(entry["config_name"]) else { continue }
      var config = Config(
        name: name, isDefault: Self.isTrue(entry["default"]), patterns: entry["data_files"].flatMap(Self.patterns),
        folder: Self.text(entry["data_dir"]))
      config.unfollowed = (entry.object?.keys ?? []).filter { !Self.known.contains($0) }
      configs.append(config)
    }
    // One config's, or a list of them.
    for entry in node?["dataset_info"]?.array ?? [node?["dataset_info"]].compactMap(\.self) {
      for split in entry["splits"]?.array ?? [] {
        guard let name = split["name"]?.string, let count = split["num_examples"]?.int, count > 0 else { continue }
        rows[entry["config_name"]?.string ?? "default", default: [:]][name] = count
      }
    }
  }

  /// The config that is meant where none is named (datasets, `MetadataConfigs.get_default_config_name`): the one that says so, the one
  /// called `default`, or the only one.
  package var usual: Config? { configs.first { $0.isDefault || $0.name == "default" } ?? (configs.count == 1 ? configs[0] : nil) }

  /// `data_files`: a pattern, a list of them, or a list of `{split, path}` with one or several patterns each.
  private static func patterns(_ node: JSONNode) -> [(split: String, patterns: [String])]? {
    if node.isNull { return nil }
    if let one = node.string { return [("train", [one])] }
    var found: [(split: String, patterns: [String])] = []
    var left = mostPatterns
    func add(_ split: String, _ paths: [String]) {
      let paths = Array(paths.prefix(left).filter { $0.utf8.count <= longestPattern })
      left -= paths.count
      if let at = found.firstIndex(where: { $0.split == split }) { found[at].patterns += paths } else { found.append((split, paths)) }
    }
    for entry in (node.array ?? []).prefix(mostPatterns) {
      let split = text(entry["split"]) ?? "train"
      add(split, entry.string.map { [$0] } ?? entry["path"]?.string.map { [$0] } ?? entry["path"]?.array?.compactMap(\.string) ?? [])
    }
    for member in (node.object?.members ?? []).prefix(mostPatterns) {
      add(member.key, member.node.string.map { [$0] } ?? member.node.array?.compactMap(\.string) ?? [])
    }
    return found
  }

  /// Names may look like numbers: `config_name: 2024`.
  private static func text(_ node: JSONNode?) -> String? { node?.string ?? node?.number?.text }

  /// `default: yes` is true to `datasets`, which reads YAML 1.1, and a text to the Hub, whose YAML is 1.2.
  private static func isTrue(_ node: JSONNode?) -> Bool {
    node?.bool ?? node?.string.map { ["yes", "Yes", "YES", "on", "On", "ON"].contains($0) } ?? false
  }
}
