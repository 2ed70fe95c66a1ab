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
  /// Waits so many seconds, or until the stop.
  let pause: @Sendable (Double) -> Void

  /// - Parameter pause: tests do not wait.
  package init(
    _ surroundings: HubSurroundings, token: String?, source: HubSource, isStopped: @escaping @Sendable () -> Bool,
    pause: (@Sendable (Double) -> Void)? = nil
  ) {
    self.surroundings = surroundings
    self.token = token
    urls = HubURL(endpoint: surroundings.endpoint, source: source)
    self.isStopped = isStopped
    self.pause =
      pause ?? { seconds in
        let end = WallClock.system.monotonic() + Int64(seconds * 1e9)
        while !isStopped(), WallClock.system.monotonic() < end { usleep(50_000) }
      }
  }

  var endpoint: String { surroundings.endpoint }
}

/// What a request is about, for what is said where it fails.
enum HubQuestion: Sendable, Equatable {
  case repository
  case revision(String)
  case file(String)
}
