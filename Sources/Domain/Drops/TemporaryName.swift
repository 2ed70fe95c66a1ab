/// Names that writers give to files they are still writing, and litter that no user means to drop.
///
/// Neither is ever taken. A file under a temporary name is taken when the rename that ends the writing gives it another;
/// a stale one is reported. Source of the list: docs/watching.md.
package enum TemporaryName {
  package enum Verdict: Sendable, Equatable {
    case ordinary
    /// Somebody is (or was) still writing: wait for the rename.
    case writing
    /// Made by file managers and synchronisers for themselves: of no interest at any time.
    case litter
  }

  package static func verdict(on name: String) -> Verdict {
    if isLitter(name) { return .litter }
    // Among them rsync's .name.XXXXXX, vim's .name.swp, .goutputstream-*, .nfs*, .syncthing.*.tmp, .~lock.*#.
    if name.hasPrefix(".") { return .writing }
    let lower = name.lowercased()
    if endings.contains(where: lower.hasSuffix) || lower.hasSuffix(".lock") || prefixes.contains(where: lower.hasPrefix) { return .writing }
    if name.hasPrefix("#") && name.hasSuffix("#") { return .writing }  // Emacs' auto-save
    if name == "4913" { return .writing }  // vim's probe for a writable folder
    return .ordinary
  }

  /// The same for a file somewhere inside a dropped folder. There a dot-name or a lock is ordinary: every model folder has
  /// a `.gitattributes`, downloaders leave `.cache/` and `*.lock` behind. Only the forms of writers in progress hold it up.
  package static func verdict(onMember name: String) -> Verdict {
    if isLitter(name) { return .litter }
    let lower = name.lowercased()
    if endings.contains(where: lower.hasSuffix) || prefixes.contains(where: lower.hasPrefix) { return .writing }
    if name.hasPrefix(".") {
      if hiddenPrefixes.contains(where: lower.hasPrefix) { return .writing }
      let parts = name.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
      // mkstemp's six letters and digits, as rsync has them. A hidden file of the user's own that ends so by chance,
      // .settings.backup, has no digit and no change of case.
      if parts.count > 1, let last = parts.last, isRandom(last) { return .writing }
    }
    return .ordinary
  }

  private static func isLitter(_ name: String) -> Bool {
    litter.contains(name) || name.hasPrefix("._") || name.hasPrefix(".st") || name.hasPrefix(".sb-")
  }

  private static func isRandom(_ part: Substring) -> Bool {
    let kinds = (
      lower: part.contains { $0.isLowercase }, upper: part.contains { $0.isUppercase }, digit: part.contains { $0.isNumber }
    )
    return part.count == 6 && part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
      && (kinds.lower && kinds.upper || kinds.digit && (kinds.lower || kinds.upper))
  }

  private static let litter: Set<String> = [
    ".DS_Store", "Thumbs.db", "ehthumbs.db", "desktop.ini", "__MACOSX", "@eaDir", "lost+found", "$RECYCLE.BIN", ".gitkeep", ".gitignore",
  ]
  private static let endings = [
    "~", ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".opdownload", ".incomplete", ".swp", ".swo",
    ".swx", ".aria2", ".!ut", ".!qb",
  ]
  private static let prefixes = ["~$", "~syncthing~", "~lock."]
  private static let hiddenPrefixes = [".goutputstream-", ".nfs", ".fuse_hidden", ".syncthing.", ".~lock.", ".#", ".smbdelete"]
}
