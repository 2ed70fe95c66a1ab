/// A pattern of paths as in a dataset's card: `data/train-*`, `**/*.jsonl`, `{a,b}/x?.csv`, `[0-9].txt`. `*` and `?` stay within a folder,
/// `**/` stands for any number of them. A pattern without any of these is a path, or a folder with everything in it.
struct PathPattern: Sendable {
  private let alternatives: [[Character]]
  private let isPlain: Bool

  init(_ text: String) {
    var text = text
    while text.hasPrefix("./") { text.removeFirst(2) }
    while text.hasSuffix("/") { text.removeLast() }
    alternatives = Self.expanded(text).map(Array.init)
    isPlain = !text.contains { "*?[{".contains($0) }
  }

  func matches(_ path: String) -> Bool {
    let characters = Array(path)
    return alternatives.contains { pattern in
      if Self.matches(pattern[...], characters[...]) { return true }
      return isPlain && characters.starts(with: pattern + ["/"])
    }
  }

  /// Without braces: one pattern each. At most a thousand: a pattern that means more is a mistake.
  private static func expanded(_ text: String) -> [String] {
    var open = [text], done: [String] = []
    while let next = open.popLast(), done.count + open.count < 1_000 {
      guard let close = next.firstIndex(of: "}"), let start = next[..<close].lastIndex(of: "{") else {
        done.append(next)
        continue
      }
      let words = next[next.index(after: start)..<close].split(separator: ",", omittingEmptySubsequences: false)
      open += words.map { String(next[..<start]) + $0 + next[next.index(after: close)...] }
    }
    return done
  }

  private static func matches(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    let rest = pattern.dropFirst()
    if first == "*" {
      if rest.first == "*" {
        var after = rest.dropFirst()
        // `**/` may be no folder at all.
        if after.first == "/" {
          after = after.dropFirst()
          if matches(after, text) { return true }
          return text.indices.contains { text[$0] == "/" && matches(after, text[($0 + 1)...]) }
        }
        return (text.startIndex...text.endIndex).contains { matches(after, text[$0...]) }
      }
      var at = text.startIndex
      while true {
        if matches(rest, text[at...]) { return true }
        if at == text.endIndex || text[at] == "/" { return false }
        at += 1
      }
    }
    guard let character = text.first else { return false }
    if first == "?" { return character != "/" && matches(rest, text.dropFirst()) }
    if first == "[", let close = rest.dropFirst().firstIndex(of: "]") {
      return isIn(rest[..<close], character) && matches(pattern[(close + 1)...], text.dropFirst())
    }
    return first == character && matches(rest, text.dropFirst())
  }

  private static func isIn(_ set: ArraySlice<Character>, _ character: Character) -> Bool {
    let isNegated = set.first == "!" || set.first == "^"
    let members = Array(isNegated ? set.dropFirst() : set)
    var found = false
    var at = 0
    while at < members.count {
      if at + 2 < members.count, members[at + 1] == "-" {
        if members[at] <= character, character <= members[at + 2] { found = true }
        at += 3
      } else {
        if members[at] == character { found = true }
        at += 1
      }
    }
    return found != isNegated && character != "/"
  }
}
