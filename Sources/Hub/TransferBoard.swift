import Domain
import Synchronization
import SystemPackage

/// What is left to bring, shared by the threads of a download.
final class TransferBoard: Sendable {
  /// A content that is to come, and every place that it goes to: the same content under two names comes once.
  struct Item: Sendable {
    var file: DownloadPlan.File
    var targets: [FilePath]
  }

  enum Step: Sendable {
    /// Ask for its head, and open its part.
    case begin(Int)
    case bring(Int, PartialFile, PartialFile.Stretch)
    /// Check and put into place.
    case check(Int, PartialFile)
    /// Others are at what is left: look again.
    case wait
  }

  private enum Stage {
    case open, beginning, checking, done
    case coming(PartialFile)
  }

  private struct State {
    var stages: [Stage]
    var locations: [Int: String] = [:]
    var doneBytes: Int
    var transferred = 0
    var failure: (any Error)?
    var isStopped = false
    var isResting = false
    var wait: HubWait?
  }

  let items: [Item]
  private let state: Mutex<State>
  /// Files whose parts are coming at the same time: one of many parts keeps every thread busy, of small ones as many are.
  private let mostOpen: Int

  /// - Parameter done: whether an item is in its place already.
  init(_ items: [Item], done: [Bool], mostOpen: Int) {
    self.items = items
    self.mostOpen = mostOpen
    let bytes = zip(items, done).reduce(0) { $0 + ($1.1 ? $1.0.file.size : 0) }
    state = Mutex(State(stages: done.map { $0 ? .done : .open }, doneBytes: bytes))
  }

  /// The next thing to do; nil: all is done, or the work is to end.
  func next() -> Step? {
    state.withLock { state in
      if state.failure != nil || state.isStopped || state.isResting { return nil }
      var coming = 0
      for at in state.stages.indices {
        guard case .coming(let partial) = state.stages[at] else { continue }
        if partial.isWhole, !partial.isBusy {
          state.stages[at] = .checking
          return .check(at, partial)
        }
        coming += 1
        if let stretch = partial.take() { return .bring(at, partial, stretch) }
      }
      let isBeginning = state.stages.count { if case .beginning = $0 { true } else { false } }
      if coming + isBeginning < mostOpen, let at = state.stages.firstIndex(where: { if case .open = $0 { true } else { false } }) {
        state.stages[at] = .beginning
        return .begin(at)
      }
      let isDone = state.stages.allSatisfy { if case .done = $0 { true } else { false } }
      return isDone ? nil : .wait
    }
  }

  func opened(_ at: Int, _ partial: PartialFile, location: String) {
    state.withLock { state in
      state.stages[at] = .coming(partial)
      state.locations[at] = location
      state.wait = nil
    }
  }

  /// The content changed under the same path: it is asked about again.
  func reopen(_ at: Int) { state.withLock { $0.stages[at] = .open } }

  func location(of at: Int) -> String? { state.withLock { $0.locations[at] } }
  func setLocation(_ location: String, of at: Int) {
    state.withLock { state in
      state.locations[at] = location
      state.wait = nil
    }
  }

  func finished(_ at: Int) {
    state.withLock { state in
      state.stages[at] = .done
      state.doneBytes += items[at].file.size
    }
  }

  func brought(_ bytes: Int) {
    state.withLock { state in
      state.transferred += bytes
      state.wait = nil
    }
  }

  /// What a thread waits for; nil as soon as any has had an answer or a byte.
  var wait: HubWait? { state.withLock(\.wait) }
  func note(_ wait: HubWait) { state.withLock { $0.wait = wait } }

  /// The first failure counts; it ends all threads.
  func fail(_ error: any Error) {
    state.withLock { if $0.failure == nil { $0.failure = error } }
  }

  func stop() { state.withLock { $0.isStopped = true } }

  /// Ends the threads that are at work; others go on where they were, once it is over.
  func rest() { state.withLock { $0.isResting = true } }
  func goOn() { state.withLock { $0.isResting = false } }
  var isResting: Bool { state.withLock(\.isResting) }

  /// Something is left to do, and nothing ends it.
  var isRunning: Bool {
    state.withLock { state in
      !state.isStopped && state.failure == nil && !state.stages.allSatisfy { if case .done = $0 { true } else { false } }
    }
  }
  /// Whoever is bringing bytes is to give up.
  var isOver: Bool { state.withLock { $0.isStopped || $0.isResting || $0.failure != nil } }
  var failure: (any Error)? { state.withLock { $0.failure } }

  /// Over the network, in this process.
  var transferred: Int { state.withLock(\.transferred) }

  struct Count: Sendable, Equatable {
    var bytes = 0
    /// Those of them that are in their places.
    var whole = 0
    var files = 0
    /// Over the network, in this process.
    var transferred = 0
    /// Path of the first file that is coming.
    var current: String?
  }

  var count: Count {
    let (stages, done, transferred) = state.withLock { ($0.stages, $0.doneBytes, $0.transferred) }
    var count = Count(bytes: done, whole: done, transferred: transferred)
    for (stage, item) in zip(stages, items) {
      switch stage {
      case .done: count.files += 1
      case .coming(let partial):
        count.bytes += partial.written
        if count.current == nil { count.current = item.file.path }
      case .checking: count.bytes += item.file.size
      case .open, .beginning: break
      }
    }
    return count
  }

  /// Publishes the records of what is coming.
  func save(durably: Bool) throws {
    let coming = state.withLock { $0.stages.compactMap { if case .coming(let partial) = $0 { partial } else { nil } } }
    for partial in coming { try partial.save(durably: durably) }
  }
}
