import Domain
import Subprocess
import SystemPackage

#if canImport(Glibc)
  import Glibc
#endif

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
        .path(worker), arguments: Arguments(arguments), environment: Self.environment(threads: threads, of: call), platformOptions: options,
        input: .none, output: .sequence, error: .sequence
      ) { execution in
        try await withThrowingTaskGroup(of: Heard.self) { group in
          group.addTask {
            var failure: Problem?
            func hear(_ line: [UInt8]) async {
              guard let event = Self.event(from: line) else { return }
              if case .failed(let problem) = event { failure = problem } else { await onEvent(event) }
            }
            var lines = OutputLines()
            for try await buffer in execution.standardOutput {
              for line in buffer.withUnsafeBytes({ lines.take($0) }) { await hear(line) }
            }
            if let line = lines.finish() { await hear(line) }
            return .output(failure)
          }
          group.addTask {
            var words = LastWords()
            for try await buffer in execution.standardError { buffer.withUnsafeBytes { words.take($0) } }
            return .errors(words.text)
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
  private static func environment(threads: Int?, of call: WorkerCall) -> Environment {
    var changes: [Environment.Key: String?] = ["OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000", "OMP_DYNAMIC": "false"]
    if let threads { changes["OMP_NUM_THREADS"] = "\(threads)" }
    // A token is for the worker that talks to the Hub, and for nobody else.
    if case .errand(.download, _) = call {
    } else {
      for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] { changes[.init(stringLiteral: name)] = String?.none }
    }
    return .inherit.updating(changes)
  }

  private static func event(from line: [UInt8]) -> WorkerEvent? {
    try? PublishedJSON.decode(WorkerEvent.self, from: line)  // a line that is no event is a library's chatter
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
