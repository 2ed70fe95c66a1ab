import Domain
import Intake
import Platform
import SystemPackage
import TestSupport
import Testing

/// What lies in the inbox itself is sorted by its name and content.
struct LooseDropTests {
  private let reception: Reception

  init() throws { reception = try Reception() }

  @Test(arguments: [
    ("tiny.json", Specimen.jobFile("tiny"), DropKind.job),
    ("small.json", Specimen.config, .config),
    ("wrapped.json", #"{"name": "a", "config": {"training": {"method": "sft"}}}"#, .config),
    ("cancel.json", #"{"action": "rescan"}"#, .request),
    ("rows.json", #"[{"text": "a"}]"#, .dataset),
    ("rows.csv", "text\na\n", .dataset),
    ("rows.jsonl.gz", "packed", .dataset),
    ("rows.tar.zst", "packed", .dataset),
    ("rows.dataset.json", #"{"description": "some rows"}"#, .dataset),
    ("ROWS.TXT", "a\n", .dataset),
    ("words.model.json", #"{"model": {"type": "BPE"}}"#, .model),
  ])
  func a_file(name: String, text: String, kind: DropKind) async throws {
    let receipt = try await reception.take(text, as: name, into: nil)
    #expect(receipt.status == .accepted && receipt.kind == kind, "\(receipt.message)")
  }

  @Test func folders() async throws {
    try reception.root.folder.write("{}", to: "inbox/qwen/config.json")
    try reception.root.folder.write("a\n", to: "inbox/pieces/a.txt")
    let model = try reception.claim(reception.inbox.folder.appending("qwen"))
    let dataset = try reception.claim(reception.inbox.folder.appending("pieces"))
    let kinds = try await reception.live { life in [try await life.take(model).kind, try await life.take(dataset).kind] }
    #expect(kinds == [.model, .dataset])
  }

  /// A file as large as a dataset is none of the small JSON files, whatever is in it.
  @Test func large_json_is_a_dataset() async throws {
    let text = #"{"action": "rescan", "comment": ""# + String(repeating: "x", count: 1 << 20) + "\"}"
    #expect(try await reception.take(text, as: "large.json", into: nil).kind == .dataset)
  }

  @Test(arguments: [
    ("picture.png", "x", "it cannot be told what picture.png is. Its ending is none that a dataset has."),
    ("some.json", #"{"a": 1}"#, "it cannot be told what some.json is. Its keys are those of no job, config, request or dataset."),
    ("number.json", "3", "it cannot be told what number.json is. Its keys are those of no job, config, request or dataset."),
  ])
  func what_cannot_be_told_is_refused_with_the_folders(name: String, text: String, message: String) async throws {
    let receipt = try await reception.take(text, as: name, into: nil)
    #expect(receipt.status == .rejected && receipt.kind == nil && receipt.problem?.code == "drop.unknown-kind")
    #expect(
      receipt.message
        == message
        + " Put it into the folder it is meant for: inbox/datasets/ (.csv, .tsv, .json, .jsonl, .ndjson, .txt, each also .gz, .zst, .xz or .bz2; .zip, .tar, .tar.gz, .tar.zst, .tar.xz, .7z), inbox/jobs/, inbox/configs/, inbox/models/ or inbox/requests/."
    )
  }

  @Test func unreadable_json_names_its_place() async throws {
    let receipt = try await reception.take("{\"training\": }", as: "small.json", into: nil)
    #expect(receipt.status == .rejected && receipt.kind == nil)
    #expect(receipt.problem?.place == .init(file: "small.json", line: 1, character: 14, byte: 13))
  }
}
