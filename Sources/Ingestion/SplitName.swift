import Domain

/// Names of splits: their order, and those that a sidecar gives. Which split a file belongs to tells `SplitInference`.
enum SplitName {
  static let train = "train"

  /// Train first, then validation and test, then names of the user's own: those that begin like one of the three stand where it would.
  static func isInOrder(_ left: String, _ right: String) -> Bool {
    func rank(_ split: String) -> Int {
      if let exact = SplitInference.keywords.firstIndex(where: { $0.split == split }) { return exact }
      let first = split.lowercased().split { !$0.isLetter }.first.map(String.init) ?? ""
      return SplitInference.keywords.count + (SplitInference.keywords.firstIndex { $0.words.contains(first) } ?? 0)
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
