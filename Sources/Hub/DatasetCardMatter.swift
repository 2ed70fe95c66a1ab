import StrictJSON

/// What a dataset's card says of its files: the front matter of README.md, as the Hub hands it on in `cardData`
/// (hub-docs, datasets-manual-configuration.md).
struct DatasetCardMatter: Sendable, Equatable {
  struct Config: Sendable, Equatable {
    var name: String
    var isDefault: Bool
    /// Patterns by split; nil: told from names, in `folder`.
    var patterns: [(split: String, patterns: [String])]?
    var folder: String?

    static func == (left: Config, right: Config) -> Bool {
      left.name == right.name && left.isDefault == right.isDefault && left.folder == right.folder
        && left.patterns?.map(\.split) == right.patterns?.map(\.split) && left.patterns?.map(\.patterns) == right.patterns?.map(\.patterns)
    }
  }

  var licence: String?
  var configs: [Config] = []
  /// Rows by config and split, where the card counts them.
  var rows: [String: [String: Int]] = [:]

  init(_ node: JSONNode?) {
    licence = node?["license"]?.string ?? node?["license"]?.array?.compactMap(\.string).joined(separator: ", ")
    for entry in node?["configs"]?.array ?? [] {
      guard let name = entry["config_name"]?.string else { continue }
      configs.append(
        Config(
          name: name, isDefault: entry["default"]?.bool == true, patterns: entry["data_files"].map(Self.patterns),
          folder: entry["data_dir"]?.string))
    }
    // One config's, or a list of them.
    for entry in node?["dataset_info"]?.array ?? [node?["dataset_info"]].compactMap(\.self) {
      for split in entry["splits"]?.array ?? [] {
        guard let name = split["name"]?.string, let count = split["num_examples"]?.int, count > 0 else { continue }
        rows[entry["config_name"]?.string ?? "default", default: [:]][name] = count
      }
    }
  }

  /// `data_files`: a pattern, a list of them, or a list of `{split, path}` with one or several patterns each.
  private static func patterns(_ node: JSONNode) -> [(split: String, patterns: [String])] {
    if let one = node.string { return [("train", [one])] }
    var found: [(split: String, patterns: [String])] = []
    for entry in node.array ?? [] {
      let split = entry["split"]?.string ?? "train"
      let paths = entry.string.map { [$0] } ?? entry["path"]?.string.map { [$0] } ?? entry["path"]?.array?.compactMap(\.string) ?? []
      if let at = found.firstIndex(where: { $0.split == split }) { found[at].patterns += paths } else { found.append((split, paths)) }
    }
    for member in node.object?.members ?? [] {
      found.append((member.key, member.node.string.map { [$0] } ?? member.node.array?.compactMap(\.string) ?? []))
    }
    return found
  }
}
