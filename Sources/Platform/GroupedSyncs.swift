import Synchronization
import SystemPackage

/// A file system on which a group of changes is made durable together: what is asked for is noted, and `flush` does it.
///
/// Of few changes each folder is synced once, however many names were given in it, and files are synced at once, as ever. Of
/// many, files too wait for `flush`, which then syncs the whole file system by one syncfs(2): 64 small files took 20 ms by
/// fsync and 2 ms so. What `FileSystem.publish` renames into sight is renamed after that, so that nobody sees a file whose bytes
/// a power cut could still take.
///
/// Whoever uses it flushes before anything is done that relies on those changes: each step of a group has one of its own.
package final class GroupedSyncs: FileSystem {
  private struct State {
    var open: [FileDescriptor: (path: FilePath, isFolder: Bool)] = [:]
    /// Folders, in the order in which they were first asked for.
    var folders: [FilePath] = []
    var known: Set<FilePath> = []
    /// Whole file systems, by device: a folder on each; nil where it is none that syncfs makes durable.
    var devices: [UInt64: FilePath?] = [:]
    var waiting: Set<UInt64> = []
    var renames: [(FilePath, FilePath)] = []
    /// What they begin with.
    var renamed: Set<FilePath> = []
  }

  /// From so many drops on a sync of everything costs less than that of each, even where others have something to write.
  private static let many = 8

  private let files: any FileSystem
  private let isMany: Bool
  private let state = Mutex(State())

  /// - Parameter count: of the things that are changed together.
  package init(_ files: any FileSystem, count: Int) {
    self.files = files
    isMany = count >= Self.many
  }

  /// Makes durable what was asked for since the last time. After an error nothing of it may be trusted.
  package func flush() throws(SystemError) {
    let (folders, renames) = state.withLock { state in
      defer { (state.folders, state.known, state.renames, state.renamed) = ([], [], [], []) }
      return (state.folders, state.renames)
    }
    try syncWaiting()
    for (path, target) in renames { try files.rename(path, to: target) }
    for (_, target) in renames { try note(target.removingLastComponent()) }
    try syncWaiting()
    for folder in folders { try files.syncFolder(folder) }
  }

  private func syncWaiting() throws(SystemError) {
    let folders = state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting.sorted().compactMap { state.devices[$0] ?? nil }
    }
    for folder in folders {
      let file = try files.open(folder, .folder)
      try files.closing(file) { () throws(SystemError) in try files.syncFileSystem(of: file) }
    }
  }

  private func note(_ folder: FilePath) throws(SystemError) {
    let file = try open(folder, .folder)
    try closing(file) { () throws(SystemError) in try sync(file) }
  }

  package func open(_ path: FilePath, _ mode: OpenMode) throws(SystemError) -> FileDescriptor {
    let file = try files.open(path, mode)
    let isFolder = if case .folder = mode { true } else { false }
    if isFolder || isMany { state.withLock { $0.open[file] = (path, isFolder) } }
    return file
  }

  package func close(_ file: FileDescriptor) throws(SystemError) {
    state.withLock { _ = $0.open.removeValue(forKey: file) }
    try files.close(file)
  }

  package func sync(_ file: FileDescriptor) throws(SystemError) {
    let noted = state.withLock { $0.open[file] }
    guard let noted else { return try files.sync(file) }
    if isMany, try waitsForAll(file, noted.isFolder ? noted.path : noted.path.removingLastComponent()) { return }
    guard noted.isFolder else { return try files.sync(file) }
    state.withLock { state in
      if state.known.insert(noted.path).inserted { state.folders.append(noted.path) }
    }
  }

  /// Notes the file system that holds the file; false where it cannot be synced as a whole.
  private func waitsForAll(_ file: FileDescriptor, _ folder: FilePath) throws(SystemError) -> Bool {
    let device = try files.status(of: file).device
    return state.withLock { state in
      if state.devices[device] == nil { state.devices[device] = .some(FileSystemType.syncsAsOne(folder) ? folder : nil) }
      guard case .some(.some) = state.devices[device] else { return false }
      state.waiting.insert(device)
      return true
    }
  }

  package func rename(_ path: FilePath, to target: FilePath) throws(SystemError) {
    guard isMany, path.isPublishingLeftover else { return try files.rename(path, to: target) }
    // Published twice in a group, as the receipt of a name that came twice, it is the last that was written there.
    state.withLock { state in
      if state.renamed.insert(path).inserted { state.renames.append((path, target)) }
    }
  }

  package func syncFileSystem(of file: FileDescriptor) throws(SystemError) { try files.syncFileSystem(of: file) }

  // MARK: as they are

  package func read(_ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    try files.read(file, into: buffer)
  }
  package func write(_ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    try files.write(file, bytes)
  }
  package func seek(_ file: FileDescriptor, to offset: Int) throws(SystemError) { try files.seek(file, to: offset) }
  package func truncate(_ file: FileDescriptor, to size: Int) throws(SystemError) { try files.truncate(file, to: size) }
  package func passByCache(_ file: FileDescriptor, _ isOn: Bool) -> Bool { files.passByCache(file, isOn) }
  package func startSync(_ file: FileDescriptor, _ part: Range<Int>) { files.startSync(file, part) }
  package func status(_ path: FilePath) throws(SystemError) -> FileStatus { try files.status(path) }
  package func status(of file: FileDescriptor) throws(SystemError) -> FileStatus { try files.status(of: file) }
  package func renameWithoutReplacing(_ path: FilePath, to target: FilePath) throws(SystemError) {
    try files.renameWithoutReplacing(path, to: target)
  }
  package func link(_ path: FilePath, to target: FilePath) throws(SystemError) { try files.link(path, to: target) }
  package func removeFile(_ path: FilePath) throws(SystemError) { try files.removeFile(path) }
  package func makeFolder(_ path: FilePath) throws(SystemError) { try files.makeFolder(path) }
  package func removeFolder(_ path: FilePath) throws(SystemError) { try files.removeFolder(path) }
  package func names(in folder: FilePath) throws(SystemError) -> [FilePath.Component] { try files.names(in: folder) }
  package func space(at path: FilePath) throws(SystemError) -> DiskSpace { try files.space(at: path) }
}
