import Platform
import Synchronization
import SystemPackage

/// A file system that writes down every call, and fails where a test says so.
package final class FaultyFileSystem: FileSystem {
  package enum Operation: String, Sendable, CaseIterable {
    case open, close, read, write, seek, truncate, sync, status, rename, renameWithoutReplacing, link, removeFile, makeFolder,
      removeFolder, names, space

    /// Calls that change something on the disk.
    package static let changing: Set<Operation> = [
      .open, .write, .truncate, .sync, .rename, .renameWithoutReplacing, .link, .removeFile, .makeFolder, .removeFolder,
    ]
    package static let all = Set(allCases)
  }

  package struct Call: Sendable, Equatable {
    package var operation: Operation
    package var path: FilePath?
    package var target: FilePath?
    package var mode: OpenMode?
  }

  private struct Plan {
    var errno: Errno
    var operations: Set<Operation>
    /// Counted from 1, among the calls of `operations`.
    var at: Int
    /// Whether every later one fails too: the process or the disk is gone.
    var staysBroken: Bool
  }

  private struct State {
    var calls: [Call] = []
    var plan: Plan?
    var counted = 0
    var hasFailed = false
    var paths: [Int32: FilePath] = [:]
    var writeLimit = Int.max
  }

  private let base: any FileSystem
  private let state = Mutex(State())

  /// A folder that behaves as if another file system were mounted there: no rename leads into it or out of it.
  private let mount: FilePath?

  package init(_ base: any FileSystem = LinuxFileSystem(), mount: FilePath? = nil) {
    self.base = base
    self.mount = mount
  }

  /// The k-th call of the operations fails (counted from 1 and from now), the others go through.
  package func fail(_ errno: Errno, at k: Int, of operations: Set<Operation> = Operation.changing) {
    state.withLock {
      $0.plan = Plan(errno: errno, operations: operations, at: k, staysBroken: false)
      $0.counted = 0
      $0.hasFailed = false
    }
  }

  /// From the k-th call on nothing goes through: what stands on the disk then is what a kill at that point leaves.
  package func stop(at k: Int, of operations: Set<Operation> = Operation.changing) {
    state.withLock {
      $0.plan = Plan(errno: .interrupted, operations: operations, at: k, staysBroken: true)
      $0.counted = 0
      $0.hasFailed = false
    }
  }

  /// Each write takes at most so many bytes, as write(2) may.
  package func limitWrites(to bytes: Int) { state.withLock { $0.writeLimit = bytes } }

  /// Whether the planned failure came.
  package var hasFailed: Bool { state.withLock(\.hasFailed) }
  package var calls: [Call] { state.withLock(\.calls) }
  package func forgetCalls() { state.withLock { $0.calls = [] } }

  /// The calls that change something, in order, with paths relative to a folder: `sync a/.b.publishing`.
  package func trace(relativeTo folder: FilePath, _ operations: Set<Operation> = Operation.changing) -> [String] {
    func text(_ path: FilePath?) -> String? {
      guard var path else { return nil }
      if path == folder { return "." }
      return path.removePrefix(folder) ? path.string : path.string
    }
    return calls.filter { operations.contains($0.operation) }.map { call in
      let parts = [
        call.operation.rawValue, call.mode.map { "\($0)" }, text(call.path), call.target.flatMap { text($0).map { "-> \($0)" } },
      ]
      return parts.compactMap(\.self).joined(separator: " ")
    }
  }

  private func enter(
    _ operation: Operation, _ path: FilePath? = nil, to target: FilePath? = nil, file: FileDescriptor? = nil, mode: OpenMode? = nil
  ) throws(SystemError) {
    let failure: Errno? = state.withLock { state in
      let place = path ?? file.flatMap { state.paths[$0.rawValue] }
      state.calls.append(Call(operation: operation, path: place, target: target, mode: mode))
      guard let plan = state.plan, plan.operations.contains(operation) else { return nil }
      state.counted += 1
      guard plan.staysBroken ? state.counted >= plan.at : state.counted == plan.at else { return nil }
      state.hasFailed = true
      return plan.errno
    }
    if let failure { throw SystemError(failure, operation.rawValue, path, to: target) }
  }

  package func open(_ path: FilePath, _ mode: OpenMode) throws(SystemError) -> FileDescriptor {
    // Opening for reading changes nothing: it is written down, but counted only where a test asks for all calls.
    let changes =
      switch mode {
      case .reading, .folder: false;
      case .writing, .creating, .appending, .readingAndWriting: true
      }
    if changes || state.withLock({ $0.plan?.operations == Operation.all }) {
      try enter(.open, path, mode: mode)
    } else {
      state.withLock { $0.calls.append(Call(operation: .open, path: path, target: nil, mode: mode)) }
    }
    let file = try base.open(path, mode)
    state.withLock { $0.paths[file.rawValue] = path }
    return file
  }

  package func close(_ file: FileDescriptor) throws(SystemError) {
    // The descriptor is given back whatever a close reports, as close(2) does.
    defer { state.withLock { $0.paths[file.rawValue] = nil } }
    do throws(SystemError) {
      try enter(.close, file: file)
    } catch {
      try? base.close(file)
      throw error
    }
    try base.close(file)
  }

  package func read(_ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    try enter(.read, file: file)
    return try base.read(file, into: buffer)
  }

  package func write(_ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    try enter(.write, file: file)
    let limit = state.withLock(\.writeLimit)
    return try base.write(file, UnsafeRawBufferPointer(rebasing: bytes.prefix(limit)))
  }

  package func seek(_ file: FileDescriptor, to offset: Int) throws(SystemError) {
    try enter(.seek, file: file)
    try base.seek(file, to: offset)
  }

  package func truncate(_ file: FileDescriptor, to size: Int) throws(SystemError) {
    try enter(.truncate, file: file)
    try base.truncate(file, to: size)
  }

  package func sync(_ file: FileDescriptor) throws(SystemError) {
    // Asked for and written down, not done: no test cuts the power, and a real fsync takes most of a test's time.
    try enter(.sync, file: file)
  }

  package func passByCache(_ file: FileDescriptor, _ isOn: Bool) -> Bool { base.passByCache(file, isOn) }

  package func status(_ path: FilePath) throws(SystemError) -> FileStatus {
    try enter(.status, path)
    return try base.status(path)
  }

  package func status(of file: FileDescriptor) throws(SystemError) -> FileStatus {
    try enter(.status, file: file)
    return try base.status(of: file)
  }

  package func rename(_ path: FilePath, to target: FilePath) throws(SystemError) {
    try enter(.rename, path, to: target)
    try refuseAcrossMount("rename", path, target)
    try base.rename(path, to: target)
  }

  package func renameWithoutReplacing(_ path: FilePath, to target: FilePath) throws(SystemError) {
    try enter(.renameWithoutReplacing, path, to: target)
    try refuseAcrossMount("rename", path, target)
    try base.renameWithoutReplacing(path, to: target)
  }

  private func refuseAcrossMount(_ operation: String, _ path: FilePath, _ target: FilePath) throws(SystemError) {
    guard let mount, path.starts(with: mount) != target.starts(with: mount) else { return }
    throw SystemError(.improperLink, operation, path, to: target)
  }

  package func link(_ path: FilePath, to target: FilePath) throws(SystemError) {
    try enter(.link, path, to: target)
    try refuseAcrossMount("link", path, target)
    try base.link(path, to: target)
  }

  package func removeFile(_ path: FilePath) throws(SystemError) {
    try enter(.removeFile, path)
    try base.removeFile(path)
  }

  package func makeFolder(_ path: FilePath) throws(SystemError) {
    try enter(.makeFolder, path)
    try base.makeFolder(path)
  }

  package func removeFolder(_ path: FilePath) throws(SystemError) {
    try enter(.removeFolder, path)
    try base.removeFolder(path)
  }

  package func names(in folder: FilePath) throws(SystemError) -> [FilePath.Component] {
    try enter(.names, folder)
    return try base.names(in: folder)
  }

  package func space(at path: FilePath) throws(SystemError) -> DiskSpace {
    try enter(.space, path)
    return try base.space(at: path)
  }
}
