/// Paths of a repository, which a stranger has written: they become paths here only where they stay in their folder.
enum RepositoryPath {
  /// Relative, without `.`, `..`, empty or overlong parts, and without bytes that end a path.
  static func isSafe(_ path: String) -> Bool {
    let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return !path.isEmpty && path.utf8.count <= 1_024
      && parts.allSatisfy { part in
        !part.isEmpty && part.count <= 255 && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8) && !part.contains(0)
          && !part.contains(UInt8(ascii: "\\"))
      }
  }
}
