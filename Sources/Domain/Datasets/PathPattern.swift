/// A pattern of paths as in a dataset's card: `data/train-*`, `**/*.jsonl`, `{a,b}/x?.csv`, `[0-9].txt`. `*` and `?` stay within a folder,
/// `**/` stands for any number of them. A pattern without any of these is a path, or a folder with everything in it.
///
/// Patterns come from foreign files: a path is matched in steps of its length times the pattern's, whatever stands in it.
package struct PathPattern: Sendable {
  private enum Part: Sendable {
    case character(Character)
    /// `?`
    case any
    case oneOf([Character])
    /// `*`, and `**` that no `/` follows.
    case some, anything
    /// `**/`: no folder at all, or `inFolders` and what follows behind a `/`.
    case folders, inFolders
  }

  private let alternatives: [[Part]]
  /// Without any of these signs.
  private let plain: [Character]?

  package init(_ text: String) {
    var text = text
    while text.hasPrefix("./") { text.removeFirst(2) }
    while text.hasSuffix("/") { text.removeLast() }
    alternatives = Self.expanded(text).map { Self.parts(Array($0)) }
    plain = text.contains { "*?[{".contains($0) } ? nil : Array(text)
  }

  package func matches(_ path: String) -> Bool {
    let characters = Array(path)
    if let plain { return characters == plain || characters.starts(with: plain + ["/"]) }
    return alternatives.contains { Self.matches($0, characters) }
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

  private static func parts(_ pattern: [Character]) -> [Part] {
    var parts: [Part] = []
    var at = 0
    while at < pattern.count {
      let next = at + 1 < pattern.count ? pattern[at + 1] : nil
      switch pattern[at] {
      case "*" where next == "*":
        let hasSlash = at + 2 < pattern.count && pattern[at + 2] == "/"
        parts += hasSlash ? [.folders, .inFolders] : [.anything]
        at += hasSlash ? 3 : 2
      case "*":
        parts.append(.some)
        at += 1
      case "?":
        parts.append(.any)
        at += 1
      case "[":
        guard at + 2 <= pattern.count, let close = pattern[min(at + 2, pattern.count)...].firstIndex(of: "]") else {
          parts.append(.character("["))
          at += 1
          continue
        }
        parts.append(.oneOf(Array(pattern[(at + 1)..<close])))
        at = close + 1
      default:
        parts.append(.character(pattern[at]))
        at += 1
      }
    }
    return parts
  }

  /// Every place of the pattern where the path so far may have led, character by character (Thompson 1968).
  private static func matches(_ parts: [Part], _ text: [Character]) -> Bool {
    var places = [Bool](repeating: false, count: parts.count + 1)
    var next = places
    places[0] = true
    passOver(parts, &places)
    for character in text {
      for at in next.indices { next[at] = false }
      for (at, part) in parts.enumerated() where places[at] {
        switch part {
        case .character(let own): if own == character { next[at + 1] = true }
        case .any: if character != "/" { next[at + 1] = true }
        case .oneOf(let set): if isIn(set[...], character) { next[at + 1] = true }
        case .some: if character != "/" { next[at] = true }
        case .anything: next[at] = true
        case .folders: break
        case .inFolders:
          next[at] = true
          if character == "/" { next[at + 1] = true }
        }
      }
      swap(&places, &next)
      passOver(parts, &places)
    }
    return places[parts.count]
  }

  /// What may stand for nothing is stepped over.
  private static func passOver(_ parts: [Part], _ places: inout [Bool]) {
    for (at, part) in parts.enumerated() where places[at] {
      switch part {
      case .some, .anything: places[at + 1] = true
      case .folders:
        places[at + 1] = true
        places[at + 2] = true
      case .character, .any, .oneOf, .inFolders: break
      }
    }
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
