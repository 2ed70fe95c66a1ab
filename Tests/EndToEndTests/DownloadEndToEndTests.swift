import Domain
import Foundation
import HubMock
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// The real agent and a Hub of our own: a few words are dropped, a dataset comes of them.
struct DownloadEndToEndTests {
  private static let settings: JSONNode = ["settle_seconds": 0.5, "retry_seconds": 0.1]

  /// By name, so that the worker looks it up from inside its shell.
  private static func environment(_ mock: HubMock, _ more: [String: String] = [:]) -> [String: String] {
    let quiet = ["HF_HOME": "/nowhere", "HF_TOKEN": "", "http_proxy": "", "HTTP_PROXY": "", "all_proxy": "", "ALL_PROXY": ""]
    return quiet.merging(["HF_ENDPOINT": mock.endpoint.replacing("127.0.0.1", with: "localhost")]) { $1 }.merging(more) { $1 }
  }

  private static func rows(_ range: Range<Int>) -> String {
    range.map { #"{"text": "\#($0) and \#($0 % 9) make \#($0 + $0 % 9)."}"# + "\n" }.joined()
  }

  private static var sums: MockRepository {
    MockRepository(
      .dataset, "someone/sums",
      card: [
        "license": "mit",
        "configs": [
          ["config_name": "default", "data_files": [["split": "train", "path": "data/a-*"], ["split": "test", "path": "data/b.jsonl"]]]
        ],
      ],
      files: [
        "README.md": .init("# Sums\n"), "data/a-0.jsonl": .init(rows(0..<400), isLarge: true),
        "data/a-1.jsonl": .init(rows(400..<600), isLarge: true), "data/b.jsonl": .init(rows(600..<650)),
      ])
  }

  private func card(_ agent: RunningAgent, _ name: String) async throws -> DatasetCard {
    let path = agent.layout.workspace.dataset(SafeName(from: name)).card
    return try await Patience.wait(for: "the card of \(name)") {
      agent.files.exists(path) ? try PublishedJSON.decode(DatasetCard.self, from: try agent.files.contents(of: path)) : nil
    }
  }

  private func status(_ agent: RunningAgent, _ id: String) throws -> ErrandStatus? {
    let path = agent.layout.workspace.errand(try #require(ErrandID(id))).status
    return agent.files.exists(path) ? try PublishedJSON.decode(ErrandStatus.self, from: try agent.files.contents(of: path)) : nil
  }

  private func end(_ agent: RunningAgent, _ id: String) async throws -> ErrandStatus {
    try await Patience.wait(for: "the end of \(id)") { try status(agent, id).flatMap { $0.state.isFinal ? $0 : nil } }
  }

  private func sidecarReceipt(_ agent: RunningAgent, _ name: String, is wished: (Receipt) -> Bool) async throws -> Receipt {
    let path = agent.layout.inbox.receipt(forFileNamed: name)
    return try await Patience.wait(for: "the last receipt of \(name)") {
      let receipt = try PublishedJSON.decode(Receipt.self, from: try agent.files.contents(of: path))
      return wished(receipt) ? receipt : nil
    }
  }

  @Test func a_few_words_become_a_dataset_that_a_job_trains_on() async throws {
    let mock = try HubMock([Self.sums])
    let agent = try await RunningAgent.start(settings: Self.settings, environment: Self.environment(mock))
    // The job first: it waits for what is still to come.
    _ = try await agent.dropAndWait(Jobs.file("sums", dataset: "sums", steps: 10), as: "sums.json", into: .job)
    let receipt = try await agent.dropAndWait(#"{"source": "hf:someone/sums", "tags": ["small"]}"#, as: "sums.dataset.json", into: .dataset)
    #expect(receipt.status == .accepted)
    // On a slow machine it may be here already.
    let first =
      "hf:someone/sums is downloaded as the dataset 'sums': workspace/errands/download-sums-1/status.json tells how far it is. This receipt is written anew when it is here, or cannot be had."
    #expect(receipt.message == first || receipt.message.hasPrefix("hf:someone/sums is here, "), "\(receipt.message)")
    #expect(try await end(agent, "download-sums-1").state == .completed)
    let card = try await card(agent, "sums")
    #expect(card.rows == 650)
    #expect(Dictionary(uniqueKeysWithValues: card.splits.map { ($0.name, $0.rows) }) == ["train": 600, "test": 50])
    let origin = try #require(card.origin)
    #expect(origin.source == "hf:someone/sums" && origin.commit == Self.sums.commits[0].sha && origin.licence == "mit")
    #expect(origin.files == ["data/a-0.jsonl", "data/a-1.jsonl", "data/b.jsonl", "README.md"])
    #expect(try agent.rows(of: "sums").count == 600)
    let last = try await sidecarReceipt(agent, "sums.dataset.json") { $0.message.contains(" is read as the dataset ") }
    #expect(last.status == .accepted && last.result == "sums")
    let job = try await agent.end(of: "sums-1")
    #expect(job.state == .completed, "\(job.reason ?? "")")

    let listed = try await Programs.run(["datasets", "downloaded", "--json", "--root", agent.layout.root.string])
    let download = try #require(try JSONParser.parse(listed.output).array?.first)
    #expect(download["state"]?.string == "completed" && download["plan"]?["license"]?.string == "mit")
    #expect(try agent.files.names(in: agent.layout.inbox.claimed).isEmpty)
    _ = try await agent.stop()
  }

  @Test func killed_half_way_it_goes_on_where_it_was() async throws {
    let long = MockRepository.File(Self.rows(0..<160_000), isLarge: true)
    let mock = try HubMock([MockRepository(.dataset, "someone/sums", files: ["train.jsonl": long])])
    mock.trouble.pace = 400_000
    var agent = try await RunningAgent.start(settings: Self.settings, environment: Self.environment(mock))
    _ = try await agent.dropAndWait(#"{"source": "hf:someone/sums"}"#, as: "long.dataset.json", into: .dataset)
    _ = try await Patience.wait(for: "some of the bytes") {
      try status(agent, "download-long-1")?.done.flatMap { $0 > 300_000 ? true : nil }
    }
    try await agent.killEverything()
    // Meanwhile somebody pushes: what was begun goes on at the commit that was pinned.
    mock.change("someone/sums") { $0.commit(["train.jsonl": .init(Self.rows(0..<3))]) }
    mock.forgetRequests()
    mock.trouble.pace = 0
    agent = try await RunningAgent.start(on: agent.folder, environment: Self.environment(mock))
    #expect(try await end(agent, "download-long-1").state == .completed)
    #expect(try await card(agent, "long").rows == 160_000)
    let gets = mock.requests.filter { $0.method == "GET" }
    #expect(gets.count == 1, "no plan is made anew, and no byte is asked for twice: \(gets.map(\.target))")
    #expect(try #require(gets.first?.range).first > 200_000)
    _ = try await agent.dropAndWait(Jobs.file("after", dataset: "long", steps: 5), as: "after.json", into: .job)
    #expect(try await agent.end(of: "after-1").state == .completed)
    _ = try await agent.stop()
  }

  @Test func a_request_is_cancelled_and_asked_for_again() async throws {
    let mock = try HubMock([Self.sums])
    mock.trouble.pace = 1_000
    let agent = try await RunningAgent.start(settings: Self.settings, environment: Self.environment(mock))
    let request = #"{"action": "download", "source": "hf:someone/sums", "name": "mine", "split": "train", "max_rows": 450}"#
    #expect(try await agent.dropAndWait(request, as: "get.json", into: .request).status == .accepted)
    _ = try await Patience.wait(for: "some of the bytes") { try status(agent, "download-mine-1")?.done.flatMap { $0 > 1_500 ? true : nil } }
    _ = try await agent.dropAndWait(#"{"action": "cancel", "errand": "mine"}"#, as: "stop.json", into: .request)
    #expect(try await end(agent, "download-mine-1").state == .cancelled)
    let told = try await sidecarReceipt(agent, "get.json") { $0.status == .rejected }
    #expect(told.message == "The download was cancelled by the user.")
    mock.trouble.pace = 0
    mock.forgetRequests()
    _ = try await agent.dropAndWait(request, as: "get-again.json", into: .request)
    #expect(try await end(agent, "download-mine-2").state == .completed)
    #expect(mock.requests.contains { ($0.range?.first ?? 0) > 0 }, "what had come was not asked for again")
    #expect(!mock.requests.contains { $0.path.contains("/tree/") })
    #expect(try await card(agent, "mine").rows == 450)
    _ = try await agent.stop()
  }

  @Test func what_cannot_be_had_is_told_to_who_asked() async throws {
    var gated = Self.sums
    gated.gated = "auto"
    let mock = try HubMock([gated], tokens: ["hf_secret": ["someone/sums"]])
    let agent = try await RunningAgent.start(settings: Self.settings, environment: Self.environment(mock))
    _ = try await agent.dropAndWait(#"{"source": "hf:someone/sums"}"#, as: "sums.dataset.json", into: .dataset)
    let told = try await sidecarReceipt(agent, "sums.dataset.json") { $0.status == .rejected }
    #expect(told.problem?.code == "hub.gated")
    #expect(told.message.hasPrefix("the dataset 'someone/sums' is open only to those who have accepted its terms. "), "\(told.message)")
    let wrong = try await agent.dropAndWait(#"{"source": "hf:", "token": "hf_x"}"#, as: "x.dataset.json", into: .dataset)
    #expect(wrong.status == .rejected && wrong.findings?.map(\.field) == ["token"], "\(wrong.message)")
    _ = try await agent.stop()

    // With a token in a file of the settings' it is let in, and the token is nowhere to be read.
    try agent.files.publish("hf_secret\n".utf8, to: agent.layout.root.appending("hub-token"))
    let settings: JSONNode = [
      "settle_seconds": 0.5, "hub_token_file": JSONNode(.string(agent.layout.root.appending("hub-token").string)),
    ]
    try agent.files.publish(settings.text().utf8, to: agent.layout.settings)
    let again = try await RunningAgent.start(on: agent.folder, environment: Self.environment(mock))
    _ = try await again.dropAndWait(#"{"source": "hf:someone/sums"}"#, as: "sums.dataset.json", into: .dataset)
    #expect(try await end(again, "download-sums-2").state == .completed)
    _ = try await card(again, "sums")
    _ = try await again.stop()
    for (path, status) in try again.files.walk(again.layout.root) where status.kind == .file && path.lastComponent != "hub-token" {
      let text = String(decoding: try again.files.contents(of: again.layout.root.pushing(path)), as: UTF8.self)
      #expect(!text.contains("hf_secret"), "\(path)")
    }
    #expect(!again.log.contains("hf_secret"))
  }

  @Test func a_hub_that_is_down_is_waited_for() async throws {
    let mock = try HubMock([Self.sums])
    mock.trouble.answers = Array(repeating: ("/revision/", MockReply(429, [("Retry-After", "4000")])), count: 2)
    let agent = try await RunningAgent.start(settings: Self.settings, environment: Self.environment(mock))
    _ = try await agent.dropAndWait(#"{"source": "hf:someone/sums"}"#, as: "sums.dataset.json", into: .dataset)
    #expect(try await end(agent, "download-sums-1").state == .completed)
    #expect(mock.requests.count { $0.path.contains("/revision/") } == 3)
    _ = try await agent.stop()
  }

  @Test func why_it_does_not_go_on_is_told_at_once() async throws {
    let mock = try HubMock([Self.sums])
    let environment = Self.environment(mock)
    mock.stop()
    let agent = try await RunningAgent.start(settings: Self.settings, environment: environment)
    _ = try await agent.dropAndWait(#"{"source": "hf:someone/sums"}"#, as: "sums.dataset.json", into: .dataset)
    let waiting = try await Patience.wait(for: "why it waits") {
      try status(agent, "download-sums-1").flatMap { $0.reason == "starts next" || $0.reason == nil ? nil : $0 }
    }
    let words = #/http://localhost:\d+ cannot be reached \(.+\); it is tried again at \d\d:\d\d:\d\d UTC/#
    #expect(waiting.phase == "planning" && waiting.reason?.wholeMatch(of: words) != nil, "\(waiting)")
    #expect(waiting.note?.hasSuffix(" for hf:someone/sums") == true && waiting.note?.hasPrefix("asking http://localhost:") == true)
    _ = try await agent.stop()
  }

  @Test func parquet_that_nothing_here_could_read_is_refused_before_its_first_byte() async throws {
    let mock = try HubMock([
      MockRepository(.dataset, "someone/sums", files: ["data/train-00000-of-00001.parquet": .init(Self.rows(0..<400), isLarge: true)])
    ])
    let settings: JSONNode = ["settle_seconds": 0.5, "python": "/nowhere/python3"]
    let agent = try await RunningAgent.start(settings: settings, environment: Self.environment(mock))
    _ = try await agent.dropAndWait(#"{"source": "hf:someone/sums"}"#, as: "sums.dataset.json", into: .dataset)
    let refused = try await end(agent, "download-sums-1")
    #expect(refused.state == .error && refused.problem?.code == "parquet.no-converter")
    #expect(
      refused.reason
        == "data/train-00000-of-00001.parquet: it is a Parquet or Arrow file, and there is nothing here that reads those. They are read by Python with pyarrow, which is not part of Dropforge, and /nowhere/python3 has none. Make one: python3 -m venv /opt/dropforge-python && /opt/dropforge-python/bin/pip install pyarrow. Say where it is in dropforge.json, \"python\": \"/opt/dropforge-python/bin/python3\", start the agent anew and drop the file again."
    )
    #expect(!mock.requests.contains { $0.isToStore || $0.path.contains("/resolve/") })
    _ = try await agent.stop()
  }

  @Test func what_would_take_too_long_is_refused_before_it_begins_and_told_with_figures() async throws {
    let long = MockRepository.File(Self.rows(0..<400_000), isLarge: true)
    let mock = try HubMock([MockRepository(.dataset, "someone/sums", files: ["train.jsonl": long])])
    mock.trouble.pace = 300_000
    let agent = try await RunningAgent.start(settings: Self.settings, environment: Self.environment(mock))
    let receipt = try await agent.dropAndWait(#"{"source": "hf:someone/sums", "max_second": 5}"#, as: "long.dataset.json", into: .dataset)
    #expect(receipt.status == .rejected && receipt.message.contains("Did you mean \"max_seconds\"?"), "\(receipt.message)")
    _ = try await agent.dropAndWait(#"{"source": "hf:someone/sums", "max_seconds": 20}"#, as: "long.dataset.json", into: .dataset)
    let refused = try await end(agent, "download-long-1")
    #expect(refused.state == .error && refused.problem?.code == "hub.too-slow")
    let told = try await sidecarReceipt(agent, "long.dataset.json") { $0.problem?.code == "hub.too-slow" }
    let words =
      #/max_seconds: hf:someone/sums would take .+ s to download\. .+ MB of .+ MB are still to come at .+ kB a second, measured over .+ s on 8 connections at most; "max_seconds" allows 20\.0 s\. Raise "max_seconds", or take less with "max_bytes", "max_rows", "split" or "files", and drop it again\. What has come is kept for that\./#
    #expect(told.status == .rejected && told.message.wholeMatch(of: words) != nil, "\(told.message)")

    // With more time, and a better line: it goes on with what has come, and the estimate stands in its status.
    mock.forgetRequests()
    mock.trouble.pace = 4_000_000
    _ = try await agent.dropAndWait(#"{"source": "hf:someone/sums", "max_seconds": 900}"#, as: "long.dataset.json", into: .dataset)
    let done = try await end(agent, "download-long-2")
    #expect(done.state == .completed, "\(done.reason ?? "")")
    let estimate = try #require(done.estimate)
    #expect(try #require(estimate.seconds) < 900 && estimate.bytes < long.bytes.count, "\(estimate)")
    #expect(!mock.requests.contains { $0.path.contains("/tree/") })
    #expect(mock.requests.filter { $0.method == "GET" }.allSatisfy { ($0.range?.first ?? 0) > 0 }, "bytes were asked for twice")
    #expect(try await card(agent, "long").rows == 400_000)
    let last = try await sidecarReceipt(agent, "long.dataset.json") { $0.message.contains(" were estimated, ") }
    #expect(last.status == .accepted)
    _ = try await agent.stop()
  }

  @Test(arguments: [("tiny.dataset.json", DropKind.dataset), ("tiny.model.json", .model), ("tiny.json", .model)])
  func a_model_comes_the_same_way(wish: String, kind: DropKind) async throws {
    let folder = Fixtures.path("golden/llama")
    let files = LinuxFileSystem()
    var contents: [String: MockRepository.File] = [:]
    for name in try files.names(in: folder) where !files.isFolder(folder.appending(name)) {
      let bytes = try files.contents(of: folder.appending(name))
      contents[name.string] = MockRepository.File(bytes, isLarge: name.string.hasSuffix(".safetensors"))
    }
    let repository = MockRepository(.model, "someone/tiny", card: ["license": "apache-2.0", "tags": ["tiny"]], files: contents)
    let mock = try HubMock([repository])
    let agent = try await RunningAgent.start(settings: Self.settings, environment: Self.environment(mock))
    let asked = try await agent.dropAndWait(#"{"source": "hf-model:someone/tiny"}"#, as: wish, into: kind)
    #expect(asked.status == .accepted && asked.kind == kind, "\(asked.message)")
    #expect(try await end(agent, "download-tiny-1").state == .completed)
    let receipt = try await agent.receipt("tiny")
    #expect(receipt.status == .accepted && receipt.kind == .model, "\(receipt.message)")
    let path = agent.layout.workspace.model(SafeName(from: "tiny")).card
    let origin = try #require(try PublishedJSON.decode(ModelCard.self, from: try files.contents(of: path)).origin)
    #expect(origin.source == "hf-model:someone/tiny" && origin.revision == "main" && origin.commit == repository.commits[0].sha)
    #expect(origin.licence == "apache-2.0" && origin.card?.tags == ["tiny"])
    #expect(origin.files == contents.keys.sorted())
    let shown = try await Programs.run(["models", "show", "tiny", "--root", agent.layout.root.string])
    let line = "hf-model:someone/tiny, commit \(origin.commit.prefix(12)), apache-2.0"
    #expect(shown.output.split(separator: "\n").contains { $0.hasPrefix("origin ") && $0.hasSuffix(" " + line) }, "\(shown.output)")
    let listed = try await Programs.run(["models", "list", "--root", agent.layout.root.string])
    #expect(listed.output.contains("hf-model:someone/tiny, "), "\(listed.output)")
    _ = try await agent.stop()
  }

  @Test(arguments: [
    KillPoint.downloadPlanned, .downloadSaved, .downloadClaimed, .errandRunning, .errandOrdered, .errandReturned, .errandConcluded,
    .errandEnded,
  ])
  func killed_at(point: KillPoint) async throws {
    let mock = try HubMock([Self.sums])
    let elsewhere = try TemporaryFolder()
    let mark = elsewhere.path.appending("killed").string
    let environment = Self.environment(mock, [KillPoint.variable: point.rawValue, KillPoint.markVariable: mark])
    var agent = try await RunningAgent.start(settings: Self.settings, environment: environment)
    try agent.drop(#"{"source": "hf:someone/sums"}"#, as: "sums.dataset.json", into: .dataset)
    _ = try await Patience.wait(for: "the kill at \(point)") { FileManager.default.fileExists(atPath: mark) ? true : nil }
    if ![.downloadPlanned, .downloadSaved].contains(point) {
      #expect(try await agent.ended().code == -SIGKILL)
      agent = try await RunningAgent.start(on: agent.folder, environment: environment)
    }
    #expect(try await end(agent, "download-sums-1").state == .completed)
    let card = try await card(agent, "sums")
    #expect(card.rows == 650 && card.versions.count == 1 && card.origin != nil)
    #expect(try await agent.stop().code == 0)
    #expect(try agent.files.names(in: agent.layout.inbox.claimed).isEmpty)
  }
}
