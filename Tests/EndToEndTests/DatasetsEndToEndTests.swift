import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Stored datasets: known, prepared, deleted and brought back, all by dropped files; on real data, with the counts that Hugging Face
/// `datasets` gives (Tests/Fixtures/datasets/make_golden.py).
struct DatasetsEndToEndTests {
  private let golden: JSONNode

  init() throws { golden = try JSONParser.parse(try Fixtures.bytes("datasets/expected.json")) }

  // MARK: looking

  func card(_ agent: RunningAgent, _ name: String) throws -> DatasetCard {
    try PublishedJSON.decode(
      DatasetCard.self, from: try agent.files.contents(of: agent.layout.workspace.dataset(SafeName(from: name)).card))
  }

  /// The card once the rows were looked through.
  func surveyed(_ agent: RunningAgent, _ name: String, version: Int = 1) async throws -> (DatasetCard, DatasetQuality) {
    let folder = agent.layout.workspace.dataset(SafeName(from: name))
    return try await Patience.wait(for: "the look through \(name)") {
      guard agent.files.exists(folder.card), agent.files.exists(folder.version(version).quality) else { return nil }
      let card = try card(agent, name)
      guard card.remarks != nil, card.version == version else { return nil }
      return (card, try PublishedJSON.decode(DatasetQuality.self, from: try agent.files.contents(of: folder.version(version).quality)))
    }
  }

  func run(_ agent: RunningAgent, _ words: String...) async throws -> Programs.Ended {
    try await Programs.run(words + ["--root", agent.layout.root.string])
  }

  /// Drops a request and waits for its answer.
  func ask(_ agent: RunningAgent, _ request: JSONNode, as name: String) async throws -> Receipt {
    try await agent.dropAndWait(request.text(), as: "\(name).json", into: .request)
  }

  // MARK: real data

