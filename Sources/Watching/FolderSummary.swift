import Platform
import SystemPackage

/// A dropped folder as one thing: two walks that give the same summary saw the same files.
package struct FolderSummary: Sendable, Equatable {
  /// Regular files in the whole tree, and their bytes. Litter counts too: it moves with the folder.
  package private(set) var files = 0
  package private(set) var bytes = 0
  /// The latest change (ctime, nanoseconds since 1970) of anything in the tree, the folder itself included.
  package private(set) var newestChange: Int64
  /// Over each member's path, inode, size and ctime, in the order of the walk. FNV-1a: it guards against accidents, not malice.
  package private(set) var fingerprint: UInt64 = 0xCBF2_9CE4_8422_2325
  /// The first member under a name that writers give to what they are still writing, relative to the folder.
  package private(set) var unfinished: FilePath?
  /// The first member that is neither file nor folder, relative to the folder.
  package private(set) var foreign: Foreign?

  package struct Foreign: Sendable, Equatable {
    package var path: FilePath
    package var kind: FileStatus.Kind
    package init(path: FilePath, kind: FileStatus.Kind) {
      self.path = path
      self.kind = kind
    }
  }

  package init(folder: FileStatus) { newestChange = folder.changed }

  package mutating func add(_ path: FilePath, _ status: FileStatus, isUnfinished: Bool) {
    newestChange = max(newestChange, status.changed)
    for component in path.components {
      for byte in component.bytes { mix(UInt64(byte)) }
      mix(UInt64(UInt8(ascii: "/")))
    }
    for value in [status.inode, UInt64(bitPattern: Int64(status.size)), UInt64(bitPattern: status.changed)] { mix(value) }
    switch status.kind {
    case .file:
      files += 1
      bytes += status.size
      if isUnfinished, unfinished == nil { unfinished = path }
    case .folder:
      if isUnfinished, unfinished == nil { unfinished = path }
    case .symlink, .other:
      // An editor's lock is a link under such a name: it goes by itself.
      if isUnfinished {
        if unfinished == nil { unfinished = path }
      } else if foreign == nil {
        foreign = Foreign(path: path, kind: status.kind)
      }
    }
  }

  private mutating func mix(_ value: UInt64) { fingerprint = (fingerprint ^ value) &* 0x0000_0100_0000_01B3 }
}
