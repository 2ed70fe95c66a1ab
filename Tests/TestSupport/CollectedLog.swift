import Logging
import Synchronization

/// Keeps what was logged, for a test to read and to wait for.
package final class CollectedLog: Sendable {
  private struct State {
    var lines: [String] = []
    var waiting: [(line: String, CheckedContinuation<Void, Never>)] = []
  }

  private let state = Mutex(State())

  package init() {}

  /// Without what is only said for information.
  package var lines: [String] { state.withLock { $0.lines.filter { !$0.hasPrefix("info:") } } }

  package var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

  /// Returns once that line was logged, which may be long ago.
  package func wait(for line: String) async {
    await withCheckedContinuation { continuation in
      let isThere = state.withLock { state in
        if state.lines.contains(line) { return true }
        state.waiting.append((line, continuation))
        return false
      }
      if isThere { continuation.resume() }
    }
  }

  private func append(_ line: String) {
    let ready = state.withLock { state in
      state.lines.append(line)
      let ready = state.waiting.filter { $0.line == line }
      state.waiting.removeAll { $0.line == line }
      return ready.map(\.1)
    }
    for continuation in ready { continuation.resume() }
  }

  private struct Handler: LogHandler {
    let log: CollectedLog
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { log.append("\(event.level): \(event.message)") }
  }
}
