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
  package func take(_ drop: SettledDrop) throws(SystemError) -> Outcome {
    guard let name = drop.path.lastComponent else { return .gone }
    let now = Timestamp(nanoseconds: clock.now())
    let id = DropID(at: now, random: random())
    let target = layout.claim(id).appending(name)

    guard let before = try scanner.sight(drop.path) else { return .gone }
    guard isSame(before, drop), before.status.changed == drop.status.changed, !isBeingWritten(before) else { return .changed }

    try prepare(id, drop.kind)
    KillPoint.pass(.claimPrepared)
    do throws(SystemError) {
      try fileSystem.renameWithoutReplacing(drop.path, to: target)
    } catch {
      if error.code == .improperLink { return try takeFromOtherFileSystem(drop, id, name, now) }
      try abandon(id)
      if error.code == .noSuchFileOrDirectory { return .gone }
      throw error
    }

    KillPoint.pass(.claimMoved)
    guard let after = try scanner.sight(target), isSame(after, drop), !isBeingWritten(after) else {
      try putBack(target, to: drop.path, id)
      try abandon(id)
      return .changed
    }
    try fileSystem.syncFolder(layout.claim(id))
    try fileSystem.syncFolder(drop.path.removingLastComponent())
    KillPoint.pass(.claimDurable)
    return .claimed(claimed(drop, id, at: target, after.status, now))
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
  private func prepare(_ id: DropID, _ kind: DropKind?) throws(SystemError) {
    let folder = layout.claim(id)
    try fileSystem.makeFolder(folder)
    if let kind, let mark = ClaimedDrop.mark(of: kind) {
      try fileSystem.close(try fileSystem.open(folder.appending(mark), .creating))
    }
    try fileSystem.syncFolder(layout.claimed)
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
