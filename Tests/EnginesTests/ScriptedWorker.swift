import Domain
import Engines
import Foundation
import Platform
import Synchronization
import SystemPackage
import TestSupport

/// The native engine with a shell script in the place of a worker.
struct ScriptedWorker {
  let folder: TemporaryFolder
  let call: WorkerCall
  private let events = Collected()

  private final class Collected: Sendable {
    let events = Mutex<[WorkerEvent]>([])
  }

  static let engine = NativeEngine(worker: Fixtures.path("workers/scripted-worker"))

  init(_ script: String) throws {
    folder = try TemporaryFolder()
    call = .ingest(try folder.write(script + "\n", to: "order.sh"))
  }

  /// What it told, in order.
  var told: [WorkerEvent] { events.events.withLock { $0 } }

  func run(
    threads: Int? = nil, stop: StopRequest = StopRequest(), graceSeconds: Double = 20,
    onEvent: @escaping @Sendable (WorkerEvent) -> Void = { _ in }
  ) async -> WorkerOutcome {
    await Self.engine.run(call, threads: threads, stop: stop, graceSeconds: graceSeconds) { [events] event in
      events.events.withLock { $0.append(event) }
      onEvent(event)
    }
  }

  /// Shell words that say an event as a worker does.
  static func say(_ event: WorkerEvent) throws -> String {
    "cat <<'END'\n\(String(decoding: try PublishedJSON.line(of: event), as: UTF8.self))END"
  }

  /// A worker that tells that it is there and waits to be stopped; then it exits as a stopped one does.
  static let patient = "trap 'exit 85' TERM\necho '{\"warning\":{\"_0\":\"ready\"}}'\nwhile :; do sleep 0.02; done"
}
