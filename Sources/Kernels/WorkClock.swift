import Glibc

/// Where the time of a pass goes, for the benchmark: nothing is counted unless it asks.
package enum WorkClock {
  package enum Kind: Int, Sendable, CaseIterable {
    case products, attention, loss, optimizer
  }

  // Unsafe, because passes run on one thread (nothing in a model is Sendable), and the benchmark sets these between them.
  nonisolated(unsafe) package static var isCounting = false
  nonisolated(unsafe) private static var nanoseconds: [UInt64] = [0, 0, 0, 0]

  /// Runs `work` and counts its time.
  @inline(__always)
  static func count(_ kind: Kind, _ work: () -> Void) {
    guard isCounting else { return work() }
    let start = now()
    work()
    nanoseconds[kind.rawValue] += now() - start
  }

  /// Seconds of each kind since the last call.
  package static func take() -> [Kind: Double] {
    defer { nanoseconds = [0, 0, 0, 0] }
    return Dictionary(uniqueKeysWithValues: Kind.allCases.map { ($0, Double(nanoseconds[$0.rawValue]) / 1e9) })
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
