import Domain
import Platform
import SystemPackage

/// Where a folder of the inbox is mounted from elsewhere, or leads there by a symbolic link, no rename reaches `.claimed/`.
/// Then the drop first changes hands by a rename on its own file system, and is copied after that:
///
/// ```
/// inbox/datasets/rows.csv
///        │ rename
///        ▼
/// inbox/datasets/.claimed-<id>/rows.csv   ours; hidden, so that nobody writes to it by its name
///        │ copy, fsync
///        ▼
/// inbox/.claimed/<id>/.copy               not counted until whole
///        │ rename
///        ▼
/// inbox/.claimed/<id>/rows.csv            claimed; the hidden one is removed
/// ```
/// A crash at any point leaves a state that `settleCopies` reads from the names alone.
extension Claim {
  private static let hiddenPrefix = ".claimed-"
  private static let copyName = ".copy"

  func takeFromOtherFileSystem(_ drop: SettledDrop, _ id: DropID, _ name: FilePath.Component, _ now: Timestamp) throws(SystemError)
    -> Outcome
  {
    let parent = drop.path.removingLastComponent()
    let hidden = parent.appending(Self.hiddenPrefix + id.text)
    try fileSystem.makeFolder(hidden)
    let held = hidden.appending(name)
    do throws(SystemError) {
      try fileSystem.renameWithoutReplacing(drop.path, to: held)
    } catch {
      try fileSystem.removeFolder(hidden)
      try abandon(id)
      if error.code == .noSuchFileOrDirectory { return .gone }
      throw error
    }
    func giveBack() throws(SystemError) {
      try fileSystem.removeTree(layout.claim(id))  // first: a whole copy beside the original would be the drop twice
      try putBack(held, to: drop.path, id)
      try fileSystem.removeFolder(hidden)
    }

    guard let after = try look(at: held), isSame(after, drop), !isBeingWritten(after) else {
      try giveBack()
      return .changed
    }
    let target = layout.claim(id).appending(name)
    do throws(SystemError) {
      let copy = layout.claim(id).appending(Self.copyName)
      try fileSystem.copyTree(held, to: copy)
      try fileSystem.move(copy, to: target)
    } catch {
      try giveBack()  // a full disk, say: the drop stays whole where it was, and the error tells
      throw error
    }
    try fileSystem.removeTree(hidden)
    try fileSystem.syncFolder(parent)
    return .claimed(claimed(drop, id, at: target, try fileSystem.status(target), now))
  }

  /// What a crash left between two file systems: a whole copy wins and the hidden original goes; else the original goes back
  /// to its name, and what there was of the copy goes.
  static func settleCopies(_ layout: InboxLayout, _ fileSystem: any FileSystem) throws(SystemError) {
    for parent in layout.watched {
      for entry in try fileSystem.names(in: parent) where entry.string.hasPrefix(hiddenPrefix) {
        guard let id = DropID(String(entry.string.dropFirst(hiddenPrefix.count))) else { continue }
        let hidden = parent.appending(entry)
        let claim = layout.claim(id)
        for name in try fileSystem.names(in: hidden) where !fileSystem.exists(claim.appending(name)) {
          let original = parent.appending(name)
          let free = fileSystem.exists(original) ? parent.appending(otherName(for: name, id)) : original
          try fileSystem.renameWithoutReplacing(hidden.appending(name), to: free)
        }
        try fileSystem.removeTree(hidden)
        try fileSystem.syncFolder(parent)
        try fileSystem.removeTree(claim.appending(copyName))
      }
    }
  }
}
