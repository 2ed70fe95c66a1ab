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
    if litter.contains(name) || name.hasPrefix("._") || name.hasPrefix(".st") || name.hasPrefix(".sb-") { return .litter }
    if name.hasPrefix(".") { return .writing }  // rsync's .name.XXXXXX, vim's .name.swp, .goutputstream-*, .nfs*, .syncthing.*.tmp, .~lock.*#
    let lower = name.lowercased()
    if endings.contains(where: lower.hasSuffix) || prefixes.contains(where: lower.hasPrefix) { return .writing }
    if name.hasPrefix("#") && name.hasSuffix("#") { return .writing }  // Emacs' auto-save
    if name == "4913" { return .writing }  // vim's probe for a writable folder
    return .ordinary
  }

  private static let litter: Set<String> = [
    ".DS_Store", "Thumbs.db", "ehthumbs.db", "desktop.ini", "__MACOSX", "@eaDir", "lost+found", "$RECYCLE.BIN", ".gitkeep", ".gitignore",
  ]
  private static let endings = [
    "~", ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".opdownload", ".swp", ".swo", ".swx", ".aria2",
    ".lock", ".bak~", ".!ut", ".!qb",
  ]
  private static let prefixes = ["~$", "~syncthing~", "~lock."]
}
