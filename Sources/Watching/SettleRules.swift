import Domain

/// How long what must be left alone before it counts as whole. Times in nanoseconds.
package struct SettleRules: Sendable, Equatable {
  /// For what is written in place.
  package var settle: Int64
  /// For what shows that it is whole, and for a hard link.
  package var settleWhole: Int64
  /// After so long without a change nobody seems to come back.
  package var stale: Int64 = 3_600 * 1_000_000_000
  /// How often a file that is open for writing is asked again, should its closing not be heard.
  package var askAgain: Int64
  /// Whether a file's ctime may be held against our clock: not on another machine's file system.
  package var trustsChangeTimes: Bool

  package init(settleSeconds: Double, settleSecondsWhole: Double, trustsChangeTimes: Bool = true) {
    settle = Int64(settleSeconds * 1e9)
    settleWhole = Int64(min(settleSeconds, settleSecondsWhole) * 1e9)
    askAgain = max(settle, 250_000_000)
    self.trustsChangeTimes = trustsChangeTimes
  }

  package init(_ settings: AgentSettings, trustsChangeTimes: Bool = true) {
    self.init(settleSeconds: settings.settleSeconds, settleSecondsWhole: settings.settleSecondsWhole, trustsChangeTimes: trustsChangeTimes)
  }
}