  @Test func real_datasets_have_the_counts_that_datasets_gives() async throws {
    let agent = try await RunningAgent.start()
    let (train, test) = (try Fixtures.bytes("datasets/banking77/train.csv"), try Fixtures.bytes("datasets/banking77/test.csv"))
    try agent.drop(try ArchiveMaker.bytes(.zip, [.init("train.csv", train), .init("test.csv", test)]), as: "banking77.zip", into: .dataset)
    for file in ["alpaca_en_demo.json", "glaive_toolcall_en_demo.json"] {
      try agent.drop(try Fixtures.bytes("datasets/\(file)"), as: file, into: .dataset)
    }
    try agent.drop(try Fixtures.bytes("datasets/xquad/questions.jsonl"), as: "xquad.jsonl", into: .dataset)
    for name in ["banking77", "alpaca_en_demo", "glaive_toolcall_en_demo", "xquad"] {
      let (card, quality) = try await surveyed(agent, name)
      let expected = try #require(golden[name])
      #expect(
        Dictionary(uniqueKeysWithValues: card.splits.map { ($0.name, $0.rows) }) == expected["rows"]?.object.map(Self.counts), "\(name)")
      #expect(card.columns.map(\.name) == expected["columns"]?.array?.compactMap(\.string), "\(name)")
      #expect(quality.duplicates.rows == expected["duplicates"]?.object.map { Self.counts($0).values.reduce(0, +) }, "\(name)")
      #expect(agent.files.exists(agent.layout.workspace.dataset(card.name).report))
    }
    let (bank, quality) = try await surveyed(agent, "banking77")
    let classes = Dictionary(uniqueKeysWithValues: (quality.classes?.classes ?? []).map { ($0.label, $0.rows) })
    #expect(quality.classes?.column == "category" && classes == golden["banking77"]?["classes"]?.object.map(Self.counts))
    #expect(quality.leaks.reduce(0) { $0 + $1.rows } == golden["banking77"]?["leaked"]?.int)
    #expect(bank.shape == .text && bank.mapping.isEmpty)
    let (alpaca, _) = try await surveyed(agent, "alpaca_en_demo")
    #expect(alpaca.shape == .alpaca && alpaca.preview?.method == .sft)
    #expect(alpaca.preview?.rows.first?.sequences.first?.map(\.isTrained) == [false, true])
    let (glaive, _) = try await surveyed(agent, "glaive_toolcall_en_demo")
    #expect(glaive.shape == .toolUse)
    let languages = try await surveyed(agent, "xquad").1.languages?.languages.map(\.language).sorted()
    #expect(languages == ["ar", "en", "hi", "zh"])
    _ = try await agent.stop()
  }

  private static func counts(_ object: JSONObject) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: object.members.map { ($0.key, $0.node.int ?? -1) })
  }

  @Test func a_sidecar_divides_alike_in_every_class() async throws {
    let agent = try await RunningAgent.start()
    try agent.drop(#"{"splits": {"validation": 0.1}, "stratify": "category"}"#, as: "bank.dataset.json", into: .dataset)
    _ = try await agent.receipt("bank.dataset.json")
    try agent.drop(try Fixtures.bytes("datasets/banking77/train.csv"), as: "bank.csv", into: .dataset)
    #expect(try await agent.receipt("bank.csv").status == .accepted)
    let (card, quality) = try await surveyed(agent, "bank")
    #expect(
      Dictionary(uniqueKeysWithValues: card.splits.map { ($0.name, $0.rows) })
        == golden["banking77"]?["stratified"]?.object.map(Self.counts))
    #expect(quality.leaks.isEmpty && quality.classes?.count == 77)
    _ = try await agent.stop()
  }

  // MARK: the commands

  @Test func datasets_are_listed_shown_searched_and_paged() async throws {
    let agent = try await RunningAgent.start()
    try agent.drop(try Fixtures.bytes("jsonl/gsm8k/test.jsonl"), as: "gsm8k.jsonl", into: .dataset)
    try agent.drop(try Fixtures.bytes("jsonl/messages/v1_sft_demo.jsonl"), as: "chats.jsonl", into: .dataset)
    for name in ["gsm8k", "chats"] { _ = try await surveyed(agent, name) }
    let described = try await ask(
      agent, ["action": "describe", "dataset": "gsm8k", "description": "Grade school sums", "tags": ["math"], "license": "MIT"], as: "say")
    #expect(described.message == "Dataset 'gsm8k' is described.", "\(described)")

    let list = try await run(agent, "datasets")
    #expect(list.code == 0 && list.output.contains("chats  ") && list.output.contains("prompt-completion"), "\(list)")
    for (words, names) in [
      (["--column", "question"], ["gsm8k"]), (["--schema", "chatml"], ["chats"]), (["--min-rows", "30"], ["gsm8k"]),
      (["--max-rows", "30"], ["chats"]), (["--tag", "MATH"], ["gsm8k"]), (["--name", "h"], ["chats"]), (["--name", "zzz"], []),
    ] {
      let found = try await Programs.run(["datasets", "list", "--json", "--root", agent.layout.root.string] + words)
      #expect(try JSONParser.parse(found.output).array?.compactMap { $0["name"]?.string } == names, "\(words) \(found)")
    }
    let search = try await run(agent, "datasets", "search", "grade SCHOOL", "--json")
    #expect(try JSONParser.parse(search.output).array?.map { $0["name"]?.string } == ["gsm8k"])

    let shown = try await run(agent, "datasets", "show", "gsm8k")
    for words in [
      "gsm8k, version 1 of 1: 60 rows, prompt and completion", "Grade school sums", "tags: math", "license: MIT", "splits: train 60",
      "can be converted to messages, conversations, instruction/input/output, problem/solution, text", "what sft sees of row 1",
    ] {
      #expect(shown.output.contains(words), "\(words): \(shown.output)")
    }
    let json = try JSONParser.parse(try await run(agent, "datasets", "show", "gsm8k", "--json").output)
    #expect(json["quality"]?["rows"] == 60 && json["preview"]?["method"] == "sft" && json["license"] == "MIT")
    let missing = try await run(agent, "datasets", "show", "gsm8")
    #expect(missing.code == 1)
    #expect(missing.errors == "There is no dataset 'gsm8'. Did you mean 'gsm8k'? `dropforge datasets list` tells which there are.\n")

    let page = try JSONParser.parse(try await run(agent, "samples", "gsm8k", "--page", "3", "--json").output)
    #expect(page["items"]?.array?.first?["row"] == 41 && page["pages"] == 3)
    let file = agent.layout.workspace.dataset(SafeName(from: "gsm8k")).version(1).samples(split: nil, page: 3)
    #expect(try JSONParser.parse(try agent.files.contents(of: file)) == page)
    let text = try await run(agent, "samples", "gsm8k", "--rows", "1")
    #expect(text.output.hasPrefix("gsm8k@1, train: page 1 of 60, 60 rows\n\n── row 1\nquestion: Janet"), "\(text.output)")
    let beyond = try await run(agent, "samples", "gsm8k", "--page", "9")
    #expect(beyond.code == 65 && beyond.errors.contains("there is no page 9 of 'train' of 'gsm8k', version 1"))
    _ = try await agent.stop()
    // Looking needs no agent.
    #expect(try await run(agent, "datasets", "show", "chats").code == 0)
  }

  @Test func versions_are_compared_by_rows_columns_and_schema() async throws {
    let agent = try await RunningAgent.start()
    let first = (0..<20).map { "{\"prompt\":\"p\($0)\",\"completion\":\"c\"}\n" }.joined()
    let second = (5..<30).map { "{\"prompt\":\"p\($0)\",\"completion\":\"c\"}\n" }.joined()
    #expect(try await agent.dropAndWait(first, as: "rows.jsonl", into: .dataset).status == .accepted)
    #expect(try await agent.dropAndWait(second, as: "rows.jsonl", into: .dataset).status == .accepted)
    let difference = try await run(agent, "datasets", "diff", "rows", "1", "2")
    #expect(difference.code == 1)
    #expect(difference.output.hasPrefix("rows@1 -> rows@2\nrows: 15 the same, 10 added, 5 removed (20 -> 25)\n"), "\(difference)")
    let json = try JSONParser.parse(try await run(agent, "datasets", "diff", "rows", "--json").output)
    #expect(json["same_rows"] == 15 && json["from"]?["version"] == 1 && json["schema"] == "dropforge.dataset-diff/1")
    #expect(try await run(agent, "datasets", "diff", "rows@2", "rows@2").code == 0)
    let none = try await run(agent, "datasets", "diff", "rows@1")
    #expect(none.code == 1 && none.errors == "The dataset 'rows' has no version before 1; name another dataset to compare with.\n")
    _ = try await agent.stop()
  }

  // MARK: conversions and exports

  @Test func a_request_converts_and_the_result_comes_in_as_a_dataset() async throws {
    let agent = try await RunningAgent.start()
    try agent.drop(try Fixtures.bytes("datasets/glaive_toolcall_en_demo.json"), as: "glaive.json", into: .dataset)
    #expect(try await agent.receipt("glaive.json").status == .accepted)
    let asked = try await ask(agent, ["action": "convert", "dataset": "glaive", "to": "chatml"], as: "convert")
    #expect(
      asked.message
        == "The rows of 'glaive', version 1, are being converted and become the dataset 'glaive-messages': errand 'convert-glaive-1'.",
      "\(asked)")
    let receipt = try await agent.receipt("glaive-messages.jsonl")
    #expect(
      receipt.status == .accepted && receipt.message.hasPrefix("Dataset 'glaive-messages': 300 rows of messages."), "\(receipt.message)")
    let rows = try agent.rows(of: "glaive-messages")
    #expect(rows.allSatisfy { $0["messages"]?.array?.isEmpty == false && $0["tools"]?.array != nil })
    let calls = rows.flatMap { $0["messages"]?.array ?? [] }.count { $0["tool_calls"] != nil }
    #expect(calls > 100)
    let impossible = try await ask(agent, ["action": "convert", "dataset": "glaive", "to": "preference"], as: "impossible")
    #expect(impossible.status == .rejected)
    #expect(
      impossible.message
        == "to: the rows of 'glaive' (tool use: conversations beside the tools that may be called) cannot be converted to prompt/chosen/rejected. They do not hold what such rows need. They can be converted to messages, conversations, text."
    )
    let unknown = try await ask(agent, ["action": "convert", "dataset": "glave", "to": "messages"], as: "unknown")
    #expect(
      unknown.message
        == "dataset: there is no dataset 'glave'. Did you mean 'glaive'? `dropforge datasets list` tells which there are.")
    _ = try await agent.stop()
  }

  @Test func rows_are_exported_by_request_and_by_command() async throws {
    let agent = try await RunningAgent.start()
    let csv = "question,answer\r\n\"one, two\",\"said \"\"yes\"\"\"\r\n\"two\nlines\",plain\r\n"
    #expect(try await agent.dropAndWait(csv, as: "rows.csv", into: .dataset).status == .accepted)
    let asked = try await ask(agent, ["action": "export", "dataset": "rows", "format": "csv"], as: "export")
    #expect(asked.message.hasSuffix("are being exported: errand 'export-rows-rows-1'."), "\(asked)")
    let exported = agent.layout.workspace.exports.appending("rows-1-csv").appending("train.csv")
    let made = try await Patience.wait(for: "the export") { agent.files.exists(exported) ? try agent.text(exported) : nil }
    #expect(made == csv)
    let work = try TemporaryFolder()
    let folder = work.path.appending("out")
    let ended = try await run(agent, "datasets", "export", "rows", "-o", folder.string)
    #expect(ended.code == 0 && ended.output == "rows@1: 2 rows as JSON lines in \(folder)\n", "\(ended)")
    #expect(try agent.files.names(in: folder).map(\.string) == ["train.jsonl"])
    #expect(
      try agent.text(folder.appending("train.jsonl"))
        == #"{"question":"one, two","answer":"said \"yes\""}"# + "\n" + #"{"question":"two\nlines","answer":"plain"}"# + "\n")
    #expect(try await run(agent, "datasets", "export", "rows", "-o", folder.string).code == 1)
    _ = try await agent.stop()
  }

  // MARK: deleting and restoring

  @Test func a_dataset_is_deleted_with_everything_and_restored() async throws {
    let agent = try await RunningAgent.start()
    #expect(try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset).status == .accepted)
    _ = try await surveyed(agent, "sums")
    let folder = agent.layout.workspace.dataset(SafeName(from: "sums"))
    let rows = try agent.files.contents(of: folder.version(1).rows(split: "train"))
    let deleted = try await ask(agent, ["action": "delete", "kind": "dataset", "name": "sums"], as: "delete")
    #expect(deleted.message.hasPrefix("Dataset 'sums' is deleted, with its one version. It can be restored until "), "\(deleted)")
    #expect(!agent.files.exists(folder.folder))
    let trash = try await run(agent, "datasets", "trash", "--json")
    #expect(try JSONParser.parse(trash.output).array?.first?["dataset"] == "sums", "\(trash)")
    #expect(try JSONParser.parse(try await run(agent, "datasets", "list", "--json").output) == [])
    let restored = try await ask(agent, ["action": "restore", "dataset": "sums"], as: "restore")
    #expect(restored.message == "Dataset 'sums' is back, with its one version.", "\(restored)")
    #expect(try agent.files.contents(of: folder.version(1).rows(split: "train")) == rows)
    #expect(agent.files.exists(folder.card) && agent.files.exists(folder.report))
    #expect(try agent.files.names(in: agent.layout.workspace.trash).isEmpty)
    // It can be trained on as before.
    #expect(try await agent.dropAndWait(Jobs.file("quick", dataset: "sums", steps: 3), as: "quick.json", into: .job).status == .accepted)
    #expect(try await agent.end(of: "quick-1").state == .completed)
    let never = try await ask(agent, ["action": "restore", "dataset": "nothing"], as: "never")
    #expect(
      never.message
        == "dataset: no deleted dataset 'nothing' can be restored. It was not deleted, or longer than 7 days ago. `dropforge datasets trash` tells which there are."
    )
    _ = try await agent.stop()
  }

  @Test func what_has_lain_in_the_trash_long_enough_goes_by_itself() async throws {
    let agent = try await RunningAgent.start(settings: ["settle_seconds": 0.5, "rescan_seconds": 1, "trash_days": 0.00002])
    #expect(try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset).status == .accepted)
    _ = try await surveyed(agent, "sums")
    let deleted = try await ask(agent, ["action": "delete", "kind": "dataset", "name": "sums"], as: "delete")
    #expect(deleted.message.hasPrefix("Dataset 'sums' is deleted, with its one version. "), "\(deleted)")
    // Nothing is dropped or asked for any more.
    _ = try await Patience.wait(for: "an empty trash") { try agent.files.names(in: agent.layout.workspace.trash).isEmpty ? true : nil }
    let gone = try await ask(agent, ["action": "restore", "dataset": "sums"], as: "restore")
    #expect(gone.status == .rejected && gone.message.hasPrefix("dataset: no deleted dataset 'sums' can be restored."), "\(gone)")
    _ = try await agent.stop()
  }

  @Test func what_a_job_waits_with_is_kept_unless_forced() async throws {
    let agent = try await RunningAgent.start()
    #expect(try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset).status == .accepted)
    let job = Jobs.file("waits", dataset: "sums", steps: 3).replacing("{", with: "{\"after\": \"never\", ", maxReplacements: 1)
    #expect(try await agent.dropAndWait(job, as: "waits.json", into: .job).status == .accepted)
    let refused = try await ask(agent, ["action": "delete", "kind": "dataset", "name": "sums"], as: "delete")
    #expect(refused.status == .rejected)
    #expect(
      refused.message
        == "name: the dataset 'sums' is used by a job that is not over: 'waits-1'. It could not start or go on without it. Wait for it, cancel it, or delete it all the same with --force (\"force\": true)."
    )
    let forced = try await run(agent, "datasets", "delete", "sums", "--force")
    #expect(forced.code == 0 && forced.output.hasSuffix("Left without it: 'waits-1'.\n"), "\(forced)")
    _ = try await agent.stop()
  }

  @Test func a_deletion_that_a_crash_cut_off_is_done_at_the_next_start() async throws {
    let folder = try TemporaryFolder()
    var agent = try await RunningAgent.start(on: folder)
    #expect(try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset).status == .accepted)
    _ = try await surveyed(agent, "sums")
    _ = try await ask(agent, ["action": "delete", "kind": "dataset", "name": "sums"], as: "delete")
    _ = try await agent.stop()
    // As if it had ended between the catalogue's word and the move: the files are back where they were.
    let id = try #require(try agent.files.names(in: agent.layout.workspace.trash).first.flatMap { DropID($0.string) })
    let (dataset, trash) = (agent.layout.workspace.dataset(SafeName(from: "sums")), agent.layout.workspace.trash(id))
    try agent.files.makeFolders(dataset.versions)
    try agent.files.rename(trash.version(1).folder, to: dataset.version(1).folder)
    agent = try await RunningAgent.start(on: folder)
    #expect(!agent.files.exists(dataset.folder) && agent.files.exists(trash.version(1).result))
    #expect(try await ask(agent, ["action": "restore", "dataset": "sums"], as: "restore").status == .accepted)
    #expect(agent.files.exists(dataset.version(1).rows(split: "train")))
    _ = try await agent.stop()
  }

  @Test func without_retention_it_goes_at_once() async throws {
    let agent = try await RunningAgent.start(settings: ["settle_seconds": 0.5, "trash_days": 0])
    #expect(try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset).status == .accepted)
    let deleted = try await ask(agent, ["action": "delete", "kind": "dataset", "name": "sums"], as: "delete")
    #expect(deleted.message == "Dataset 'sums' is deleted, with its one version. Its files are gone.", "\(deleted)")
    #expect(try agent.files.names(in: agent.layout.workspace.trash).isEmpty)
    #expect(try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset).message == "Dataset 'sums': 1 row of text.")
    _ = try await agent.stop()
  }

  // MARK: what is refused

  @Test func parquet_without_a_converter_says_how_to_get_one() async throws {
    let agent = try await RunningAgent.start(settings: ["settle_seconds": 0.5, "python": "/nonexistent/python3"])
    try agent.drop(Array("PAR1".utf8) + [0x15, 0, 0x15] + Array("PAR1".utf8), as: "rows.parquet", into: .dataset)
    let receipt = try await agent.receipt("rows.parquet")
    #expect(receipt.status == .rejected)
    #expect(
      receipt.message
        == "rows.parquet: it is a Parquet or Arrow file, and there is nothing here that reads those. They are read by Python with pyarrow, which is not part of Dropforge, and /nonexistent/python3 has none. "
        + "Make one: python3 -m venv /opt/dropforge-python && /opt/dropforge-python/bin/pip install pyarrow. Say where it is in dropforge.json, \"python\": \"/opt/dropforge-python/bin/python3\", start the agent anew and drop the file again."
    )
    #expect(receipt.problem?.code == "parquet.no-converter")
    _ = try await agent.stop()
  }

  @Test func a_job_whose_method_does_not_fit_is_refused_with_the_conversion_that_mends_it() async throws {
    let agent = try await RunningAgent.start()
    let rated = (0..<12).map { "{\"prompt\":\"p\($0 / 2)\",\"response\":\"r\($0)\",\"reward\":\($0 % 2)}\n" }.joined()
    #expect(try await agent.dropAndWait(rated, as: "rated.jsonl", into: .dataset).status == .accepted)
    let job = Jobs.file("pairs", dataset: "rated", method: "dpo", steps: 3)
    #expect(try await agent.dropAndWait(job, as: "pairs.json", into: .job).status == .accepted)
    let status = try await agent.end(of: "pairs-1")
    #expect(status.state == .error)
    #expect(
      status.reason?.contains(
        "Make pairs of them: drop {\"action\": \"convert\", \"dataset\": \"rated\", \"to\": \"prompt/chosen/rejected\"} into inbox/requests/."
      ) == true, "\(status.reason ?? "")")
    _ = try await ask(agent, ["action": "convert", "dataset": "rated", "to": "prompt/chosen/rejected"], as: "pairs")
    #expect(
      try await agent.receipt("rated-preference.jsonl").message.hasPrefix("Dataset 'rated-preference': 6 rows of prompt/chosen/rejected."))
    _ = try await agent.stop()
  }
}
