import Domain
import Platform
import SystemPackage

/// What one look at a path in the inbox saw. The two answers cost more than a look: they are nil until `SettleTracker` asks.
package struct Sighting: Sendable, Equatable {
  package let path: FilePath
  /// The path's last part; bytes that are not UTF-8 replaced. Kept: a debug build of FilePath takes a tenth of a millisecond for it.
  let name: String
  /// As the folder says; nil for what lies in the inbox itself.
  package var kind: DropKind?
  package var status: FileStatus
  /// Of a folder.
  package var summary: FolderSummary?
  /// Why a folder could not be looked into.
  package var trouble: SystemError?

  package var writers: Writers?
  package var showsItselfWhole: Bool?

  /// Whether anybody has the file, or a file of the folder, open for writing.
  package enum Writers: Sendable, Equatable {
    case nobody
    /// For a folder: which file, relative to it.
    case somebody(FilePath?)
    /// The kernel does not say: another user's file, or a file system without leases.
    case unknown
  }

  package init(path: FilePath, kind: DropKind?, status: FileStatus, summary: FolderSummary? = nil, trouble: SystemError? = nil) {
    self.path = path
    name = path.lastComponent?.string ?? ""
    self.kind = kind
    self.status = status
    self.summary = summary
    self.trouble = trouble
  }

  /// What must stay the same while a drop settles. ctime and not mtime: `cp -p` and `rsync -a` set an old mtime, nothing can set
  /// a ctime.
  package struct Identity: Sendable, Equatable {
    var device: UInt64
    var inode: UInt64
    var size: Int
    var modified: Int64
    var changed: Int64
    var fingerprint: UInt64?
  }

  package var identity: Identity {
    Identity(
      device: status.device, inode: status.inode, size: summary?.bytes ?? status.size, modified: status.modified, changed: status.changed,
      fingerprint: summary?.fingerprint)
  }

  var newestChange: Int64 { summary?.newestChange ?? status.changed }
}
