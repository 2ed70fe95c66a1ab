import Synchronization

/// A wish to stop, made once and awaited by any number of tasks.
///
/// Not an AsyncStream: there the cancelling of one waiting task ends the stream for all others.
package final class StopRequest: Sendable {
  private struct State {
    var isMade = false
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    /// Waits that were cancelled before they had begun.
    var cancelled: Set<Int> = []
    var next = 0
  }

  private let state = Mutex(State())

  package init() {}

  package var isMade: Bool { state.withLock(\.isMade) }

  package func make() {
    let waiting = state.withLock { state in
      state.isMade = true
      defer { state.waiting = [:] }
      return Array(state.waiting.values)
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Returns when the wish was made, at once where it was; also when the waiting task is cancelled, which `isMade` tells.
  package func wait() async {
    let number = state.withLock { state in
      state.next += 1
      return state.next
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.isMade || state.cancelled.remove(number) != nil { return true }
          state.waiting[number] = continuation
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let continuation = state.withLock { state in
        let waiting = state.waiting.removeValue(forKey: number)
        if waiting == nil { state.cancelled.insert(number) }
        return waiting
      }
      continuation?.resume()
    }
    state.withLock { _ = $0.cancelled.remove(number) }
  }
}
