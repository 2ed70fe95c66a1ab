import Domain
import Platform
import SystemPackage
import Watching

/// A tracker with a clock that the test moves, and looks that the test describes: no disk, no waiting.
final class Scene {
  var tracker: SettleTracker
  var now = Moment(wall: 1_800_000_000_000_000_000, monotonic: 50_000_000_000_000)
  /// What the two questions are answered with, and which were asked.
  var writers = Sighting.Writers.nobody
  var showsItselfWhole = false
  var asked: [SettleTracker.Question] = []

  init(settleSeconds: Double = 8, settleSecondsWhole: Double = 0.3, trustsChangeTimes: Bool = true) {
    tracker = SettleTracker(
      rules: SettleRules(settleSeconds: settleSeconds, settleSecondsWhole: settleSecondsWhole, trustsChangeTimes: trustsChangeTimes))
  }

  func pass(_ seconds: Double) {
    now.wall += Int64(seconds * 1e9)
    now.monotonic += Int64(seconds * 1e9)
  }

  @discardableResult
  func event(_ trace: SettleTracker.Trace, _ name: String, in kind: DropKind? = .dataset) -> Bool {
    tracker.note(trace, at: Scene.path(name, kind), now: now)
  }

  /// Looks at a file as a scan finds it, and answers what is asked.
  @discardableResult
  func look(
    _ name: String, in kind: DropKind? = .dataset, _ what: FileStatus.Kind = .file, size: Int = 100, inode: UInt64 = 7, links: Int = 1,
    changed: Double = 0, modified: Double? = nil, summary: FolderSummary? = nil, trouble: SystemError? = nil
  ) -> SettleTracker.Decision {
    let status = FileStatus(
      kind: what, device: 1, inode: inode, size: size, links: links, modified: wall(modified ?? changed), changed: wall(changed))
    return decide(Sighting(path: Scene.path(name, kind), kind: kind, status: status, summary: summary, trouble: trouble))
  }

  func decide(_ sighting: Sighting) -> SettleTracker.Decision {
    var sighting = sighting
    while true {
      let decision = tracker.decide(sighting, now: now)
      guard case .ask(let question) = decision else { return decision }
      asked.append(question)
      switch question {
      case .isOpenForWriting: sighting.writers = writers
      case .showsItselfWhole: sighting.showsItselfWhole = showsItselfWhole
      }
    }
  }

  /// Seconds from the scene's first moment.
  func wall(_ seconds: Double) -> Int64 { 1_800_000_000_000_000_000 + Int64(seconds * 1e9) }

  /// A folder's files: name and size, all changed at that second.
  func summary(_ files: [(String, Int)], changed: Double = 0, unfinished: String? = nil, link: String? = nil) -> FolderSummary {
    var summary = FolderSummary(
      folder: FileStatus(kind: .folder, device: 1, inode: 9, size: 0, links: 2, modified: wall(0), changed: wall(0)))
    func status(_ kind: FileStatus.Kind, _ size: Int) -> FileStatus {
      FileStatus(kind: kind, device: 1, inode: 70, size: size, links: 1, modified: wall(changed), changed: wall(changed))
    }
    for (name, size) in files { summary.add(FilePath(name), status(.file, size), isUnfinished: false) }
    if let unfinished { summary.add(FilePath(unfinished), status(.file, 5), isUnfinished: true) }
    if let link { summary.add(FilePath(link), status(.symlink, 5), isUnfinished: false) }
    return summary
  }

  /// Seconds until the decision's next look; nil where it is none of waiting for a time.
  func secondsToWait(_ decision: SettleTracker.Decision) -> Double? {
    guard case .wait(let until?, _) = decision else { return nil }
    return Double(until - now.monotonic) / 1e9
  }

  static func path(_ name: String, _ kind: DropKind? = .dataset) -> FilePath {
    let inbox = FilePath("/root/inbox")
    return (kind.map { inbox.appending($0.folderName) } ?? inbox).appending(name)
  }
}

extension SettleTracker.Decision {
  var reason: WaitReason? { if case .wait(_, let reason) = self { reason } else { nil } }
  var problem: Problem? { if case .refuse(let problem) = self { problem } else { nil } }
}
