import Domain
import Platform
import SystemPackage

extension SettleTracker {
  /// The rules, in the order in which they are asked.
  func verdict(_ entry: Entry, _ sighting: Sighting, now: Moment) -> Decision {
    switch TemporaryName.verdict(on: sighting.name) {
    case .litter: return .ignore
    case .writing: return .wait(until: nil, .temporaryName)
    case .ordinary: break
    }
    switch sighting.status.kind {
    case .symlink, .other: return .refuse(DropRefusal.problem(sighting.status.kind, name: sighting.path.displayName, inside: nil))
    case .file: return fileVerdict(entry, sighting, now)
    case .folder: return folderVerdict(entry, sighting, now)
    }
  }

  private func fileVerdict(_ entry: Entry, _ sighting: Sighting, _ now: Moment) -> Decision {
    // Firefox keeps the name with an empty file while it writes another, which it then renames over it.
    if sighting.status.size == 0, entry.arrival != .renamed, holdsUnfinished(sighting.path.removingLastComponent()) {
      return .wait(until: nil, .placeholder)
    }
    let quiet = now.monotonic - entry.quietSince
    let needed = settleTime(entry, sighting)
    if quiet < needed {
      let settled = entry.quietSince + needed
      let reason = WaitReason.settling(seconds: Double(rules.settle) / 1e9)
      guard needed > rules.settleWhole, WholeDocument.mayShow(name: sighting.name, kind: sighting.kind, bytes: sighting.status.size) else {
        return .wait(until: settled, reason)
      }
      if quiet < rules.settleWhole { return .wait(until: entry.quietSince + rules.settleWhole, reason) }
      switch entry.showsItselfWhole {
      case nil: return .ask(.showsItselfWhole)
      case false?: return .wait(until: settled, reason)
      case true?: break
      }
    }
    return unlessOpen(sighting, now)
  }

  private func folderVerdict(_ entry: Entry, _ sighting: Sighting, _ now: Moment) -> Decision {
    if let trouble = sighting.trouble { return .wait(until: nil, .unreadable(trouble)) }
    guard let summary = sighting.summary else { return .ignore }
    if let member = summary.unfinished { return .wait(until: nil, .unfinishedMember(member.safeText)) }
    if summary.files == 0, summary.foreign == nil { return .wait(until: nil, .emptyFolder) }
    let needed = settleTime(entry, sighting)
    if now.monotonic - entry.quietSince < needed {
      return .wait(until: entry.quietSince + needed, .settling(seconds: Double(rules.settle) / 1e9))
    }
    let decision = unlessOpen(sighting, now)
    if decision == .take, let foreign = summary.foreign {
      return .refuse(DropRefusal.problem(foreign.kind, name: foreign.path.safeText, inside: sighting.path.displayName))
    }
    return decision
  }

  private func unlessOpen(_ sighting: Sighting, _ now: Moment) -> Decision {
    switch sighting.writers {
    case nil: .ask(.isOpenForWriting)
    case .somebody(let member): .wait(until: now.monotonic + rules.askAgain, .openForWriting(member: member?.safeText))
    // Unknown: the settle time is the only proof there is.
    case .nobody, .unknown: .take
    }
  }

  private func settleTime(_ entry: Entry, _ sighting: Sighting) -> Int64 {
    switch entry.arrival {
    case .renamed: 0
    // A name appeared over content that no write was heard of: link(2), or O_TMPFILE and linkat(2). The short wait lets the
    // first write be heard where it was an ordinary open(2) after all.
    case .created: sighting.status.kind == .file && sighting.status.size > 0 ? rules.settleWhole : rules.settle
    case .written, .unknown: rules.settle
    }
  }

  /// When to look again at what an event has just moved.
  func firstStep(_ entry: Entry, _ path: FilePath) -> Int64 {
    // By its name: the size that the last look saw was of before the event.
    let mayShow =
      !entry.isFolder && WholeDocument.mayShow(name: path.lastComponent?.string ?? "", kind: entry.kind, bytes: WholeDocument.maximumBytes)
    return mayShow ? rules.settleWhole : rules.settle
  }
}

extension FilePath {
  /// A relative path as text for people: each component made safe.
  var safeText: String { components.map { FilePath(root: nil, [$0]).displayName }.joined(separator: "/") }
}
