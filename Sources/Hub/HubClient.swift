import Domain
import Platform

#if canImport(Glibc)
  import Glibc
#endif

/// The download is to stop: what has come is kept.
package struct DownloadStopped: Error {
  package init() {}
}

/// What every thread of a download needs to ask the Hub.
package struct HubClient: Sendable {
  let surroundings: HubSurroundings
  let token: String?
  let urls: HubURL
  let isStopped: @Sendable () -> Bool
  /// Waits so many seconds, or until the stop, or until it is over for whoever waits.
  private let pause: @Sendable (Double, () -> Bool) -> Void
  private let clock: WallClock

  /// - Parameter pause: tests do not wait.
  package init(
    _ surroundings: HubSurroundings, token: String?, source: HubSource, isStopped: @escaping @Sendable () -> Bool,
    clock: WallClock = .system, pause: (@Sendable (Double, () -> Bool) -> Void)? = nil
  ) {
    self.surroundings = surroundings
    self.token = token
    urls = HubURL(endpoint: surroundings.endpoint, source: source)
    self.isStopped = isStopped
    self.clock = clock
    self.pause =
      pause ?? { seconds, isOver in
        let end = clock.monotonic() + Int64(seconds * 1e9)
        while !isStopped(), !isOver(), clock.monotonic() < end { usleep(UInt32(min(seconds, 0.05) * 1e6)) }
      }
  }

  func sleep(_ seconds: Double, unless isOver: () -> Bool = { false }) { pause(seconds, isOver) }

  var now: Timestamp { Timestamp(nanoseconds: clock.now()) }

  var endpoint: String { surroundings.endpoint }
}

/// What a request is about, for what is said where it fails.
enum HubQuestion: Sendable, Equatable {
  case repository
  case revision(String)
  case file(String)
}
