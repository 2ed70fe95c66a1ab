/// A dataset as users name it: `NAME`, which is its newest version, or `NAME@2`.
package struct DatasetReference: Sendable, Hashable, Codable, CustomStringConvertible {
  package var name: SafeName
  package var version: Int?

  package init(name: SafeName, version: Int? = nil) {
    self.name = name
    self.version = version
  }

  /// nil where what stands behind the @ is no version.
  package init?(_ text: String) {
    guard let at = text.lastIndex(of: "@") else {
      guard !text.isEmpty else { return nil }
      self.init(name: SafeName(from: text))
      return
    }
    guard let version = Int(text[text.index(after: at)...]), version >= 1, at > text.startIndex else { return nil }
    self.init(name: SafeName(from: String(text[..<at])), version: version)
  }

  package var description: String { version.map { "\(name)@\($0)" } ?? name.text }
}
