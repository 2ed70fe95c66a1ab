import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Tokenizations by dropped files: made, read, used by jobs, cancelled.
struct TokenizeEndToEndTests {
  private func errand(_ agent: RunningAgent, _ id: String, where isMeant: (ErrandStatus) -> Bool = { $0.state.isFinal }) async throws
    -> ErrandStatus
  {
    let path = agent.layout.workspace.errand(try #require(ErrandID(id))).status
    return try await Patience.wait(for: "the end of \(id)") {
      guard agent.files.exists(path) else { return nil }
      let status = try PublishedJSON.decode(ErrandStatus.self, from: try agent.files.contents(of: path))
      return isMeant(status) ? status : nil
    }
  }

  private func cards(_ agent: RunningAgent, _ dataset: String) throws -> [DatasetCard.Tokenization] {
    let card = agent.layout.workspace.dataset(SafeName(from: dataset)).card
    return try PublishedJSON.decode(DatasetCard.self, from: try agent.files.contents(of: card)).tokenizations ?? []
  }

  @Test func a_tokenizer_that_was_dropped_by_itself() async throws {
    let agent = try await RunningAgent.start()
    let json = try agent.files.contents(of: Fixtures.path("tokenizers/bpe400/tokenizer.json"))
    let received = try await agent.dropAndWait(String(decoding: json, as: UTF8.self), as: "words.json", into: .model)
    #expect(received.message == "Tokenizer 'words': 359 entries. Jobs and requests can name it as their tokenizer.")
    // No model: none of a model's figures are told of it.
    let root = ["--root", agent.layout.root.string]
    let shown = try JSONParser.parse(try await Programs.run(["models", "show", "words", "--json"] + root).output)
    #expect(
      shown.object?.members.map(\.key).sorted()
        == ["bytes", "model_type", "name", "path", "schema", "sha256", "vocab_size", "warnings"], "\(shown)")
    #expect(shown["model_type"]?.string == "tokenizer" && shown["vocab_size"]?.int == 359)
    let asked = try await Programs.run(["generate", "words", "Once"] + root)
    #expect(asked.code == 1)
    #expect(asked.errors == "'words' is a tokenizer without a model: it has no weights. `dropforge models` tells which are models.\n")
    #expect(try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset).status == .accepted)
    _ = try await agent.dropAndWait(
      #"{"action": "tokenize", "dataset": "sums", "tokenizer": "words"}"#, as: "tokens.json", into: .request)
    let end = try await errand(agent, "tokenize-sums-1")
    #expect(end.state == .completed, "\(end.reason ?? "")")
    let file = Jobs.file("asked", dataset: "sums", steps: 3).replacing(#""seed": 5"#, with: #""seed": 5, "tokenizer": {"name": "words"}"#)
    _ = try await agent.dropAndWait(file, as: "asked.json", into: .job)
    #expect(try await agent.end(of: "asked-1").state == .completed)
    #expect(
      try agent.files.contents(of: agent.layout.workspace.job(try #require(JobID("asked-1"))).finalModel.appending("tokenizer.json"))
        == json)
    _ = try await agent.stop()
  }

  @Test func a_dropped_request_makes_tokens_that_a_job_then_finds() async throws {
    let agent = try await RunningAgent.start()
    #expect(try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset).status == .accepted)
    let receipt = try await agent.dropAndWait(
      #"{"action": "tokenize", "dataset": "sums", "tokenizer": "byte", "seed": 5}"#, as: "tokens.json", into: .request)
    #expect(
      receipt.message
        == "Tokens of 'sums', version 1, are being made in the background: workspace/errands/tokenize-sums-1/status.json.")
    let end = try await errand(agent, "tokenize-sums-1")
    #expect(end.state == .completed && end.progress == 100, "\(end.reason ?? "")")
    let total = Jobs.text.utf8.count + 1  // with its end of text
    #expect(end.result?.message.hasPrefix("\(Figures.grouped(total)) tokens in 2 sequences of 'sums', tokenization ") == true)
    let made = try #require(try cards(agent, "sums").first)
    #expect(end.result?.path == "workspace/datasets/sums/tokenizations/\(made.id)" && made.tokens == total)

    // The same once more is there already; so it is for a job, whose file says nothing of it.
    _ = try await agent.dropAndWait(
      #"{"action": "tokenize", "dataset": "sums", "tokenizer": "byte", "seed": 5, "stride": 0}"#, as: "again.json", into: .request)
    let again = try await errand(agent, "tokenize-sums-2")
    #expect(again.result?.message.hasPrefix("The same tokens of 'sums' are here already: ") == true, "\(again.result?.message ?? "")")
    _ = try await agent.dropAndWait(Jobs.file("sums", dataset: "sums", steps: 3), as: "sums.json", into: .job)
    #expect(try await agent.end(of: "sums-1").state == .completed)
    #expect(try cards(agent, "sums").map(\.id) == [made.id])

    // One with windows makes its own, and is in the same list.
    let windows = Jobs.file("windows", dataset: "sums", steps: 3).replacing(#""seed": 5"#, with: #""seed": 5, "data": {"stride": 8}"#)
    _ = try await agent.dropAndWait(windows, as: "windows.json", into: .job)
    #expect(try await agent.end(of: "windows-1").state == .completed)
    let both = try cards(agent, "sums")
    #expect(both.count == 2 && both.contains { $0.maximumLength == 32 } && both.contains { $0.id == made.id })
    _ = try await agent.stop()
    try await checkStatistics(agent, made.id, total)
  }

  private func checkStatistics(_ agent: RunningAgent, _ id: String, _ total: Int) async throws {
    let words = ["statistics", "sums", "--root", agent.layout.root.string, "--tokenization", id]
    let page = try await Programs.run(words)
    #expect(page.code == 0, "\(page.errors)")
    #expect(page.output.hasPrefix("sums, version 1: tokenization \(id)\npretrain, tokenizer byte (257 entries)\n"))
    for word in ["tokens a byte", "Most frequent tokens", "All tokenizations", Figures.grouped(total)] {
      #expect(page.output.contains(word), "\(word)\n\(page.output)")
    }
    let node = try JSONParser.parse(try await Programs.run(words + ["--json"]).output)
    let statistics = try #require(node["statistics"])
    #expect(statistics["total_tokens"]?.int == total && statistics["rows"]?.int == 1)
    var counts: [UInt8: Int] = [:]
    for byte in Jobs.text.utf8 { counts[byte, default: 0] += 1 }
    #expect(statistics["unique_tokens"]?.int == counts.count + 1)
    let top = try #require(statistics["top_tokens"]?.array?.first)
    #expect(top["count"]?.int == counts.values.max())
    #expect(node["tokenizations"]?.array?.count == 2)

    let unknown = try await Programs.run(["statistics", "sum", "--root", agent.layout.root.string])
    #expect(unknown.code == 1 && unknown.errors == "There is no dataset 'sum'. Did you mean 'sums'?\n")
    let none = try await Programs.run(["statistics", "sums", "--root", agent.layout.root.string, "--tokenization", "zz"])
    #expect(none.code == 1 && none.errors.hasPrefix("'sums' has no tokenization 'zz'. There are: "))
  }

  @Test func a_cancelled_request_leaves_nothing_and_does_not_hold_up_drops() async throws {
    let agent = try await RunningAgent.start()
    // Large enough to be caught at it.
    let rows = (0..<400_000).map {
      #"{"text": "Row \#($0) of many, each with some more words in it: \#($0 % 977) and \#($0 % 13)."}"# + "\n"
    }
    _ = try await agent.dropAndWait(rows.joined(), as: "many.jsonl", into: .dataset)
    _ = try await agent.dropAndWait(
      #"{"action": "tokenize", "dataset": "many", "tokenizer": "byte", "threads": 1, "duplicates": "near"}"#, as: "tokens.json",
      into: .request)
    _ = try await errand(agent, "tokenize-many-1") { ($0.done ?? 0) > 0 || $0.state.isFinal }
    #expect(try await agent.dropAndWait("one\ntwo\n", as: "small.txt", into: .dataset).status == .accepted)
    let answer = try await agent.dropAndWait(#"{"action": "cancel", "errand": "many"}"#, as: "cancel.json", into: .request)
    #expect(answer.message == "'tokenize-many-1' is being cancelled.", "\(answer.message)")
    let end = try await errand(agent, "tokenize-many-1")
    #expect(end.state == .cancelled && end.reason == "cancelled by the user")
    let folder = agent.layout.workspace.dataset(SafeName(from: "many")).tokenizations
    let left = agent.files.isFolder(folder) ? try agent.files.names(in: folder).map(\.string) : []
    #expect(left.allSatisfy { $0.hasSuffix(".lock") }, "\(left)")
    let over = try await Programs.run(["cancel", "tokenize-many-1", "--root", agent.layout.root.string])
    #expect(over.code == 1 && over.output.contains("the errand 'tokenize-many-1' is over: it is cancelled"), "\(over.output)")
    _ = try await agent.stop()
  }

  @Test func a_killed_agent_makes_the_tokens_after_its_next_start() async throws {
    let agent = try await RunningAgent.start()
    let rows = (0..<200_000).map { #"{"text": "Row \#($0) of many, each with some more words in it: \#($0 % 977)."}"# + "\n" }
    _ = try await agent.dropAndWait(rows.joined(), as: "many.jsonl", into: .dataset)
    _ = try await agent.dropAndWait(
      #"{"action": "tokenize", "dataset": "many", "tokenizer": "byte", "threads": 1, "duplicates": "near", "stop_words": ["english"]}"#,
      as: "tokens.json", into: .request)
    _ = try await errand(agent, "tokenize-many-1") { ($0.done ?? 0) > 0 || $0.state.isFinal }
    try await agent.killEverything()
    let next = try await RunningAgent.start(on: agent.folder)
    let end = try await errand(next, "tokenize-many-1")
    #expect(end.state == .completed, "\(end.reason ?? "")")
    #expect(try cards(next, "many").count == 1)
    let names = try next.files.names(in: next.layout.workspace.dataset(SafeName(from: "many")).tokenizations).map(\.string)
    #expect(names.filter { !$0.hasSuffix(".lock") }.count == 1, "\(names)")
    _ = try await next.stop()
  }
}
