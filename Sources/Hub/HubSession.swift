import Domain

/// One thread's way to the Hub: redirects, the token, attempts.
final class HubSession {
  let client: HubClient
  private let connection: HTTPConnection
  /// Waits, and tells of it.
  let sitOut: (HubWait) throws -> Void
  private static let mostRedirects = 10

  init(_ client: HubClient, sitOut: @escaping (HubWait) throws -> Void) throws {
    self.client = client
    self.sitOut = sitOut
    connection = try HTTPConnection(client.surroundings)
  }

  enum Redirects {
    /// Those that stay on the Hub are followed (a repository that was renamed); the one that leads away is the answer, as it
    /// carries what is known of the file (huggingface_hub, `_httpx2_follow_hub_redirects_with_backoff`).
    case onTheHub
    case anywhere
  }

  /// One attempt. The token goes to the Hub's own origin and to no other.
  func attempt(
    _ method: HTTPRequest.Method, _ url: String, headers: [String] = [], timeout: Double, redirects: Redirects,
    accept: @escaping (HTTPResponse) throws -> Bool = { _ in false }, take: @escaping (UnsafeRawBufferPointer) throws -> Void = { _ in }
  ) throws(HTTPFailure) -> HTTPResponse {
    let hub = HubURL.origin(of: client.endpoint)
    var url = url
    for _ in 0..<Self.mostRedirects {
      var request = HTTPRequest(method: method, url: url, headers: ["Accept-Encoding: identity"] + headers, timeout: timeout)
      if let token = client.token, HubURL.origin(of: url) == hub { request.headers.append("Authorization: Bearer \(token)") }
      let response = try connection.perform(
        request, isStopped: client.isStopped, accept: { $0.isRedirect ? false : try accept($0) }, take: take)
      guard response.isRedirect, let location = response["location"] else { return response }
      guard let target = HubURL.resolved(location, from: url) else {
        throw .connection(words: "redirected to an address that is none of http", isPassing: false, isCertificate: false)
      }
      if redirects == .onTheHub, HubURL.origin(of: target) != HubURL.origin(of: url) { return response }
      if url.lowercased().hasPrefix("https:"), !target.lowercased().hasPrefix("https:") {
        throw .connection(words: "redirected from https to http", isPassing: false, isCertificate: false)
      }
      url = target
    }
    throw .connection(words: "redirected more than \(Self.mostRedirects) times", isPassing: false, isCertificate: false)
  }

  /// Asks until there is an answer that is one, or the rule gives up.
  func ask(_ method: HTTPRequest.Method, _ url: String, about question: HubQuestion, timeout: Double) throws -> HTTPResponse {
    var rule = RetryRule()
    while true {
      if client.isStopped() { throw DownloadStopped() }
      let trouble: RetryRule.Trouble
      let problem: Problem
      switch Result(catching: { () throws(HTTPFailure) in try attempt(method, url, timeout: timeout, redirects: .onTheHub) }) {
      case .success(let response):
        if (200..<400).contains(response.status) { return response }
        problem = Problem(hubAnswer: response, question, client)
        guard let known = RetryRule.trouble(response) else { throw problem }
        trouble = known
      case .failure(let failure):
        problem = try Self.problem(of: failure, client)
        guard RetryRule.isWorthAnother(failure) else { throw problem }
        trouble = .network
      }
      guard let seconds = rule.wait(after: trouble) else { throw problem }
      try sitOut(HubWait(problem: problem, seconds: seconds, until: client.now + seconds))
    }
  }

  /// - Throws: what the receiver threw, and `DownloadStopped`.
  static func problem(of failure: HTTPFailure, _ client: HubClient) throws -> Problem {
    switch failure {
    case .stopped: throw DownloadStopped()
    case .receiver(let error): throw error
    case .connection(let words, _, let isCertificate): return Problem(hubConnection: words, isCertificate: isCertificate, client)
    }
  }
}

extension RetryRule {
  static func isWorthAnother(_ failure: HTTPFailure) -> Bool {
    if case .connection(_, let isPassing, _) = failure { return isPassing }
    return false
  }
}
