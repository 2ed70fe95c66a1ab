/// Which split a file belongs to, told from its path as the Hub does it (hub-docs, datasets-file-names-and-splits.md).
package enum SplitInference {
  /// Each split with the words that mean it, in the order in which splits are told.
  package static let keywords: [(split: String, words: Set<String>)] = [
    ("train", ["train", "training"]), ("validation", ["validation", "valid", "val", "dev"]),
    ("test", ["test", "testing", "eval", "evaluation"]),
  ]

  /// All files with their split; files that no split takes are left out.
  ///
  /// The first of these that any file fits decides for all: `data/<split>-00000-of-00001.ext`; a keyword as a word of its own in the
  /// name of the file or of a folder; everything is `train`.
  package static func splits(of paths: [String]) -> [(path: String, split: String)] {
    let sharded = paths.compactMap { path in shardSplit(of: path).map { (path, $0) } }
    if !sharded.isEmpty { return sharded }
    let named = paths.compactMap { path in keyword(in: path).map { (path, $0) } }
    return named.isEmpty ? paths.map { ($0, "train") } : named
  }

  /// Where whoever drops a file says of it which split its rows are: the file's own name is asked first, then its folders from the
  /// nearest up; else it is `train`.
  ///
  /// - Parameter path: relative to the drop.
  package static func split(ofDropped path: String) -> String { shardOfItsOwn(path) ?? keyword(in: path) ?? "train" }

  /// A path that `split(ofDropped:)` reads as that split, whatever its name is.
  package static func shard(_ number: Int, of count: Int, split: String, ending: String) -> String {
    let digits = { (number: Int) in String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)" }
    return "data/\(split)-\(digits(number))-of-\(digits(count))\(ending)"
  }

  /// The Hub's `data/NAME-00000-of-00005.jsonl`, in whatever folder, which is of the split NAME, whatever that is: `train_prefs`. Names that
  /// are made of a keyword alone mean what they always mean.
  private static func shardOfItsOwn(_ path: String) -> String? {
    let parts = path.split(separator: "/")
    guard parts.count >= 2, parts[parts.count - 2] == "data", let file = parts.last,
      let match = file.wholeMatch(of: /(\w+(?:\.\w+)*)-[0-9]{5}-of-[0-9]{5}.*/)
    else { return nil }
    let name = String(match.1)
    let isKeyword = keywords.contains { $0.words.contains(name.lowercased()) }
    return isKeyword || SafeName(exactly: name) == nil ? nil : name
  }

  /// `data/<split>-xxxxx-of-xxxxx.ext`, of any name.
  private static func shardSplit(of path: String) -> String? {
    guard path.hasPrefix("data/"), let match = path.dropFirst(5).wholeMatch(of: /(?<split>[^\/]+)-[0-9]{5}-of-[0-9]{5}\.[^\/]+/) else {
      return nil
    }
    return String(match.split)
  }

  /// The file's own name first, then its folders from the innermost.
  package static func keyword(in path: String) -> String? {
    for component in path.split(separator: "/").reversed() {
      let words = Set(component.lowercased().split { !$0.isLetter }.map(String.init))
      // A name with words of several splits (train-test-overlap) is taken for the first.
      if let known = keywords.first(where: { !$0.words.isDisjoint(with: words) }) { return known.split }
    }
    return nil
  }

  /// What splits of other names are called here, where a job looks for `train`, `validation` and `test`: `train_prefs` is `train` where
  /// no other split of the same download would be.
  package static func localNames(of splits: Set<String>) -> [String: String] {
    var names: [String: String] = [:]
    for split in splits {
      let local = keyword(in: split) ?? split
      let isAlone = splits.count { (keyword(in: $0) ?? $0) == local } == 1
      names[split] = isAlone ? local : split
    }
    return names
  }
}
