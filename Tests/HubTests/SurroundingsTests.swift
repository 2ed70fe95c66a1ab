import Domain
import HubMock
import Platform
import SystemPackage
import TestSupport
import Testing

@testable import Hub

/// What the environment says: where the Hub is, the token, the proxy.
struct SurroundingsTests {
  private func token(_ variables: [String: String], file: String? = nil) throws -> String? {
    let order = DownloadOrder(
      wish: DownloadWish(name: SafeName(from: "x"), source: .init(kind: .dataset, repository: "a/b")), folder: "/nowhere", tokenFile: file)
    return try HubSurroundings(variables: variables, order: order).token(LinuxFileSystem())
  }

  @Test func a_token_is_found_in_the_order_of_the_python_client() throws {
    let folder = try TemporaryFolder()
    let home = folder.path.string
    try folder.write("hf_home\n", to: "token")
    try folder.write("hf_cache", to: "huggingface/token")
    try folder.write(" hf_mine\n", to: "mine")
    #expect(try token(["HF_TOKEN": "hf_a", "HUGGING_FACE_HUB_TOKEN": "hf_b", "HF_HOME": home]) == "hf_a")
    #expect(try token(["HF_TOKEN": " ", "HUGGING_FACE_HUB_TOKEN": "hf_b\n", "HF_HOME": home]) == "hf_b")
    #expect(try token(["HF_HOME": home]) == "hf_home")
    #expect(try token(["XDG_CACHE_HOME": home]) == "hf_cache")
    #expect(try token(["HF_TOKEN_PATH": folder.path.appending("mine").string, "HF_HOME": home]) == "hf_mine")
    #expect(try token(["HF_TOKEN": "hf_a", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"]) == nil)
    #expect(try token(["HF_TOKEN": "hf_a"], file: folder.path.appending("mine").string) == "hf_mine")
    #expect(try token(["HOME": "/nowhere"]) == nil)
    #expect(throws: Problem.self) { try token([:], file: "/nowhere/token") }
  }

  @Test func the_endpoint_is_one_variable() {
    #expect(HubSurroundings(variables: [:]).endpoint == "https://huggingface.co")
    #expect(HubSurroundings(variables: ["HF_ENDPOINT": "http://mirror/"]).endpoint == "http://mirror")
  }

  @Test func proxies_are_told_by_the_scheme() {
    let both = HubSurroundings(variables: ["HTTPS_PROXY": "http://p:1", "http_proxy": "http://q:2", "NO_PROXY": "a,b"])
    #expect(both.proxy(for: "https://huggingface.co/x") == "http://p:1")
    #expect(both.proxy(for: "http://mirror/x") == "http://q:2")
    #expect(both.noProxy == "a,b")
    #expect(HubSurroundings(variables: ["ALL_PROXY": "http://r"]).proxy(for: "https://x") == "http://r")
    #expect(HubSurroundings(variables: [:]).proxy(for: "https://x") == nil)
  }

  /// The mock takes requests that are written as for a proxy: the host of the endpoint is one that nobody can find.
  @Test func a_proxy_of_the_environment_is_used() throws {
    let bringing = try Bringing([MockRepository(.dataset, "someone/rows", files: ["rows.jsonl": .init(Content.rows(3))])])
    bringing.variables["HTTP_PROXY"] = bringing.mock.endpoint
    bringing.variables["HF_ENDPOINT"] = "http://hub.invalid"
    try bringing.run()
    #expect(try bringing.brought().count == 1)
    #expect(bringing.mock.requests.allSatisfy { $0.target.hasPrefix("http://hub.invalid/") })
  }
}
