import Platform
import StrictJSON
import Synchronization

/// The Hugging Face Hub on two ports of 127.0.0.1: the Hub itself, and the store that it redirects to for large files, which refuses
/// requests that carry a token. Its answers are those of the Hub's HTTP API (huggingface_hub 2.4; `make test-hub` shows that this
/// client accepts it); `trouble` is what a test wants to go wrong.
package final class HubMock: Sendable {
  /// What goes wrong, and when.
  package struct Trouble: Sendable {
    /// Entries of a page of the tree.
    package var pageSize = 1_000
    /// A Range header is passed over: 200 and the whole file.
    package var ignoresRange = false
    /// So many requests with a Range are answered 416.
    package var refusedRanges = 0
    /// Of a path, after how many bytes the next answers with its bytes break off.
    package var cuts: [String: [Int]] = [:]
    /// A byte of these paths comes wrong.
    package var wrong: Set<String> = []
    /// These paths come compressed, whatever the client accepts.
    package var compressed: Set<String> = []
    /// So many requests to the store are refused, as its signed addresses do when they have expired.
    package var expiredAddresses = 0
    /// The next requests whose target contains the word get these answers.
    package var answers: [(word: String, reply: MockReply)] = []
    /// When the last page of a tree has been asked for, `main` stands for this commit.
    package var movesTo: [String: String] = [:]
    /// Paths of which the tree tells, though no file can have them.
    package var strangePaths: [String] = []
    /// Bytes of bodies a second and connection; 0: as fast as it goes.
    package var pace = 0

    package init() {}
  }

  private struct State {
    var repositories: [MockRepository]
    var trouble = Trouble()
    var requests: [MockRequest] = []
    /// What a token may read of what is gated or private.
    var tokens: [String: Set<String>]
    var sentBytes = 0
  }

  private let state: Mutex<State>
  private let servers = Mutex<(hub: MockServer?, store: MockServer?)>((nil, nil))

  /// - Parameter tokens: each with the repositories that it opens.
  package init(_ repositories: [MockRepository], tokens: [String: Set<String>] = [:], port: Int = 0) throws {
    state = Mutex(State(repositories: repositories, tokens: tokens))
    let pace: @Sendable () -> Int = { [weak self] in self?.trouble.pace ?? 0 }
    let answer: @Sendable (MockRequest) -> MockReply = { [weak self] request in self?.answer(request) ?? MockReply(503) }
    let store = try MockServer(isToStore: true, pace: pace, handler: answer)
    let hub = try MockServer(port: port, isToStore: false, pace: pace, handler: answer)
    servers.withLock { $0 = (hub, store) }
  }

  deinit { stop() }

  package func stop() {
    servers.withLock { servers in
      servers.hub?.stop()
      servers.store?.stop()
    }
  }

  /// What `HF_ENDPOINT` is to be.
  package var endpoint: String { "http://127.0.0.1:\(servers.withLock { $0.hub?.port ?? 0 })" }
  package var store: String { "http://127.0.0.1:\(servers.withLock { $0.store?.port ?? 0 })" }

  package var trouble: Trouble {
    get { state.withLock(\.trouble) }
    set { state.withLock { $0.trouble = newValue } }
  }
  package var requests: [MockRequest] { state.withLock(\.requests) }
  package func forgetRequests() { state.withLock { $0.requests = [] } }

  /// Changes a repository, as a push or its owner does.
  package func change(_ id: String, _ body: (inout MockRepository) -> Void) {
    state.withLock { state in
      guard let at = state.repositories.firstIndex(where: { $0.id == id }) else { return }
      body(&state.repositories[at])
    }
  }

  private func answer(_ request: MockRequest) -> MockReply {
    let (repositories, trouble, tokens) = state.withLock { state in
      state.requests.append(request)
      return (state.repositories, state.trouble, state.tokens)
    }
    if let at = trouble.answers.firstIndex(where: { request.target.contains($0.word) }) {
      return state.withLock { state in
        guard state.trouble.answers.indices.contains(at) else { return MockReply(503) }
        return state.trouble.answers.remove(at: at).reply
      }
    }
    let desk = HubDesk(repositories: repositories, trouble: trouble, tokens: tokens, store: store)
    var reply = desk.answer(request)
    for effect in desk.effects(of: request, reply) { carryOut(effect, &reply) }
    return reply
  }

  private func carryOut(_ effect: HubDesk.Effect, _ reply: inout MockReply) {
    switch effect {
    case .rangeWasRefused: state.withLock { $0.trouble.refusedRanges -= 1 }
    case .addressHasExpired: state.withLock { $0.trouble.expiredAddresses -= 1 }
    case .cut(let path):
      reply.cutAfter = state.withLock { state in
        state.trouble.cuts[path]?.isEmpty == false ? state.trouble.cuts[path]?.removeFirst() : nil
      }
    case .treeWasRead(let id):
      state.withLock { state in
        guard let sha = state.trouble.movesTo[id], let at = state.repositories.firstIndex(where: { $0.id == id }) else { return }
        state.repositories[at].references["main"] = sha
      }
    }
  }
}
