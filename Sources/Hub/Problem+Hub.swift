import Domain
import StrictJSON

/// What the Hub, or the way to it, says no with: one message a case, and whether it is worth another try (`Problem.hubTroubles`).
extension Problem {
  init(hubAnswer response: HTTPResponse, _ question: HubQuestion, _ client: HubClient) {
    let asked = Asked(response, question, client)
    switch (response.status, response["x-error-code"]) {
    case _ where asked.said.contains("Access to this resource is disabled"): self.init(hubDisabled: client)
    case (401, "GatedRepo"), (403, "GatedRepo"): self = asked.gated
    case (401, _): self = client.token == nil ? asked.absentOrPrivate : asked.tokenRefused
    case (403, _): self = asked.forbidden
    case (404, "RevisionNotFound"): self = asked.noRevision
    case (404, "EntryNotFound"): self = asked.noFile
    case (404, "RepoNotFound"): self = asked.noRepository
    case (404, _):
      switch question {
      case .file: self = asked.noFile
      case .repository, .revision: self = asked.noRepository
      }
    case (429, _): self = asked.limited
    case (408, _), (500..., _): self = asked.failing
    default: self.init(hubNonsense: "it answered \(asked.answer)", client)
    }
  }

  init(hubDisabled client: HubClient) {
    self.init(
      "hub.disabled", "\(client.urls.source) is disabled on \(client.endpoint)", why: "the Hub has closed it to everybody",
      mend: "Look at \(client.page) for the reason, and choose another source.")
  }

  init(hubConnection words: String, isCertificate: Bool, _ client: HubClient) {
    if isCertificate {
      self.init(
        "hub.certificate", "\(client.endpoint) could not prove who it is",
        why: "its certificate is signed by nobody whom this machine trusts",
        mend:
          "Install ca-certificates, look at the clock, and behind a proxy that opens connections name its certificate: SSL_CERT_FILE=FILE in the agent's environment.",
        cause: words)
    } else {
      self.init(
        "hub.network", "\(client.endpoint) cannot be reached",
        mend:
          "Look whether this machine has a way out (a proxy: HTTPS_PROXY in the agent's environment). The download goes on by itself, where it was.",
        cause: words)
    }
  }

  init(hubNonsense what: String, _ client: HubClient) {
    self.init(
      "hub.answer", "\(client.endpoint) answered something that a Hub does not say: \(what)",
      mend: "Look whether HF_ENDPOINT, or \"hub_endpoint\" in dropforge.json, is the address of a Hub.")
  }

  init(hubPath path: String, _ client: HubClient) {
    self.init(
      "hub.path",
      "\(client.urls.source) has a file whose path leads out of its folder, or cannot be a file's: \(JSONNode(.string(path)).text())",
      why: "written as it is, it could overwrite other files",
      mend: "Do not use this repository before its owner has mended it: \(client.page).")
  }

  package init(hubOffline endpoint: String) {
    self.init(
      "hub.offline", "nothing is downloaded: HF_HUB_OFFLINE is set in the agent's environment",
      mend: "Start the agent without it, or bring the files here in another way and drop them.", cause: endpoint)
  }

  init(hash found: String, instead expected: String, of path: String, size: Int, _ client: HubClient) {
    self.init(
      "hub.hash", "what came is not the file that \(client.urls.source) has", at: .init(file: path),
      why: "\(ContentHash.Kind(of: expected)?.title ?? "its hash") is \(found), and the Hub says \(expected)",
      mend: "Try again: something between the Hub and this machine has changed the bytes. None of them are kept.")
  }

  init(size found: Int, instead expected: Int, of path: String, _ client: HubClient) {
    self.init(
      "hub.size", "what came is not the file that \(client.urls.source) has", at: .init(file: path),
      why: "it is \(found) bytes long, and the Hub says \(expected)",
      mend: "Try again: something between the Hub and this machine has changed the bytes. None of them are kept.")
  }
}

extension HubClient {
  var page: String { urls.source.page(endpoint: endpoint) }
}

/// A no of the Hub, put into words.
private struct Asked {
  let response: HTTPResponse
  let question: HubQuestion
  let client: HubClient

