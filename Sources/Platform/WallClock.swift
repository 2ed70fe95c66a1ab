#if canImport(Glibc)
  import Glibc
#endif

/// The time of day and the time that only goes forward, in nanoseconds. Passed in, so that tests need not wait.
package struct WallClock: Sendable {
  /// Since 1970, UTC.
  package var now: @Sendable () -> Int64
  /// Since some moment of the past; not moved by clock changes.
  package var monotonic: @Sendable () -> Int64

  package init(now: @escaping @Sendable () -> Int64, monotonic: @escaping @Sendable () -> Int64) {
    self.now = now
    self.monotonic = monotonic
  }

  package static let system = WallClock(now: { read(CLOCK_REALTIME) }, monotonic: { read(CLOCK_MONOTONIC) })

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
