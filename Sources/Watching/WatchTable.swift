import Domain
import SystemPackage

/// Which inotify watch stands for which folder.
struct WatchTable: Sendable {
  enum Folder: Sendable, Equatable {
    /// The folder above the inbox: it tells when the inbox itself is moved away or made anew.
    case root
    /// The inbox or the folder of a kind.
    case watched(FilePath)
    /// A folder inside a dropped tree.
    case inside(FilePath, drop: FilePath)
  }

  private var folders: [Int32: Folder] = [:]
  private var watched: [FilePath: Int32] = [:]
  private var inside: [FilePath: Set<Int32>] = [:]

  subscript(watch: Int32) -> Folder? { folders[watch] }

  /// Paths of the watched folders that have a watch.
  func isWatched(_ folder: FilePath) -> Bool { watched[folder] != nil }

  /// The kernel gives the same watch for the same inode: another one means that another folder stands at the path.
  /// Returns the watch that stood for it before, where that is so.
  mutating func set(_ watch: Int32, _ folder: Folder) -> Int32? {
    folders[watch] = folder
    switch folder {
    case .root: return nil
    case .watched(let path):
      let before = watched.updateValue(watch, forKey: path)
      guard let before, before != watch else { return nil }
      folders[before] = nil
      return before
    case .inside(_, let drop):
      inside[drop, default: []].insert(watch)
      return nil
    }
  }

  /// The kernel has dropped it.
  mutating func remove(_ watch: Int32) {
    switch folders.removeValue(forKey: watch) {
    case .watched(let path)? where watched[path] == watch: watched[path] = nil
    case .inside(_, let drop)?: inside[drop]?.remove(watch)
    case .watched, .root, nil: break
    }
  }

  /// Takes out the watches of a dropped tree: they would follow it wherever it is moved. Returns those that still stand for it.
  mutating func removeAll(insideOf drop: FilePath) -> [Int32] {
    var removed: [Int32] = []
    for watch in inside.removeValue(forKey: drop) ?? [] {
      // The same folder under another name has the same watch by now.
      guard case .inside(_, drop)? = folders[watch] else { continue }
      folders[watch] = nil
      removed.append(watch)
    }
    return removed
  }
}