  init(_ response: HTTPResponse, _ question: HubQuestion, _ client: HubClient) {
    (self.response, self.question, self.client) = (response, question, client)
  }

  /// The Hub's own words: `X-Error-Message`, else `{"error": …}` of the body.
  var said: String {
    let inBody = (try? JSONParser.parse(response.body))?["error"]?.string
    return response["x-error-message"] ?? inBody ?? ""
  }

  /// "403 GatedRepo".
  var answer: String { (["\(response.status)"] + [response["x-error-code"]].compactMap(\.self)).joined(separator: " ") }
  private var cause: String { said.isEmpty ? answer : "\(answer): \(said)" }
  private var kind: String { client.urls.source.kind.rawValue }
  private var repository: String { client.urls.source.repository }

  private static let giveToken =
    "put it into a file that only the agent's user can read, and name that in dropforge.json (\"hub_token_file\"), or set HF_TOKEN in the agent's environment"

  var gated: Problem {
    Problem(
      "hub.gated", "the \(kind) '\(repository)' is open only to those who have accepted its terms",
      why: client.token == nil ? "no token was sent" : "the token's owner has not, or was not let in yet",
      mend:
        "Accept them at \(client.page). Then make a token at \(client.endpoint)/settings/tokens, \(Self.giveToken); and drop the request again.",
      cause: cause)
  }

  var absentOrPrivate: Problem {
    Problem(
      "hub.no-access", "there is no \(kind) '\(repository)' on \(client.endpoint) for everybody",
      why: "it is private or does not exist: without a token the Hub does not say which",
      mend: "Look at the spelling of its name. If it is private, make a token at \(client.endpoint)/settings/tokens, \(Self.giveToken).",
      cause: cause)
  }

  var tokenRefused: Problem {
    Problem(
      "hub.token-refused", "\(client.endpoint) does not accept the token",
      why: "it is wrong or withdrawn, or '\(repository)' does not exist for its owner",
      mend: "Make a new one at \(client.endpoint)/settings/tokens, \(Self.giveToken).", cause: cause)
  }

  var forbidden: Problem {
    Problem(
      "hub.forbidden", "\(client.endpoint) forbids to read the \(kind) '\(repository)'",
      why: client.token == nil ? "no token was sent" : "the token has no right to it",
      mend:
        "Look at \(client.page) for who may. A token with the right \"read\" is made at \(client.endpoint)/settings/tokens; \(Self.giveToken).",
      cause: cause)
  }

  var noRepository: Problem {
    Problem(
      "hub.repository-unknown", "there is no \(kind) '\(repository)' on \(client.endpoint)",
      why: client.token == nil ? nil : "it does not exist, or is private and the token has no right to it",
      mend:
        "Look at the spelling of \"source\"; \(client.urls.source.kind == .dataset ? "a model's begins with hf-model:" : "a dataset's begins with hf:").",
      cause: cause)
  }

  var noRevision: Problem {
    let name = if case .revision(let name) = question { name } else { "main" }
    return Problem(
      "hub.revision-unknown", "the \(kind) '\(repository)' has no revision '\(name)'", at: .init(field: "revision"),
      mend: "Give a branch, a tag or a commit that stands at \(client.page)/tree/main, or leave \"revision\" out.", cause: cause)
  }

  var noFile: Problem {
    let path = if case .file(let path) = question { path } else { "" }
    return Problem(
      "hub.file-unknown", "the \(kind) '\(repository)' has no file '\(path)'", at: .init(field: "files"),
      mend: "Look at the files at \(client.page)/tree/main.", cause: cause)
  }

  var limited: Problem {
    let seconds = RetryRule.seconds(in: response)
    return Problem(
      "hub.rate-limit", "\(client.endpoint) has had too many requests from here",
      why: seconds.map { "its limit lasts \(Figures.duration($0)) more" },
      mend: "Wait: the download goes on by itself, where it was. With a token the limit is higher: \(Self.giveToken).", cause: cause)
  }

  var failing: Problem {
    Problem(
      "hub.server", "\(client.endpoint) has trouble of its own",
      mend: "Wait: the download goes on by itself, where it was.", cause: cause)
  }
}
