import Platform
import SystemPackage

/// What a power cut would take at a moment, by the calls that went before: bytes that were written and names that were given
/// without a successful fsync after it. Removals are left out: what comes back is swept.
package struct UnsyncedBook {
  /// Files whose bytes may be lost.
  private var bytes: Set<String> = []
  /// Files of which an fsync failed: the kernel may have dropped their pages and call the rest clean, so that no later fsync of
  /// the same file proves anything. Only bytes written anew do.
  private var distrusted: Set<String> = []
  /// Names that may be lost: the folder's entry for a file or folder.
  private var names: Set<String> = []

  package init() {}

  /// A file that somebody else wrote, without fsync.
  package mutating func noteForeign(_ path: FilePath) { bytes.insert(path.string) }

  package mutating func note(_ calls: some Sequence<FaultyFileSystem.Call>) { for call in calls { note(call) } }

  package mutating func note(_ call: FaultyFileSystem.Call) {
    guard let path = call.path else { return }
    switch call.operation {
    // An fsync that a kill cut off (`FaultyFileSystem.stop`) was never made.
    case .sync where call.error == .interrupted: break
    case .sync: sync(path, failed: call.failed)
    case .syncFileSystem where call.error == .interrupted: break
    case .syncFileSystem where call.failed: distrusted.formUnion(bytes)
    case .syncFileSystem:
      bytes.formIntersection(distrusted)
      names = []
    case .open where !call.failed:
      guard let mode = call.mode, mode != .reading, mode != .folder else { return }
      if mode == .writing || mode == .creating {
        distrusted.remove(path.string)
        names.insert(path.string)
      }
    case .write, .truncate: bytes.insert(path.string)
    case .makeFolder where !call.failed: names.insert(path.string)
    case .rename where !call.failed, .renameWithoutReplacing where !call.failed:
      guard let target = call.target else { return }
      move(path, to: target)
      names.insert(target.string)
    case .link where !call.failed:
      guard let target = call.target else { return }
      if bytes.contains(path.string) { bytes.insert(target.string) }
      names.insert(target.string)
    case .removeFile where !call.failed, .removeFolder where !call.failed:
      for set in [\UnsyncedBook.bytes, \.distrusted, \.names] { self[keyPath: set].remove(path.string) }
    default: break
    }
  }

  private mutating func sync(_ path: FilePath, failed: Bool) {
    if failed {
      if bytes.contains(path.string) { distrusted.insert(path.string) }
      return
    }
    if !distrusted.contains(path.string) { bytes.remove(path.string) }
    names = names.filter { FilePath($0).removingLastComponent() != path }
  }

  private mutating func move(_ path: FilePath, to target: FilePath) {
    for set in [\UnsyncedBook.bytes, \.distrusted, \.names] { self[keyPath: set].remove(target.string) }
    for set in [\UnsyncedBook.bytes, \.distrusted, \.names] {
      self[keyPath: set] = Set(
        self[keyPath: set].map { entry in
          var rest = FilePath(entry)
          return rest.removePrefix(path) ? target.pushing(rest).string : entry
        })
    }
  }

  /// What could be lost, relative to a folder, but for what the exception names: `bytes of a.csv`, `name of b`.
  package func losses(below root: FilePath, except isHarmless: (String) -> Bool = { _ in false }) -> [String] {
    func relative(_ entry: String) -> String? {
      var path = FilePath(entry)
      guard path.removePrefix(root), !isHarmless(path.string) else { return nil }
      return path.string
    }
    return (bytes.compactMap(relative).map { "bytes of \($0)" } + names.compactMap(relative).map { "name of \($0)" }).sorted()
  }
}
