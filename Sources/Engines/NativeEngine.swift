import Domain
import Foundation
import Subprocess
import SystemPackage

/// Work in a child process on this machine: `dropforge-worker`, beside this program.
package struct NativeEngine: Engine {
  package static let kind = EngineKind.native
  private let worker: FilePath

  /// - Parameter worker: path of `dropforge-worker`.
  package init(worker: FilePath) { self.worker = worker }

  package func run(
    _ call: WorkerCall, threads: Int?, stop: StopRequest, graceSeconds: Double, onEvent: @escaping @Sendable (WorkerEvent) async -> Void
  ) async -> WorkerOutcome {
    var options = PlatformOptions()
    options.processGroupID = 0  // its own group: a stop reaches whatever the worker started
    options.teardownSequence = [.send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(2))]
    let arguments = ["--parent", "\(getpid())"] + call.arguments
    do {
      let result = try await Subprocess.run(
        .path(worker), arguments: Arguments(arguments), environment: Self.environment(threads: threads), platformOptions: options,
        input: .none, output: .sequence, error: .sequence
      ) { execution in
        try await withThrowingTaskGroup(of: Heard.self) { group in
          group.addTask {
            var failure: Problem?
            for try await line in execution.standardOutput.strings() {
              guard let event = Self.event(from: line) else { continue }
              if case .failed(let problem) = event { failure = problem } else { await onEvent(event) }
            }
            return .output(failure)
          }
          group.addTask {
            var tail = ""
            for try await line in execution.standardError.strings() {
              tail = String((tail + line + "\n").suffix(4_000))
            }
            return .errors(tail)
          }
          group.addTask {
            await stop.wait()
            guard stop.isMade else { return .stopWatchEnded }
            await execution.teardown(using: [
              .send(signal: .terminate, toProcessGroup: false, allowedDurationToNextStep: .seconds(graceSeconds))
            ])
            return .stopWatchEnded
          }
          var heard = (failure: Problem?.none, errors: "")
          var open = 2
          while open > 0, let part = try await group.next() {
            switch part {
            case .output(let failure): heard.failure = failure; open -= 1
            case .errors(let text): heard.errors = text; open -= 1
            case .stopWatchEnded: break
            }
          }
          group.cancelAll()
          return heard
        }
      }
      return Self.outcome(result.terminationStatus, failure: result.closureResult.failure, errors: result.closureResult.errors)
    } catch {
      return .crashed(.init(signal: nil, exitCode: nil, lastWords: "\(worker): \(error)"))
    }
  }

  private enum Heard: Sendable {
    case output(Problem?)
    case errors(String)
    case stopWatchEnded
  }

  /// OpenMP reads these when the library is loaded. Passive waiting: beside one busy process oneDNN's products ran at
  /// 1,031 instead of 186 GFLOP/s. A short spin before it: without one a parallel region costs 60 µs (a futex wake), with
  /// it 1 µs.
  private static func environment(threads: Int?) -> Environment {
    var changes: [Environment.Key: String?] = ["OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000", "OMP_DYNAMIC": "false"]
    if let threads { changes["OMP_NUM_THREADS"] = "\(threads)" }
    return .inherit.updating(changes)
  }

  private static func event(from line: String) -> WorkerEvent? {
    try? JSONDecoder().decode(WorkerEvent.self, from: Data(line.utf8))  // a line that is no event is a library's chatter
  }

  private static func outcome(_ status: TerminationStatus, failure: Problem?, errors: String) -> WorkerOutcome {
    switch status {
    case .exited(WorkerExit.done.rawValue): return .done
    case .exited(WorkerExit.stopped.rawValue): return .stopped
    case .exited(let code):
      if let failure { return .refused(failure) }
      return .crashed(.init(signal: nil, exitCode: code, lastWords: errors))
    case .signaled(let signal): return .crashed(.init(signal: signal, exitCode: nil, lastWords: errors))
    }
  }
}
