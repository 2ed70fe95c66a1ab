import Domain
import Engines
import Synchronization
import SystemPackage

/// An engine without processes: each piece of work is done by a closure of the test, in this process.
package final class FakeEngine: Engine {
  package static let kind = EngineKind.native

  /// One piece of work that was asked for.
  package struct Work: Sendable {
    package let call: WorkerCall
    /// Counted from 1, over all calls.
    package let number: Int
    package let threads: Int?
    package let stop: StopRequest
    package let say: @Sendable (WorkerEvent) async -> Void
  }

  private struct State {
    var calls: [WorkerCall] = []
    var running = 0
    var mostAtOnce = 0
  }

  private let state = Mutex(State())
  private let work: @Sendable (Work) async -> WorkerOutcome

  package init(_ work: @escaping @Sendable (Work) async -> WorkerOutcome = { _ in .done }) { self.work = work }

  package var calls: [WorkerCall] { state.withLock(\.calls) }
  /// The most pieces of work that were under way at the same time.
  package var mostAtOnce: Int { state.withLock(\.mostAtOnce) }

  package func run(
    _ call: WorkerCall, threads: Int?, stop: StopRequest, graceSeconds: Double, onEvent: @escaping @Sendable (WorkerEvent) async -> Void
  ) async -> WorkerOutcome {
    let number = state.withLock { state in
      state.calls.append(call)
      state.running += 1
      state.mostAtOnce = max(state.mostAtOnce, state.running)
      return state.calls.count
    }
    defer { state.withLock { $0.running -= 1 } }
    return await work(Work(call: call, number: number, threads: threads, stop: stop, say: onEvent))
  }
}

extension WorkerCall {
  /// The path that it names: an order's or a job's folder.
  package var path: FilePath {
    switch self {
    case .ingest(let path), .ingestMany(let path), .columnar(let path), .model(let path), .train(let path), .evaluate(let path),
      .plan(let path), .errand(_, let path), .survey(let path), .rows(let path):
      path
    }
  }
}
