import Domain
import Testing

@testable import Hub

struct HubURLTests {
  private let dataset = HubURL(endpoint: "https://huggingface.co", source: .init(kind: .dataset, repository: "a/b"))
  private let model = HubURL(endpoint: "http://127.0.0.1:8000", source: .init(kind: .model, repository: "a/b"))

  @Test func addresses_are_the_hubs() {
    #expect(dataset.info(revision: "main") == "https://huggingface.co/api/datasets/a/b/revision/main")
    #expect(dataset.tree(revision: "refs/pr/1") == "https://huggingface.co/api/datasets/a/b/tree/refs%2Fpr%2F1?recursive=true&expand=false")
    #expect(
      dataset.file("x y/#%é.txt", revision: "v 1/2") == "https://huggingface.co/datasets/a/b/resolve/v%201%2F2/x%20y/%23%25%C3%A9.txt")
    #expect(model.info(revision: "main") == "http://127.0.0.1:8000/api/models/a/b/revision/main")
    #expect(model.file("config.json", revision: "main") == "http://127.0.0.1:8000/a/b/resolve/main/config.json")
  }

  @Test func an_origin_is_scheme_host_and_port() {
    #expect(HubURL.origin(of: "https://Huggingface.co/x?y") == "https://huggingface.co:443")
    #expect(HubURL.origin(of: "http://user@host:80@real/x") == "http://real:80")
    #expect(HubURL.origin(of: "http://[::1]:8000/x") == "http://[::1]:8000")
    #expect(HubURL.origin(of: "http://[::1]/x") == "http://[::1]:80")
    #expect(HubURL.origin(of: "http://127.0.0.1:1#@huggingface.co/") == "http://127.0.0.1:1")
    #expect(HubURL.origin(of: "ftp://host/x") == nil)
    #expect(HubURL.origin(of: "/x") == nil)
  }

  @Test func references_are_resolved() {
    #expect(HubURL.resolved("/api/x?y=1", from: "http://h:1/a/b?c=/d") == "http://h:1/api/x?y=1")
    #expect(HubURL.resolved("x", from: "http://h:1/a/b?c=/d") == "http://h:1/a/x")
    #expect(HubURL.resolved("//cdn/x", from: "https://h/a") == "https://cdn/x")
    #expect(HubURL.resolved("https://cdn/x", from: "http://h/a") == "https://cdn/x")
    #expect(HubURL.resolved("file:///etc/passwd", from: "http://h/a") == nil)
  }

  @Test func the_next_page_is_found() {
    #expect(HubURL.next(inLink: #"<http://h/1>; rel="prev", <http://h/3?a=b>; rel="next""#) == "http://h/3?a=b")
    #expect(HubURL.next(inLink: #"<http://h/1>; rel="last""#) == nil)
    #expect(HubURL.next(inLink: "nonsense") == nil)
  }

  @Test func a_wait_is_read_from_the_limit_that_is_used_up() {
    func seconds(_ headers: [(String, String)]) -> Double? {
      RetryRule.seconds(in: HTTPResponse(status: 429, headers: headers.map { (name: $0.0, value: $0.1) }))
    }
    #expect(seconds([("ratelimit", "\"api\";r=0;t=55")]) == 55)
    #expect(seconds([("ratelimit", "\"api\";r=12;t=55, \"resolvers\";r=0;t=7")]) == 7)
    #expect(seconds([("retry-after", "3")]) == 3)
    #expect(seconds([("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")]) == nil)
  }

  @Test func waits_double_and_end() {
    var rule = RetryRule()
    #expect((0..<6).map { _ in rule.wait(after: .network) } == [1, 2, 4, 8, 8, nil])
    rule.noteProgress()
    #expect(rule.wait(after: .server(status: 500)) == 1)
    #expect(rule.wait(after: .limited(seconds: 331)) == nil)
    #expect(rule.wait(after: .limited(seconds: 0)) == 0.5)
  }

  @Test func patterns_mean_what_they_mean_on_the_hub() {
    func matches(_ pattern: String, _ path: String) -> Bool { PathPattern(pattern).matches(path) }
    #expect(matches("data/train-*", "data/train-00000-of-00002.parquet"))
    #expect(!matches("data/*", "data/a/b.csv"))
    #expect(matches("**/*.csv", "b.csv") && matches("**/*.csv", "a/c/b.csv") && matches("data/**", "data/a/b.csv"))
    #expect(matches("{a,b}/x?.[ct]sv", "b/x1.tsv") && !matches("{a,b}/x?.[ct]sv", "c/x1.tsv"))
    #expect(matches("data", "data/a/b.csv") && matches("./data/", "data/a.csv") && !matches("dat", "data/a.csv"))
    #expect(matches("[!a-c].txt", "d.txt") && !matches("[!a-c].txt", "b.txt"))
  }
}
