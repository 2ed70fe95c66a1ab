/// Lets one through at a time, in the order of their coming. Who reads facts and publishes them does both within one turn: else two
/// that publish the same file at once write one temporary file, and the older facts may come to stand last.
actor Turnstile {
  private var isTaken = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func pass<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
    if isTaken { await withCheckedContinuation { waiting.append($0) } }
    isTaken = true
    defer { leave() }
    return try await body()
  }

  /// The turn goes to the next by hand, so that nobody who comes meanwhile goes before.
  private func leave() {
    if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
  }
}
