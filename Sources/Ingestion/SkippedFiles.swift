import Domain

/// Files of a folder or archive that are no data: which are passed over, and what is said about it.
struct SkippedFiles {
  private var byReason: [(reason: String, files: [String])] = []

  /// What systems leave behind in folders.
  static func isJunk(_ path: String) -> Bool {
    let parts = path.split(separator: "/")
    guard let name = parts.last else { return true }
    if parts.contains(where: { ($0.hasPrefix(".") && $0 != ".") || $0 == "__MACOSX" || $0 == "@eaDir" }) { return true }
    return ["thumbs.db", "desktop.ini"].contains(name.lowercased())
  }

  /// Files that everybody expects to be passed over: nothing is said of them.
  static func isExpected(_ path: String) -> Bool {
    guard !isJunk(path), let name = path.split(separator: "/").last else { return true }
    let lower = name.lowercased()
    if lower.hasSuffix(".md") || lower.hasSuffix("~") || ColumnarFile.companions.contains(lower) { return true }
    let stem = lower.split(separator: ".").first.map(String.init) ?? lower
    return ["readme", "license", "licence", "copying", "notice", "authors", "changelog", "citation", "checksums"].contains(stem)
      && !["csv", "tsv", "jsonl", "ndjson"].contains(lower.split(separator: ".").last.map(String.init) ?? "")
  }

  mutating func add(_ path: String, _ reason: String) {
    if let index = byReason.firstIndex(where: { $0.reason == reason }) {
      byReason[index].files.append(path)
    } else {
      byReason.append((reason, [path]))
    }
  }

  var files: [String] { byReason.flatMap(\.files) }

  /// One sentence a reason, the first three files named.
  var warnings: [String] {
    byReason.map { reason, files in
      let more = files.count > 3 ? " and \(files.count - 3) more" : ""
      return "Passed over, \(reason): \(files.prefix(3).joined(separator: ", "))\(more)."
    }
  }
}
