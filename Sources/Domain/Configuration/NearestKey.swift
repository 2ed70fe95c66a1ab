/// Finds what a misspelt word was meant to be.
package enum NearestKey {
  /// The nearest of `known`, where it is near enough to be meant: at most a third of the letters differ.
  package static func suggestion(for word: String, among known: some Sequence<String>) -> String? {
    let letters = Array(normalised(word))
    let best = known.map { ($0, distance(letters, Array(normalised($0)))) }.min { ($0.1, $0.0) < ($1.1, $1.0) }
    guard let (candidate, distance) = best, distance <= max(1, max(letters.count, candidate.count) / 3) else { return nil }
    return candidate
  }

  /// camelCase, kebab-case and snake_case of one word are one.
  private static func normalised(_ word: String) -> String {
    word.lowercased().filter { $0 != "_" && $0 != "-" && $0 != " " }
  }

  /// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours cost 1.
  static func distance(_ a: [Character], _ b: [Character]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 1...a.count {
      var row = [i]
      row.reserveCapacity(b.count + 1)
      for j in 1...b.count {
        var cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { cost = min(cost, beforeLast[j - 2] + 1) }
        row.append(cost)
      }
      beforeLast = last
      last = row
    }
    return last[b.count]
  }
}
