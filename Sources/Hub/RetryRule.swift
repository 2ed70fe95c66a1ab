/// When a request is made again that did not succeed: decided here, done by `HubSession`.
///
/// As Hugging Face's client: five more attempts, after 1, 2, 4, 8 and 8 seconds, on 408, 429, 5xx and a connection that fails; a
/// limit of requests says itself how long to wait. An attempt that brought bytes starts the count anew.
struct RetryRule: Sendable, Equatable {
  enum Trouble: Sendable, Equatable {
    /// The Hub's limit of requests, and how long it says that it lasts.
    case limited(seconds: Double?)
    case server(status: Int)
    case network
  }

  static let most = 5
  /// A wait of the limit's own window, five minutes, is sat out; a longer one is left to the agent.
  static let longestWait = 330.0

  private(set) var failures = 0

  /// Seconds to wait before the next attempt; nil: it is given up.
  mutating func wait(after trouble: Trouble) -> Double? {
    failures += 1
    guard failures <= Self.most else { return nil }
    let usual = min(8, Double(1 << (failures - 1)))
    guard case .limited(let seconds?) = trouble else { return usual }
    return seconds <= Self.longestWait ? max(seconds, 0.5) : nil
  }

  mutating func noteProgress() { failures = 0 }

  /// What a status asks for; nil: it is an answer.
  static func trouble(_ response: HTTPResponse) -> Trouble? {
    switch response.status {
    case 429: .limited(seconds: seconds(in: response))
    case 408, 500, 502, 503, 504: .server(status: response.status)
    default: nil
    }
  }

  /// `RateLimit: "resolvers";r=0;t=55` (hub-docs, rate-limits.md), else `Retry-After: 55`.
  static func seconds(in response: HTTPResponse) -> Double? {
    let limits = (response["ratelimit"] ?? "").split(separator: ",").compactMap { limit -> Double? in
      let parts = limit.split(separator: ";").map { $0.filter { $0 != " " } }
      // Where several windows are told of, the one that is used up counts.
      guard parts.count(where: { $0.hasPrefix("r=") && $0 != "r=0" }) == 0 else { return nil }
      return parts.first { $0.hasPrefix("t=") }.flatMap { Double($0.dropFirst(2)) }
    }
    return limits.max() ?? response["retry-after"].flatMap(Double.init)
  }
}
