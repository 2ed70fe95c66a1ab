import Platform
import Synchronization

/// A clock that stands still until a test moves it.
package final class ManualClock: Sendable {
  private let times: Mutex<(now: Int64, monotonic: Int64)>

  /// 21 November 2026, 07:48:03 UTC, and some hours after the machine's start.
  package init(now: Int64 = 1_795_247_283_000_000_000, monotonic: Int64 = 40_000_000_000_000) {
    times = Mutex((now, monotonic))
  }

  package var clock: WallClock {
    WallClock(now: { self.times.withLock(\.now) }, monotonic: { self.times.withLock(\.monotonic) })
  }

  package func advance(seconds: Double) {
    times.withLock {
      $0.now += Int64(seconds * 1e9)
      $0.monotonic += Int64(seconds * 1e9)
    }
  }

  /// What happens when somebody sets the time: only the time of day moves.
  package func setBack(seconds: Double) {
    times.withLock { $0.now -= Int64(seconds * 1e9) }
  }
}
