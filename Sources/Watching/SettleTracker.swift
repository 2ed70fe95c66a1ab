import Domain
import Platform
import SystemPackage

/// Decides when a drop is whole. A plain value: it is told what events and looks said, and what time it is.
///
/// ```
///              litter                        ignored
///            ┌ symbolic link, special file   refused
///   a look ──┤ a writer's temporary name     waits for the rename that ends it
///            ┤ arrived by rename             whole ──┐
///            ┤ arrived as a hard link        settles settleWhole, then whole ──┤
///            ┤ JSON that ends its bracket    settles settleWhole, then whole ──┤── nobody has it open for writing: taken
///            └ anything else                 settles settle, then whole ───────┘
/// ```
/// Settling counts from the last thing that moved: an event, or a change of inode, size, mtime or ctime between two looks.
package struct SettleTracker: Sendable {
  /// What an event said of a path.
  package enum Trace: Sendable, Equatable {
    /// A rename ended here (IN_MOVED_TO): the writer's own sign that it is whole.
    case movedIn
    /// A name appeared (IN_CREATE): a file that is now being written, or the whole of one that was linked in.
    case created
    case written
    /// Somebody who could write has closed it (IN_CLOSE_WRITE).
    case closed
    /// IN_ATTRIB: rights, times, the number of links.
    case attributes
    case gone
    /// Anything inside a dropped folder.
    case inside
  }

  package enum Question: Sendable, Equatable { case isOpenForWriting, showsItselfWhole }

  package enum Decision: Sendable, Equatable {
    case take
    case refuse(Problem)
    /// Answer in the sighting and decide again.
    case ask(Question)
    /// Until that moment of the monotonic clock; nil: for an event or the next rescan.
    case wait(until: Int64?, WaitReason)
    case ignore
  }

  let rules: SettleRules
  private var entries: [FilePath: Entry] = [:]
  /// Where a taken drop has gone from. A drop that a claim puts back returns by rename and must not count as whole for that.
  private var departed: [FilePath: Departure] = [:]
  /// Not later than the first entry's deadline; earlier ones may have been put off since.
  package private(set) var nextDeadline: Int64?

  struct Entry: Sendable {
    enum Arrival: Sendable { case unknown, created, written, renamed }
    enum State: Sendable, Equatable {
      /// An event told of it; nobody has looked yet.
      case noted
      case waiting(until: Int64?, WaitReason)
      case taken
    }

    var identity: Sighting.Identity?
    var kind: DropKind?
    var isFolder = false
    var arrival = Arrival.unknown
    var state = State.noted
    var firstSeen: Moment
    /// When an event last told of a change, monotonic.
    var touched: Int64?
    /// Since when nothing has moved, monotonic.
    var quietSince: Int64
    /// nil: not asked about this identity.
    var showsItselfWhole: Bool?
    var isReportedStale = false
  }

  private struct Departure: Sendable {
    var device: UInt64
    var inode: UInt64
    var at: Int64
  }

  package init(rules: SettleRules) { self.rules = rules }

  /// An event told of a path. True: look at it now; false: its deadline has moved, which is all there is to do.
  package mutating func note(_ trace: Trace, at path: FilePath, now: Moment) -> Bool {
    guard var entry = entries[path] else {
      if trace == .gone || trace == .inside { return trace == .inside }
      var entry = Entry(firstSeen: now, touched: now.monotonic, quietSince: now.monotonic)
      entry.arrival = Self.arrival(after: trace, .unknown)
      entries[path] = entry
      return true
    }
    if trace == .gone { return true }
    entry.arrival = Self.arrival(after: trace, entry.arrival)
    entry.touched = now.monotonic
    entry.quietSince = now.monotonic
    entry.showsItselfWhole = nil
    // Somebody had it open when it was delivered, and a claim may have left it for that: it settles and is offered again.
    if entry.state == .taken, trace == .closed || trace == .written { entry.state = .noted }
    var look = entry.arrival == .renamed || trace == .created
    if case .waiting(_, let reason) = entry.state, !look {
      let next = firstStep(entry, path)
      entry.state = .waiting(until: now.monotonic + next, reason)
      bringForward(now.monotonic + next)
    } else {
      look = true
    }
    entries[path] = entry
    return look
  }

  private static func arrival(after trace: Trace, _ before: Entry.Arrival) -> Entry.Arrival {
    switch trace {
    case .movedIn: .renamed
    case .created: .created
    case .written: .written
    // A writer that renames first and closes then has changed nothing in between: no .written came.
    case .closed: before == .renamed ? .renamed : .written
    case .attributes, .inside, .gone: before
    }
  }

  /// It was delivered and could not be claimed: it settles anew, from now.
  package mutating func offerAgain(_ path: FilePath, now: Moment) {
    guard entries[path]?.state == .taken else { return }
    entries[path]?.state = .noted
    entries[path]?.touched = now.monotonic
    entries[path]?.quietSince = now.monotonic
  }

  /// Events were lost: what they said of how files arrived holds no longer.
  package mutating func eventsWereLost(now: Moment) {
    for (path, entry) in entries where entry.state != .taken {
      entries[path]?.arrival = .unknown
      entries[path]?.touched = now.monotonic
      entries[path]?.quietSince = now.monotonic
    }
  }

  /// A look found nothing there.
  package mutating func isGone(_ path: FilePath, now: Moment) {
    guard let entry = entries.removeValue(forKey: path), entry.state == .taken, let identity = entry.identity else { return }
    departed[path] = Departure(device: identity.device, inode: identity.inode, at: now.monotonic)
  }

  /// A look found this. Answers that are asked for go into the sighting, and it is decided again.
  package mutating func decide(_ sighting: Sighting, now: Moment) -> Decision {
    var entry = entries[sighting.path] ?? Entry(firstSeen: now, quietSince: now.monotonic)
    if entry.identity != sighting.identity { renew(&entry, sighting, now: now) }
    if let answer = sighting.showsItselfWhole { entry.showsItselfWhole = answer }
    let decision = entry.state == .taken ? .ignore : verdict(entry, sighting, now: now)
    switch decision {
    case .take, .refuse:
      entry.state = .taken
      entry.arrival = .unknown  // what it says has been used: a later change needs a proof of its own
    case .wait(let until, let reason):
      entry.state = .waiting(until: until, reason)
      if let until { bringForward(until) }
    case .ignore where entry.state != .taken:
      entries[sighting.path] = nil
      return decision
    case .ignore, .ask: break
    }
    entries[sighting.path] = entry
    return decision
  }

  /// It is new, or not what it was at the last look.
  private func renew(_ entry: inout Entry, _ sighting: Sighting, now: Moment) {
    // A ctime in the future (a clock that was set back) counts as now.
    let age = rules.trustsChangeTimes ? max(0, now.wall - sighting.newestChange) : 0
    entry.quietSince = max(entry.touched ?? .min, now.monotonic - age)
    entry.identity = sighting.identity
    entry.kind = sighting.kind
    entry.isFolder = sighting.status.kind == .folder
    entry.showsItselfWhole = nil
    entry.isReportedStale = false
    if entry.state == .taken { entry.state = .noted }
    if let left = departed[sighting.path], left.device == sighting.status.device, left.inode == sighting.status.inode,
      entry.arrival == .renamed
    {
      entry.arrival = .written
      entry.quietSince = now.monotonic
    }
  }

  // MARK: time

  /// Paths whose deadline has come: look at each.
  package mutating func due(now: Moment) -> [FilePath] {
    var due: [FilePath] = []
    nextDeadline = nil
    for (path, entry) in entries {
      guard case .waiting(let until?, _) = entry.state else { continue }
      if until <= now.monotonic { due.append(path) } else { bringForward(until) }
    }
    return due
  }

  private mutating func bringForward(_ deadline: Int64) { nextDeadline = min(nextDeadline ?? .max, deadline) }

  /// After a look at everything: forgets what was not found, and what has been away for long.
  package mutating func keepOnly(_ found: Set<FilePath>, now: Moment) -> [FilePath] {
    let gone = entries.keys.filter { !found.contains($0) }
    for path in gone { isGone(path, now: now) }
    departed = departed.filter { now.monotonic - $0.value.at < 2 * rules.settle + 60_000_000_000 }
    return gone
  }

  // MARK: what waits

  package func firstSeen(_ path: FilePath) -> Moment? { entries[path]?.firstSeen }
  package func kind(of path: FilePath) -> DropKind? { entries[path]?.kind }
  package var paths: some Collection<FilePath> { entries.keys }

  /// What is not taken yet, by path. Names in progress are left out until they are stale.
  package func waiting(now: Moment) -> [WaitingDrop] {
    entries.compactMap { path, entry in waitingDrop(path, entry, now) }.sorted { $0.path.string < $1.path.string }
  }

  /// Drops that have become stale since this was asked last.
  package mutating func newlyStale(now: Moment) -> [WaitingDrop] {
    let stale = entries.compactMap { path, entry in entry.isReportedStale ? nil : waitingDrop(path, entry, now) }.filter(\.isStale)
    for drop in stale { entries[drop.path]?.isReportedStale = true }
    return stale.sorted { $0.path.string < $1.path.string }
  }

  private func waitingDrop(_ path: FilePath, _ entry: Entry, _ now: Moment) -> WaitingDrop? {
    guard case .waiting(_, let reason) = entry.state else { return nil }
    let isStale = now.monotonic - entry.quietSince >= rules.stale
    guard isStale || reason.isOfInterest else { return nil }
    return WaitingDrop(path: path, kind: entry.kind, since: Timestamp(nanoseconds: entry.firstSeen.wall), reason: reason, isStale: isStale)
  }

  /// Whether a download is in progress in that folder: something waits there under a temporary name.
  func holdsUnfinished(_ folder: FilePath) -> Bool {
    entries.contains { path, entry in
      guard case .waiting(_, .temporaryName) = entry.state else { return false }
      return path.removingLastComponent() == folder
    }
  }
}
