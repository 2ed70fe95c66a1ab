import Domain
import StrictJSON
import Testing

/// Requests to delete: a dataset, one version of it, a tokenization.
struct DeleteRequestTests {
  private func decode(_ text: String) throws -> (InboxRequest?, [String]) {
    let (request, findings) = InboxRequest.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)))
    return (request, findings.map(\.description))
  }

  @Test func one_thing_may_be_said_in_several_ways() throws {
    let rows = SafeName(from: "rows")
    for text in [
      #"{"action": "delete", "kind": "dataset", "name": "rows", "version": 2, "force": true}"#,
      #"{"action": "delete", "kind": "dataset", "name": "rows@2", "force": true}"#,
      #"{"action": "delete", "dataset": "rows", "version": 2, "force": true}"#,
      #"{"action": "delete", "dataset": "rows@2", "version": 2, "force": true}"#,
    ] {
      #expect(try decode(text).0 == .dataset(.delete(.init(name: rows, version: 2), isForced: true)), "\(text)")
    }
    #expect(try decode(#"{"action": "delete", "dataset": "rows"}"#).0 == .dataset(.delete(.init(name: rows), isForced: false)))
    for text in [
      #"{"action": "delete", "kind": "tokenization", "name": "abc", "dataset": "rows"}"#,
      #"{"action": "delete", "tokenization": "abc", "dataset": "rows"}"#,
    ] {
      #expect(try decode(text).0 == .deleteTokenization("abc", of: .init(name: rows), isForced: false), "\(text)")
    }
    #expect(try decode(#"{"action": "delete", "tokenization": "abc"}"#).0 == .deleteTokenization("abc", of: nil, isForced: false))
    #expect(try decode(#"{"action": "restore", "dataset": "rows", "version": 2}"#).0 == .dataset(.restore(.init(name: rows, version: 2))))
  }

  @Test(arguments: [
    (#"{"action": "delete", "dataset": "rows@1", "version": 2}"#, #"error: version (line 1): 2 is not what "rows@1" says"#),
    (#"{"action": "delete", "dataset": "rows", "version": 0}"#, "error: version (line 1): must be 1 or more"),
    (
      #"{"action": "delete", "tokenization": "abc", "version": 1}"#,
      "error: version (line 1): a tokenization has none; its identifier names it"
    ),
    (
      #"{"action": "delete", "kind": "config", "name": "a", "version": 1}"#,
      #"error: version (line 1): this is for datasets and tokenizations; a config is named by "name""#
    ),
    (
      #"{"action": "delete", "kind": "dataset", "name": "a", "tokenization": "abc"}"#,
      "error: tokenization (line 1): a request deletes one thing: this names a tokenization, and it is about a dataset"
    ),
    (#"{"action": "delete", "tokenization": ""}"#, "error: tokenization (line 1): must be the name of the tokenization to delete"),
  ])
  func what_is_wrong_is_named(_ text: String, _ finding: String) throws {
    let (request, findings) = try decode(text)
    #expect(request == nil && findings == [finding])
  }
}
