import Platform
import Synchronization
import SystemPackage

/// A file system that writes down every call, and fails where a test says so.
package final class FaultyFileSystem: FileSystem {
  package enum Operation: String, Sendable, CaseIterable {
    case open, close, read, write, seek, truncate, sync, syncFileSystem, status, rename, renameWithoutReplacing, link, removeFile,
      makeFolder,
      removeFolder, names, space

    /// Calls that change something on the disk.
    package static let changing: Set<Operation> = [
      .open, .write, .truncate, .sync, .syncFileSystem, .rename, .renameWithoutReplacing, .link, .removeFile, .makeFolder, .removeFolder,
    ]
    package static let all = Set(allCases)
  }

  package struct Call: Sendable, Equatable {
    package var operation: Operation
    package var path: FilePath?
    package var target: FilePath?
    package var mode: OpenMode?
    /// It was made to fail, or failed by itself.
    package var error: Errno?
    package var failed: Bool { error != nil }
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
    /// Bytes that are left on a disk of a size of its own; nil: the real one's.
    var room: Int?
    /// What was written to it, by path.
    var sizes: [String: Int] = [:]
    /// Parts that the disk was to begin with, by path.
    var begun: [String: [Range<Int>]] = [:]

    mutating func giveRoomBack(_ path: FilePath) {
      guard let size = sizes.removeValue(forKey: path.string) else { return }
      room? += size
    }
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

  /// From the k-th call on every one of the operations fails, until `heal`: a disk that is full, or mounted read-only.
  package func fail(_ errno: Errno, from k: Int, of operations: Set<Operation> = Operation.changing) {
    state.withLock {
      $0.plan = Plan(errno: errno, operations: operations, at: k, staysBroken: true)
      $0.counted = 0
      $0.hasFailed = false
    }
  }

  /// Everything goes through again. `hasFailed` stays.
  package func heal() { state.withLock { $0.plan = nil } }

  /// Each write takes at most so many bytes, as write(2) may.
  package func limitWrites(to bytes: Int) { state.withLock { $0.writeLimit = bytes } }

  /// A disk with so much room left for bytes: what does not fit fails with ENOSPC, what is removed gives its room back.
  package func setRoom(_ bytes: Int) { state.withLock { $0.room = bytes } }

  /// Whether the planned failure came.
  package var hasFailed: Bool { state.withLock(\.hasFailed) }
  package var calls: [Call] { state.withLock(\.calls) }
  package func forgetCalls() { state.withLock { $0.calls = [] } }

  /// The calls that change something, in order, with paths relative to a folder: `sync a/.b.publishing`.
  package func trace(relativeTo folder: FilePath, _ operations: Set<Operation> = Operation.changing) -> [String] {
    Self.text(calls.filter { operations.contains($0.operation) }, relativeTo: folder)
  }

  package static func text(_ calls: [Call], relativeTo folder: FilePath) -> [String] {
    func text(_ path: FilePath?) -> String? {
      guard var path else { return nil }
      if path == folder { return "." }
      return path.removePrefix(folder) ? path.string : path.string
    }
    return calls.map { call in
      let parts = [
        call.operation.rawValue, call.mode.map { "\($0)" }, text(call.path), call.target.flatMap { text($0).map { "-> \($0)" } },
      ]
      return parts.compactMap(\.self).joined(separator: " ")
    }
  }

  /// Writes a call down and makes it, or makes it fail where a test said so.
  private func perform<Result>(
    _ operation: Operation, _ path: FilePath? = nil, to target: FilePath? = nil, file: FileDescriptor? = nil, mode: OpenMode? = nil,
    _ call: () throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    let (index, failure) = state.withLock { state in
      let place = path ?? file.flatMap { state.paths[$0.rawValue] }
      state.calls.append(Call(operation: operation, path: place, target: target, mode: mode))
      return (state.calls.count - 1, Self.failure(operation, mode, &state))
    }
    do throws(SystemError) {
      if let failure { throw SystemError(failure, operation.rawValue, path, to: target) }
      return try call()
    } catch {
      state.withLock { state in
        if state.calls.indices.contains(index) { state.calls[index].error = error.code }
      }
      throw error
    }
  }

  private static func failure(_ operation: Operation, _ mode: OpenMode?, _ state: inout State) -> Errno? {
    guard let plan = state.plan, plan.operations.contains(operation) else { return nil }
    // Opening for reading changes nothing: it is counted only where a test asks for all calls.
    if mode == .reading || mode == .folder, plan.operations != Operation.all { return nil }
    state.counted += 1
    guard plan.staysBroken ? state.counted >= plan.at : state.counted == plan.at else { return nil }
    state.hasFailed = true
    return plan.errno
  }

  package func open(_ path: FilePath, _ mode: OpenMode) throws(SystemError) -> FileDescriptor {
    let file = try perform(.open, path, mode: mode) { () throws(SystemError) in try base.open(path, mode) }
    state.withLock { $0.paths[file.rawValue] = path }
    return file
  }

  package func close(_ file: FileDescriptor) throws(SystemError) {
    // The descriptor is given back whatever a close reports, as close(2) does.
    defer { state.withLock { $0.paths[file.rawValue] = nil } }
    var isClosed = false
    do throws(SystemError) {
      try perform(.close, file: file) { () throws(SystemError) in
        isClosed = true
        try base.close(file)
      }
    } catch {
      if !isClosed { try? base.close(file) }
      throw error
    }
  }

  package func read(_ file: FileDescriptor, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    try perform(.read, file: file) { () throws(SystemError) in try base.read(file, into: buffer) }
  }

  package func write(_ file: FileDescriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    try perform(.write, file: file) { () throws(SystemError) in
      let (limit, fits) = state.withLock { ($0.writeLimit, $0.room.map { $0 >= bytes.count } ?? true) }
      guard fits else {
        state.withLock { $0.hasFailed = true }
        throw SystemError(.noSpace, "write", state.withLock { $0.paths[file.rawValue] })
      }
      let count = try base.write(file, UnsafeRawBufferPointer(rebasing: bytes.prefix(limit)))
      state.withLock { state in
        guard let path = state.paths[file.rawValue]?.string, let room = state.room else { return }
        state.room = room - count
        state.sizes[path, default: 0] += count
      }
      return count
    }
  }

  package func seek(_ file: FileDescriptor, to offset: Int) throws(SystemError) {
    try perform(.seek, file: file) { () throws(SystemError) in try base.seek(file, to: offset) }
  }

  package func truncate(_ file: FileDescriptor, to size: Int) throws(SystemError) {
    try perform(.truncate, file: file) { () throws(SystemError) in try base.truncate(file, to: size) }
  }

  package func sync(_ file: FileDescriptor) throws(SystemError) {
    // Asked for and written down, not done: no test cuts the power, and a real fsync takes most of a test's time.
    try perform(.sync, file: file) {}
  }

  package func syncFileSystem(of file: FileDescriptor) throws(SystemError) {
    // Asked for and written down, not done: no test cuts the power, and a real fsync takes most of a test's time.
    try perform(.syncFileSystem, file: file) {}
  }

  package func startSync(_ file: FileDescriptor, _ part: Range<Int>) {
    state.withLock { state in
      if let path = state.paths[file.rawValue] { state.begun[path.string, default: []].append(part) }
    }
    base.startSync(file, part)
  }

  /// The parts of a file that the disk was to begin with.
  package func begun(_ path: FilePath) -> [Range<Int>] { state.withLock { $0.begun[path.string] ?? [] } }

  package func passByCache(_ file: FileDescriptor, _ isOn: Bool) -> Bool { base.passByCache(file, isOn) }

  package func status(_ path: FilePath) throws(SystemError) -> FileStatus {
    try perform(.status, path) { () throws(SystemError) in try base.status(path) }
  }

  package func status(of file: FileDescriptor) throws(SystemError) -> FileStatus {
    try perform(.status, file: file) { () throws(SystemError) in try base.status(of: file) }
  }

  package func rename(_ path: FilePath, to target: FilePath) throws(SystemError) {
    try perform(.rename, path, to: target) { () throws(SystemError) in
      try refuseAcrossMount("rename", path, target)
      try base.rename(path, to: target)
      state.withLock { state in
        state.giveRoomBack(target)
        state.sizes[target.string] = state.sizes.removeValue(forKey: path.string)
      }
    }
  }

  package func renameWithoutReplacing(_ path: FilePath, to target: FilePath) throws(SystemError) {
    try perform(.renameWithoutReplacing, path, to: target) { () throws(SystemError) in
      try refuseAcrossMount("rename", path, target)
      try base.renameWithoutReplacing(path, to: target)
    }
  }

  private func refuseAcrossMount(_ operation: String, _ path: FilePath, _ target: FilePath) throws(SystemError) {
    guard let mount, path.starts(with: mount) != target.starts(with: mount) else { return }
    throw SystemError(.improperLink, operation, path, to: target)
  }

  package func link(_ path: FilePath, to target: FilePath) throws(SystemError) {
    try perform(.link, path, to: target) { () throws(SystemError) in
      try refuseAcrossMount("link", path, target)
      try base.link(path, to: target)
    }
  }

  package func removeFile(_ path: FilePath) throws(SystemError) {
    try perform(.removeFile, path) { () throws(SystemError) in
      try base.removeFile(path)
      state.withLock { $0.giveRoomBack(path) }
    }
  }

  package func makeFolder(_ path: FilePath) throws(SystemError) {
    try perform(.makeFolder, path) { () throws(SystemError) in try base.makeFolder(path) }
  }

  package func removeFolder(_ path: FilePath) throws(SystemError) {
    try perform(.removeFolder, path) { () throws(SystemError) in try base.removeFolder(path) }
  }

  package func names(in folder: FilePath) throws(SystemError) -> [FilePath.Component] {
    try perform(.names, folder) { () throws(SystemError) in try base.names(in: folder) }
  }

  package func space(at path: FilePath) throws(SystemError) -> DiskSpace {
    try perform(.space, path) { () throws(SystemError) in
      let space = try base.space(at: path)
      return state.withLock(\.room).map { DiskSpace(free: $0, total: space.total) } ?? space
    }
  }
}
