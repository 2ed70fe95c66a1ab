import Domain

/// Where work is done. The agent gives a call and hears events; how and where a process runs is the engine's affair.
package protocol Engine: Sendable {
  static var kind: EngineKind { get }

  /// Runs one piece of work to its end.
  ///
  /// - Parameters:
  ///   - threads: for the maths; nil leaves the worker's default.
  ///   - stop: once made, the worker is asked to leave a checkpoint and end, and killed where it takes longer than `graceSeconds`.
  ///   - onEvent: called for each line that the worker says, one after the other.
  func run(
    _ call: WorkerCall, threads: Int?, stop: StopRequest, graceSeconds: Double, onEvent: @escaping @Sendable (WorkerEvent) async -> Void
  ) async -> WorkerOutcome
}

package enum EngineKind: String, Sendable, CaseIterable, Codable {
  case native
}
