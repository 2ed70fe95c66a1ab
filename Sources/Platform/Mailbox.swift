import Synchronization

/// Things that come one by one and are taken in groups: who falls behind gets many at once, and can do for all of them
/// together what costs the same for one.
///
/// Any number of tasks may put and take; each thing goes to one taker, in the order of its coming.
package final class Mailbox<Element: Sendable>: Sendable {
  fileprivate struct State {
    var waiting: [Element] = []
    /// Taken already, from the front of `waiting`.
    var taken = 0
    var takers: [CheckedContinuation<Void, Never>] = []
    var isClosed = false
  }

  private let state = Mutex(State())

  package init() {}

  package var isEmpty: Bool { state.withLock { $0.taken == $0.waiting.count } }

  package func put(_ element: Element) {
    let taker = state.withLock { state in
      if !state.isClosed { state.waiting.append(element) }
      return state.takers.popLast()
    }
    taker?.resume()
  }

  /// No more is taken, even what waits.
  package func close() {
    let takers = state.withLock { state in
      state.isClosed = true
      state.waiting = []
      state.taken = 0
      defer { state.takers = [] }
      return state.takers
    }
    for taker in takers { taker.resume() }
  }

  /// What waits, at most `limit` of it, as soon as there is something; nil once the mailbox is closed.
  ///
  /// - Parameters:
  ///   - takers: how many tasks take from it side by side: none takes more than its share of what waits.
  ///   - isOneOfMany: whether it may be taken together with others; what may not comes by itself.
  package func take(atMost limit: Int, takers: Int = 1, where isOneOfMany: (Element) -> Bool = { _ in true }) async -> [Element]? {
    while true {
      let (group, isClosed) = state.withLock { state in
        (state.next(atMost: min(limit, state.share(of: takers)), where: isOneOfMany), state.isClosed)
      }
      if isClosed { return nil }
      if !group.isEmpty { return group }
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.isClosed || state.taken < state.waiting.count { return true }
          state.takers.append(continuation)
          return false
        }
        if isOver { continuation.resume() }
      }
    }
  }
}

extension Mailbox.State {
  fileprivate func share(of takers: Int) -> Int { (waiting.count - taken + takers - 1) / takers }

  fileprivate mutating func next(atMost limit: Int, where isOneOfMany: (Element) -> Bool) -> [Element] {
    guard taken < waiting.count else { return [] }
    let first = taken
    taken += 1
    if isOneOfMany(waiting[first]) {
      while taken < waiting.count, taken - first < limit, isOneOfMany(waiting[taken]) { taken += 1 }
    }
    let group = Array(waiting[first..<taken])
    // Moved together now and then only, so that a long queue is not moved for every group.
    if taken == waiting.count || taken > 1_024 {
      waiting.removeFirst(taken)
      taken = 0
    }
    return group
  }
}
