import Domain
import Platform
import SystemPackage

/// Takes a whole drop out of the inbox by a rename within its file system: before it the drop is its writer's, after it ours,
/// and at every moment it is in exactly one place.
///
/// ```
/// inbox/datasets/rows.csv          1  make .claimed/<id>/ and the mark of its kind, durable
///        │                         2  is it still what settled?        no: changed, nothing has happened
///        │ rename, not replacing   3
///        ▼                         4  is it still what settled?        no: put back, it settles anew
/// inbox/.claimed/<id>/rows.csv     5  fsync of both folders
/// ```
package struct Claim: Sendable {
  package enum Outcome: Sendable, Equatable {
    case claimed(ClaimedDrop)
    /// It is not what settled any more, or is being written: it stays in the inbox. `InboxWatcher.offerAgain` has it delivered
    /// again when it is whole.
    case changed
    case gone
  }

  let layout: InboxLayout
  let fileSystem: any FileSystem
  private let scanner: InboxScanner
  private let openForWriting: @Sendable (FilePath) -> OpenForWriting.Answer
  private let clock: WallClock
  private let random: @Sendable () -> UInt32

  /// - Parameter random: part of the identifiers of drops; two in one second must differ.
  package init(
    layout: InboxLayout, fileSystem: any FileSystem, clock: WallClock, random: @escaping @Sendable () -> UInt32,
    openForWriting: @escaping @Sendable (FilePath) -> OpenForWriting.Answer = OpenForWriting.ask
  ) {
    self.layout = layout
    self.fileSystem = fileSystem
    self.clock = clock
    self.random = random
    self.openForWriting = openForWriting
    scanner = InboxScanner(layout: layout, fileSystem: fileSystem, openForWriting: openForWriting)
  }

  /// Errors leave the drop in the inbox, or, where only making the rename durable failed, in its claim: `ClaimedDrop.list` finds it.
  package func take(_ drop: SettledDrop) throws(SystemError) -> Outcome { try take([drop])[0].get() }

  /// Several at once: what is made durable for each, in a folder that they share, is made durable once.
  package func take(_ drops: [SettledDrop]) -> [Result<Outcome, SystemError>] {
    var attempts = drops.map { Attempt(drop: $0, now: Timestamp(nanoseconds: clock.now())) }
    step(&attempts) { attempt, syncs throws(SystemError) in try begin(&attempt, syncs) }
    KillPoint.pass(.claimPrepared)
    step(&attempts) { attempt, syncs throws(SystemError) in try move(&attempt, syncs) }
    KillPoint.pass(.claimDurable)
    return attempts.map { $0.result ?? .success(.gone) }  // because the second step leaves none without a result
  }

  /// One drop on its way.
  private struct Attempt {
    let drop: SettledDrop
    let now: Timestamp
    var id: DropID?
    var result: Result<Outcome, SystemError>?
  }

  private func step(_ attempts: inout [Attempt], _ body: (inout Attempt, GroupedSyncs) throws(SystemError) -> Void) {
    let syncs = GroupedSyncs(fileSystem, count: attempts.count)
    for index in attempts.indices where attempts[index].result == nil {
      do throws(SystemError) {
        try body(&attempts[index], syncs)
      } catch {
        attempts[index].result = .failure(error)
      }
    }
    do throws(SystemError) {
      try syncs.flush()
    } catch {
      for index in attempts.indices {
        switch attempts[index].result {
        case .success(.claimed)?, nil: attempts[index].result = .failure(error)
        default: break
        }
      }
    }
  }

  /// 1
  private func begin(_ attempt: inout Attempt, _ syncs: GroupedSyncs) throws(SystemError) {
    let drop = attempt.drop
    guard drop.path.lastComponent != nil, let before = try scanner.sight(drop.path) else {
      attempt.result = .success(.gone)
      return
    }
    guard isSame(before, drop), before.status.changed == drop.status.changed, !isBeingWritten(before) else {
      attempt.result = .success(.changed)
      return
    }
    let id = DropID(at: attempt.now, random: random())
    try prepare(id, drop.kind, syncs)
    attempt.id = id
  }

  /// 2 to 5
  private func move(_ attempt: inout Attempt, _ syncs: GroupedSyncs) throws(SystemError) {
    let drop = attempt.drop
    guard let id = attempt.id, let name = drop.path.lastComponent else { return }
    let target = layout.claim(id).appending(name)
    do throws(SystemError) {
      try fileSystem.renameWithoutReplacing(drop.path, to: target)
    } catch {
      if error.code == .improperLink {
        attempt.result = .success(try takeFromOtherFileSystem(drop, id, name, attempt.now))
        return
      }
      try abandon(id)
      if error.code != .noSuchFileOrDirectory { throw error }
      attempt.result = .success(.gone)
      return
    }
    KillPoint.pass(.claimMoved)
    guard let after = try scanner.sight(target), isSame(after, drop), !isBeingWritten(after) else {
      try putBack(target, to: drop.path, id)
      try abandon(id)
      attempt.result = .success(.changed)
      return
    }
    try syncs.syncFolder(layout.claim(id))
    try syncs.syncFolder(drop.path.removingLastComponent())
    attempt.result = .success(.claimed(claimed(drop, id, at: target, after.status, attempt.now)))
  }

  func claimed(_ drop: SettledDrop, _ id: DropID, at path: FilePath, _ status: FileStatus, _ now: Timestamp) -> ClaimedDrop {
    ClaimedDrop(
      id: id, kind: drop.kind, name: drop.displayName, path: path, isFolder: status.kind == .folder, size: drop.size, receivedAt: now,
      refusal: drop.refusal)
  }

  /// By inode and size, and for a folder by every member; the drop's own ctime moves with a rename.
  func isSame(_ sighting: Sighting, _ drop: SettledDrop) -> Bool {
    sighting.status.kind == drop.status.kind && sighting.status.device == drop.status.device && sighting.status.inode == drop.status.inode
      && sighting.status.size == drop.status.size && sighting.status.modified == drop.status.modified
      && sighting.summary?.fingerprint == drop.summary?.fingerprint && sighting.trouble == nil
  }

  func isBeingWritten(_ sighting: Sighting) -> Bool {
    guard sighting.status.kind == .file || sighting.status.kind == .folder else { return false }
    if case .somebody? = scanner.answer(.isOpenForWriting, for: sighting).writers { return true }
    return false
  }

  func look(at path: FilePath) throws(SystemError) -> Sighting? { try scanner.sight(path) }

  /// 1: the claim's folder with the mark of the drop's kind. The mark's own contents are empty: its name says it all, and the
  /// fsync of the folder in step 5 makes it durable together with the drop.
  private func prepare(_ id: DropID, _ kind: DropKind?, _ syncs: GroupedSyncs) throws(SystemError) {
    let folder = layout.claim(id)
    try fileSystem.makeFolder(folder)
    if let kind, let mark = ClaimedDrop.mark(of: kind) {
      try fileSystem.close(try fileSystem.open(folder.appending(mark), .creating))
    }
    try syncs.syncFolder(layout.claimed)
  }

  func abandon(_ id: DropID) throws(SystemError) {
    try ClaimedDrop.removeMarks(in: layout.claim(id), fileSystem)
    try fileSystem.removeFolder(layout.claim(id))
  }

  /// Where its name was taken meanwhile by a new file, it goes back under a name of its own, `<id>-<name>`, and settles like any other.
  func putBack(_ path: FilePath, to original: FilePath, _ id: DropID) throws(SystemError) {
    do throws(SystemError) {
      try fileSystem.renameWithoutReplacing(path, to: original)
    } catch {
      guard error.code == .fileExists, let name = original.lastComponent else { throw error }
      try fileSystem.renameWithoutReplacing(path, to: original.removingLastComponent().appending(Self.otherName(for: name, id)))
    }
    try fileSystem.syncFolder(original.removingLastComponent())
  }

  /// `<id>-<name>`, with the name's bytes as they are.
  static func otherName(for name: FilePath.Component, _ id: DropID) -> FilePath.Component {
    FilePath.Component(bytes: Array("\(id)-".utf8) + name.bytes) ?? name  // because an identifier holds neither / nor NUL
  }
}
