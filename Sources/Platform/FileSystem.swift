import SystemPackage

/// The seam between us and the disk. Everything that must survive a crash goes through it, so that tests can make the
/// k-th call fail and can read the order of writes and fsyncs. `LinuxFileSystem` is the real one.
///
/// Each method is one system call (interrupted ones are repeated); what is built of several stands in extensions.
package protocol FileSystem: Sendable {
  func open(_ path: FilePath, _ mode: OpenMode) throws(SystemError) -> FileDescriptor
  func close(_ file: FileDescriptor) throws(SystemError)
  /// Bytes read; 0 at the end of the file.
  func read(_ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int
  /// Bytes written, which may be fewer than asked for.
  func write(_ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int
  func seek(_ file: FileDescriptor, to offset: Int) throws(SystemError)
  func truncate(_ file: FileDescriptor, to size: Int) throws(SystemError)
  /// fsync(2): contents and metadata of a file, or a folder's entries. After a failure nothing that was written since the
  /// last success may be trusted.
  func sync(_ file: FileDescriptor) throws(SystemError)
  /// sync_file_range(2): has the disk begin with a part that was written, without waiting for it, so that a later `sync` has little left
  /// to wait for. It promises nothing; what goes wrong `sync` tells.
  func startSync(_ file: FileDescriptor, _ part: Range<Int>)
  /// syncfs(2): what `sync` does for everything on the file system that holds this file, whoever wrote it.
  func syncFileSystem(of file: FileDescriptor) throws(SystemError)
  /// O_DIRECT, fcntl(2): what is written from here on does, or does not, go through the page cache. Past it memory, length and
  /// place of every write are multiples of 4,096. False where the file system has no such way.
  func passByCache(_ file: FileDescriptor, _ isOn: Bool) -> Bool
  func status(_ path: FilePath) throws(SystemError) -> FileStatus
  func status(of file: FileDescriptor) throws(SystemError) -> FileStatus
  /// rename(2): takes the place of what stands at `target`.
  func rename(_ path: FilePath, to target: FilePath) throws(SystemError)
  /// renameat2(2) with RENAME_NOREPLACE: EEXIST where something stands at `target`.
  func renameWithoutReplacing(_ path: FilePath, to target: FilePath) throws(SystemError)
  /// link(2): a second name for the same file.
  func link(_ path: FilePath, to target: FilePath) throws(SystemError)
  func removeFile(_ path: FilePath) throws(SystemError)
  func makeFolder(_ path: FilePath) throws(SystemError)
  func removeFolder(_ path: FilePath) throws(SystemError)
  /// Names in a folder, sorted by their bytes, without `.` and `..`.
  func names(in folder: FilePath) throws(SystemError) -> [FilePath.Component]
  func space(at path: FilePath) throws(SystemError) -> DiskSpace
}

extension FileSystem {
  package func passByCache(_ file: FileDescriptor, _ isOn: Bool) -> Bool { false }
  package func startSync(_ file: FileDescriptor, _ part: Range<Int>) {}
}

package enum OpenMode: Sendable {
  case reading
  /// Creates the file, or empties it.
  case writing
  /// Creates the file; EEXIST where it stands.
  case creating
  /// Creates the file, or writes on at its end.
  case appending
  case readingAndWriting
  case folder
}

/// What lstat(2) says, as far as we ask.
package struct FileStatus: Sendable, Equatable {
  package enum Kind: Sendable { case file, folder, symlink, other }

  package var kind: Kind
  package var device: UInt64
  package var inode: UInt64
  package var size: Int
  package var links: Int
  /// Number of the user whose it is.
  package var owner: UInt32
  /// Nanoseconds since 1970.
  package var modified: Int64
  package var changed: Int64

  package init(kind: Kind, device: UInt64, inode: UInt64, size: Int, links: Int, owner: UInt32 = 0, modified: Int64, changed: Int64) {
    self.kind = kind
    self.device = device
    self.inode = inode
    self.size = size
    self.links = links
    self.owner = owner
    self.modified = modified
    self.changed = changed
  }
}

package struct DiskSpace: Sendable, Equatable {
  /// To an ordinary user.
  package var free: Int
  package var total: Int
  package init(free: Int, total: Int) {
    self.free = free
    self.total = total
  }
}
