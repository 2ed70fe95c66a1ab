import Domain
import HubMock
import TestSupport
import Testing

@testable import Hub

/// Scenario 7: each no of the Hub in its own words, and none of them asked twice.
struct RefusalTests {
  private static let token =
    "put it into a file that only the agent's user can read, and name that in dropforge.json (\"hub_token_file\"), or set HF_TOKEN in the agent's environment"

  private static func repository(_ change: (inout MockRepository) -> Void = { _ in }) -> MockRepository {
    var repository = MockRepository(.dataset, "someone/rows", files: ["rows.jsonl": .init(Content.rows(3))])
    change(&repository)
    return repository
  }

  private func refusal(
    _ repository: MockRepository, token: String? = nil, _ change: (inout DownloadWish) -> Void = { _ in }
  ) throws -> (words: String?, bringing: Bringing) {
    let bringing = try Bringing([repository], tokens: ["hf_mine": ["someone/rows"], "hf_other": []])
    if let token { bringing.variables["HF_TOKEN"] = token }
    change(&bringing.wish)
    let problem = bringing.problem()
    #expect(problem.map { !Problem.hubTroubles.contains($0.code) } == true)
    #expect(bringing.waits.isEmpty)
    return (problem?.description.replacing(bringing.mock.endpoint, with: "HUB"), bringing)
  }

  @Test func scenario07_private_or_absent_without_a_token() throws {
    let (words, bringing) = try refusal(Self.repository { $0.isPrivate = true })
    #expect(
      words
        == "There is no dataset 'someone/rows' on HUB for everybody. It is private or does not exist: without a token the Hub does not say which. Look at the spelling of its name. If it is private, make a token at HUB/settings/tokens, \(Self.token)."
        .lowercasedFirst)
    #expect(bringing.mock.requests.count == 1)
  }

  @Test func scenario07_a_token_that_is_wrong() throws {
    #expect(
      try refusal(Self.repository(), token: "hf_wrong").words
        == "HUB does not accept the token. It is wrong or withdrawn, or 'someone/rows' does not exist for its owner. Make a new one at HUB/settings/tokens, \(Self.token)."
    )
  }

  @Test func scenario07_gated_with_and_without_a_token() throws {
    let gated = Self.repository { $0.gated = "manual" }
    let start = "the dataset 'someone/rows' is open only to those who have accepted its terms. "
    let end =
      "Accept them at HUB/datasets/someone/rows. Then make a token at HUB/settings/tokens, \(Self.token); and drop the request again."
    #expect(try refusal(gated).words == start + "No token was sent. " + end)
    #expect(try refusal(gated, token: "hf_other").words == start + "The token's owner has not, or was not let in yet. " + end)
    let let_in = try Bringing([gated], tokens: ["hf_mine": ["someone/rows"]])
    let_in.variables["HF_TOKEN"] = "hf_mine"
    try let_in.run()
    #expect(try let_in.brought().count == 1)
  }

  @Test func scenario07_a_repository_a_revision_and_a_file_that_are_not_there() throws {
    #expect(
      try refusal(Self.repository { $0.isPrivate = true }, token: "hf_other").words
        == "there is no dataset 'someone/rows' on HUB. It does not exist, or is private and the token has no right to it. Look at the spelling of \"source\"; a model's begins with hf-model:."
    )
    #expect(
      try refusal(Self.repository()) { $0.revision = "v9" }.words
        == "revision: the dataset 'someone/rows' has no revision 'v9'. Give a branch, a tag or a commit that stands at HUB/datasets/someone/rows/tree/main, or leave \"revision\" out."
    )
    let bringing = try Bringing([Self.repository()])
    bringing.mock.trouble.answers = [("/resolve/", MockReply(404, [("X-Error-Code", "EntryNotFound")]))]
    #expect(
      bringing.problem()?.description.replacing(bringing.mock.endpoint, with: "HUB")
        == "files: the dataset 'someone/rows' has no file 'rows.jsonl'. Look at the files at HUB/datasets/someone/rows/tree/main.")
  }

  @Test func scenario07_disabled_and_forbidden() throws {
    #expect(
      try refusal(Self.repository { $0.isDisabled = true }).words
        == "hf:someone/rows is disabled on HUB. The Hub has closed it to everybody. Look at HUB/datasets/someone/rows for the reason, and choose another source."
    )
    let bringing = try Bringing([Self.repository()])
    bringing.mock.trouble.answers = [("/resolve/", MockReply(403))]
    #expect(
      bringing.problem()?.description.replacing(bringing.mock.endpoint, with: "HUB")
        == "HUB forbids to read the dataset 'someone/rows'. No token was sent. Look at HUB/datasets/someone/rows for who may. A token with the right \"read\" is made at HUB/settings/tokens; \(Self.token)."
    )
  }

  @Test func what_is_no_hub_is_told_as_such() throws {
    let bringing = try Bringing([Self.repository()])
    bringing.mock.trouble.answers = [("/revision/", MockReply(200, body: "<html>".utf8))]
    #expect(
      bringing.problem()?.description.replacing(bringing.mock.endpoint, with: "HUB")
        == "HUB answered something that a Hub does not say: what it says of the repository is no JSON: '<' stands where a value should. Look whether HF_ENDPOINT, or \"hub_endpoint\" in dropforge.json, is the address of a Hub."
    )
  }

  @Test func a_network_that_is_not_there_passes() throws {
    let bringing = try Bringing([Self.repository()])
    bringing.variables["HF_ENDPOINT"] = "http://127.0.0.1:9"
    let problem = try #require(bringing.problem())
    #expect(Problem.hubTroubles.contains(problem.code))
    #expect(
      problem.description
        == "http://127.0.0.1:9 cannot be reached. Look whether this machine has a way out (a proxy: HTTPS_PROXY in the agent's environment). The download goes on by itself, where it was."
    )
    #expect(bringing.waits == [1, 2, 4, 8, 8])
  }

  @Test func offline_nothing_is_asked() throws {
    let bringing = try Bringing([Self.repository()])
    bringing.variables["HF_HUB_OFFLINE"] = "1"
    #expect(
      bringing.problem()?.description
        == "nothing is downloaded: HF_HUB_OFFLINE is set in the agent's environment. Start the agent without it, or bring the files here in another way and drop them."
    )
    #expect(bringing.mock.requests.isEmpty)
  }
}

extension String {
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
