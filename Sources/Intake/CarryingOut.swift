import Domain
import Platform

/// A group of decided drops on the way to their places. What goes wrong with one keeps it back, and the others go on.
struct CarryingOut {
  private var decided: [Decided]
  private(set) var postponed: [Postponed] = []
  private let files: any FileSystem

  init(_ decided: [Decided], _ files: any FileSystem) {
    self.decided = decided
    self.files = files
  }

  /// Does a step for each, through a file system that makes everything durable in the end.
  mutating func step(_ body: (Decided, any FileSystem) throws -> Void) {
    let syncs = GroupedSyncs(files, count: decided.count)
    keep { try body($0, syncs) }
    do throws(SystemError) {
      try syncs.flush()
    } catch {
      postponeAll(error)
    }
  }

  mutating func each(_ body: (Decided) async throws -> Void) async {
    var kept: [Decided] = []
    for one in decided {
      do {
        try await body(one)
        kept.append(one)
      } catch {
        postponed.append(Postponed(drop: one.drop, error: error))
      }
    }
    decided = kept
  }

  /// Does a step for all of them, which works for all or for none.
  mutating func together(_ body: ([Decided]) async throws -> Void) async {
    if decided.isEmpty { return }
    do {
      try await body(decided)
    } catch {
      postponeAll(error)
    }
  }

  private mutating func keep(_ body: (Decided) throws -> Void) {
    decided = decided.filter { one in
      do {
        try body(one)
        return true
      } catch {
        postponed.append(Postponed(drop: one.drop, error: error))
        return false
      }
    }
  }

  private mutating func postponeAll(_ error: any Error) {
    postponed += decided.map { Postponed(drop: $0.drop, error: error) }
    decided = []
  }
}
