import Domain
import Platform
import SystemPackage

/// What is never taken, whatever is in it, and what to do instead.
enum DropRefusal {
  /// For a drop itself; nil where it is a file or a folder.
  static func problem(drop kind: FileStatus.Kind, name: String) -> Problem? {
    kind == .file || kind == .folder ? nil : problem(kind, name: name, inside: nil)
  }

  static func problem(_ kind: FileStatus.Kind, name: String, inside folder: String?) -> Problem {
    let subject = folder.map { "the folder '\($0)' holds" } ?? "'\(name)' is"
    let place = Problem.Place(file: folder.map { "\($0)/\(name)" } ?? name)
    if kind == .symlink {
      return Problem(
        "drop.symlink", "\(subject) a symbolic link", at: place,
        why: "what it leads to may change, or lie where this agent must not read",
        mend: folder == nil
          ? "Drop the file itself: cp -L, or a hard link (ln)."
          : "Copy the folder with the files in place of the links: cp -rL, or rsync -aL.")
    }
    return Problem(
      "drop.special-file", "\(subject) a special file (a socket, a pipe or a device)", at: place, why: "only files and folders are read",
      mend: folder == nil ? "Write the content into a regular file and drop that." : "Remove it from the folder and drop the folder again.")
  }
}
