import Platform
import SystemPackage

/// A text file of the repository, for tests of its own rules.
package struct SourceFile: Sendable {
  /// Relative to the repository.
  package var path: String
  package var text: String

  package init(path: String, text: String) {
    self.path = path
    self.text = text
  }

  /// A file by its path in the repository; nil where it is not there.
  package init?(_ path: String) throws {
    let files = LinuxFileSystem()
    let file = Fixtures.repository.pushing(FilePath(path))
    guard files.exists(file), let text = String(validating: try files.contents(of: file), as: UTF8.self) else { return nil }
    self.init(path: path, text: text)
  }

  package var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

  /// Every file below a folder of the repository that is UTF-8 text; none where the folder is not there.
  /// Hidden folders (what git and the compiler keep) are left out.
  package static func all(in folder: String, endings: [String] = []) throws -> [SourceFile] {
    let files = LinuxFileSystem()
    var found: [SourceFile] = []
    func visit(_ path: FilePath) throws {
      for name in try files.names(in: path) where !name.string.hasPrefix(".") {
        let member = path.appending(name)
        switch try files.status(member).kind {
        case .folder: try visit(member)
        case .file:
          guard endings.isEmpty || endings.contains(where: name.string.hasSuffix) else { continue }
          guard let text = String(validating: try files.contents(of: member), as: UTF8.self) else { continue }
          var relative = member
          _ = relative.removePrefix(Fixtures.repository)
          found.append(SourceFile(path: relative.string, text: text))
        case .symlink, .other: continue
        }
      }
    }
    let start = Fixtures.repository.pushing(FilePath(folder))
    if files.isFolder(start) { try visit(start) }
    return found
  }

  /// Modules that it imports.
  package var imports: [String] {
    var isText = false
    return lines.compactMap { line in
      // Of another language, in a text of several lines.
      if line.split(separator: "\"\"\"", omittingEmptySubsequences: false).count.isMultiple(of: 2) { isText.toggle() }
      if isText { return nil }
      var words = line.split(separator: " ").map(String.init)
      while let first = words.first, first.hasPrefix("@") || ["package", "internal", "private", "fileprivate"].contains(first) {
        words.removeFirst()
      }
      guard words.first == "import", words.count >= 2 else { return nil }
      let kinds = ["struct", "class", "enum", "func", "protocol", "let", "var", "typealias"]
      let name = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
      return name.split(separator: ".").first.map(String.init)
    }
  }
}
