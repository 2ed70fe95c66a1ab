import Synchronization

/// Work that is done in the order of its tickets, one piece at a time, while nobody waits for their turn: who comes too early leaves the
/// work here and goes on with something else; who comes in turn does it, and then what lies waiting behind it.
final class OrderedStage<Work: Sendable>: Sendable {
  private let state = Mutex(State())

  private struct State {
    var next = 0
    var isBusy = false
    /// By ticket.
    var waiting: [Int: Work] = [:]

    /// What is to be done next, where that is here.
    mutating func take() -> Work? {
      let work = waiting.removeValue(forKey: next)
      isBusy = work != nil
      return work
    }
  }

  /// Hands in the work of a ticket, each ticket from 0 on once.
  ///
  /// - Parameter body: does a piece of work, this one or another's. Where it throws, nothing more is done in this stage.
  func hand(_ ticket: Int, _ work: Work, _ body: (Work) throws -> Void) rethrows {
    var mine = state.withLock { state in
      state.waiting[ticket] = work
      return state.isBusy ? nil : state.take()
    }
    while let work = mine {
      try body(work)
      mine = state.withLock { state in
        state.next += 1
        return state.take()
      }
    }
  }
}
