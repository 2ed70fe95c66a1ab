/// Which split a file of a repository is of, as one config of its card says it; and what a user should know of that.
package struct CardSplits: Sendable {
  package enum Place: Sendable, Equatable {
    /// One or several: `datasets` reads a file for every split that names it.
    case splits([String])
    /// The config names a folder at most: the file's own name tells.
    case byName
    /// The config does not take it; another one may.
    case outside(isOfAnother: Bool)
  }

  private struct Rule: Sendable {
    var split: String
    var text: String
    var pattern: PathPattern
  }

  package let config: String
  private let rules: [Rule]?
  private let folder: PathPattern?
  /// Of the other configs: what they take is no oversight.
  private let others: [PathPattern]
  private let names: [String: String]
  private var matched: Set<Int> = []
  /// Of the choice of the config, and of its fields that nobody follows.
  private let choice: [String]

  /// - Parameters:
  ///   - wanted: the config that a sidecar names; nil: the usual one, else the first.
  ///   - sidecarName: where another one can be chosen.
  /// - Returns: nil where the card has no configs.
  /// - Throws: `Problem` where the wanted one is not among them.
  package init?(_ matter: DatasetCardMatter, wanted: String?, sidecarName: String) throws(Problem) {
    guard let first = matter.configs.first else { return nil }
    let names = matter.configs.map(\.name)
    let config: DatasetCardMatter.Config
    var choice: [String] = []
    if let wanted {
      guard let found = matter.configs.first(where: { $0.name == wanted }) else { throw Self.unknown(wanted, among: names) }
      config = found
    } else {
      config = matter.usual ?? first
      if names.count > 1 {
        let rest = names.filter { $0 != config.name }
        choice.append(
          "README.md has \(names.count) configs, and '\(config.name)' is read, \(matter.usual == nil ? "the first" : "its default"). "
            + "There \(rest.count == 1 ? "is" : "are") also \(Self.list(rest)): say {\"config\": \"\(rest.first ?? "")\"} in \(sidecarName) to read another."
        )
      }
    }
    if !config.unfollowed.isEmpty {
      choice.append(
        "README.md's config '\(config.name)' says \(config.unfollowed.map { "'\($0)'" }.joined(separator: ", ")), which is not followed here: look whether the rows are right, and say in \(sidecarName) how they are read where not."
      )
    }
    self.choice = choice
    self.config = config.name
    folder = config.folder.map(PathPattern.init)
    rules = Self.rules(of: config)
    others = matter.configs.filter { $0.name != config.name }.flatMap { other in
      Self.rules(of: other)?.map(\.pattern) ?? [other.folder.map(PathPattern.init)].compactMap(\.self)
    }
    self.names = SplitInference.localNames(of: Set(rules?.map(\.split) ?? [])).mapValues { SafeName(from: $0).text }
  }

  private static func rules(of config: DatasetCardMatter.Config) -> [Rule]? {
    config.patterns?.flatMap { split, texts in texts.map { Rule(split: split, text: $0, pattern: config.pattern($0)) } }
  }

  /// - Parameter paths: of one file, relative to the repository; several where it was called otherwise before it was converted.
  package mutating func place(of paths: [String]) -> Place {
    func fits(_ pattern: PathPattern) -> Bool { paths.contains { pattern.matches($0) } }
    guard let rules else {
      guard let folder, !fits(folder) else { return .byName }
      return .outside(isOfAnother: others.contains(where: fits))
    }
    var splits: [String] = []
    for (at, rule) in rules.enumerated() where fits(rule.pattern) {
      matched.insert(at)
      let name = names[rule.split] ?? SafeName(from: rule.split).text
      if !splits.contains(name) { splits.append(name) }
    }
    return splits.isEmpty ? .outside(isOfAnother: others.contains(where: fits)) : .splits(splits)
  }

  /// What a user should know, when every file was asked for.
  package var remarks: [String] {
    choice
      + (rules ?? []).enumerated().filter { !matched.contains($0.offset) }.prefix(10).map { _, rule in
        Self.unmatched(rule.text, of: rule.split, config: config)
      }
  }

  package static func unmatched(_ pattern: String, of split: String, config: String) -> String {
    "README.md's config '\(config)' has '\(pattern)' for the split '\(split)', and no file is called so."
  }

  private static func unknown(_ name: String, among names: [String]) -> Problem {
    let hint = NearestKey.suggestion(for: name, among: names).map { " Did you mean \"\($0)\"?" } ?? ""
    return Problem(
      "sidecar.config-unknown", "the sidecar names the config '\(name)', and README.md has none of that name", at: .init(field: "config"),
      mend: "There \(names.count == 1 ? "is" : "are") \(list(names)).\(hint)")
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(12).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 12 ? " and \(names.count - 12) more" : "")
  }
}
