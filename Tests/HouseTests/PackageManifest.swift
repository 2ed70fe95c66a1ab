import TestSupport
import Testing

/// What `Package.swift` declares, read from its text: `swift package describe` would take seconds.
struct PackageManifest {
  struct Target {
    var name: String
    /// Names of targets and of products' modules.
    var dependencies: [String]
    var folder: String
  }

  /// In the order of the file: floor by floor.
  let targets: [Target]

  init() throws {
    let text = try #require(try SourceFile("Package.swift")).text
    var products: [String: String] = [:]
    for match in text.matches(of: /let (\w+) = Target\.Dependency\.product\(name: "([^"]+)"/) {
      products[String(match.1)] = String(match.2)
    }

    var targets: [Target] = []
    for match in text.matches(of: /\.(target|executableTarget|testTarget|systemLibrary)\(\s*name: "([^"]+)"/) {
      let name = String(match.2)
      let declaration = Self.upToClosing(")", text[match.range.upperBound...])
      var dependencies: [String] = []
      if let start = declaration.range(of: "dependencies: [") {
        let list = Self.upToClosing("]", declaration[start.upperBound...])
        dependencies = list.split(separator: ",").map { item in
          let word = item.trimming { $0.isWhitespace }
          return word.hasPrefix("\"") ? String(word.dropFirst().dropLast()) : products[String(word)] ?? String(word)
        }.filter { !$0.isEmpty }
      }
      let isTest = match.1 == "testTarget" || name == "TestSupport"
      let named = declaration.firstMatch(of: /path: "([^"]+)"/).map { String($0.1) }
      targets.append(Target(name: name, dependencies: dependencies, folder: named ?? (isTest ? "Tests/" : "Sources/") + name))
    }
    self.targets = targets
  }

  subscript(name: String) -> Target? { targets.first { $0.name == name } }

  /// A target's declared dependencies with theirs, and so on.
  func closure(of name: String) -> Set<String> {
    var found: Set<String> = []
    var pending = [name]
    while let next = pending.popLast() {
      for dependency in self[next]?.dependencies ?? [] where found.insert(dependency).inserted { pending.append(dependency) }
    }
    return found
  }

  /// The text up to the bracket that closes what was opened before it.
  private static func upToClosing(_ closing: Character, _ text: Substring) -> Substring {
    let opening: Character = closing == ")" ? "(" : "["
    var depth = 0
    for index in text.indices {
      if text[index] == opening { depth += 1 }
      if text[index] == closing {
        if depth == 0 { return text[..<index] }
        depth -= 1
      }
    }
    return text
  }
}

extension Substring {
  fileprivate func trimming(_ isUnwanted: (Character) -> Bool) -> Substring {
    var text = drop(while: isUnwanted)
    while let last = text.last, isUnwanted(last) { text = text.dropLast() }
    return text
  }

  fileprivate func range(of word: String) -> Range<Index>? { ranges(of: word).first }
}
