import Domain

/// Which split a file's rows belong to, told from its name or from the folders it lies in, as the Hugging Face Hub does
/// (hub-docs, "File names and splits"): a keyword that stands as a word of its own, between anything but letters.
enum SplitName {
  static let train = "train"
  private static let keywords: [(split: String, words: Set<String>)] = [
    (train, ["train", "training"]),
    ("validation", ["validation", "valid", "val", "dev"]),
    ("test", ["test", "testing", "eval", "evaluation"]),
  ]

  /// - Parameter path: relative to the drop. The file's own name is asked first, then its folders from the nearest up.
  static func split(of path: String) -> String {
    if let shard = shard(path) { return shard }
    for component in path.split(separator: "/").reversed() {
      let words = Set(component.lowercased().split { !$0.isLetter }.map(String.init))
      // A name with words of several splits (train-test-overlap) is taken for the first.
      if let known = keywords.first(where: { !$0.words.isDisjoint(with: words) }) { return known.split }
    }
    return train
  }

  /// The Hub's `data/NAME-00000-of-00005.jsonl`, which is of the split NAME, whatever that is: `train_prefs`. Names that are made of a
  /// keyword alone mean what they always mean.
  private static func shard(_ path: String) -> String? {
    let parts = path.split(separator: "/")
    guard parts.count >= 2, parts[parts.count - 2] == "data", let file = parts.last,
      let match = file.wholeMatch(of: /(\w+(?:\.\w+)*)-[0-9]{5}-of-[0-9]{5}.*/)
    else { return nil }
    let name = String(match.1)
    let isKeyword = keywords.contains { $0.words.contains(name.lowercased()) }
    return isKeyword || SafeName(exactly: name) == nil ? nil : name
  }

  /// Train first, then validation and test, then names of the user's own: those that begin like one of the three stand where it would.
  static func isInOrder(_ left: String, _ right: String) -> Bool {
    func rank(_ split: String) -> Int {
      if let exact = keywords.firstIndex(where: { $0.split == split }) { return exact }
      let first = split.lowercased().split { !$0.isLetter }.first.map(String.init) ?? ""
      return keywords.count + (keywords.firstIndex { $0.words.contains(first) } ?? 0)
    }
    return (rank(left), left) < (rank(right), right)
  }

  /// The split that a sidecar asks for.
  static func told(_ name: String) throws(Problem) -> String {
    guard SafeName(exactly: name) != nil else {
      throw Problem(
        "sidecar.split", "the sidecar's split is called '\(name)', which cannot be a file's name", at: .init(field: "split"),
        mend: "Use letters, digits, '-' and '_': \"train\", \"validation\", \"test\".")
    }
    return name
  }
}
