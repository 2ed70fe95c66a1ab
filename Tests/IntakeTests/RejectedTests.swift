import Domain
import Engines
import Intake
import Platform
import SystemPackage
import TestSupport
import Testing

/// What is refused goes whole to `inbox/rejected/`, with the reason word for word.
struct RejectedTests {
  private let reception: Reception

  init() throws { reception = try Reception() }

  /// Drops a text that is refused; returns the receipt and the text of `REASON.md`.
  private func refuse(_ text: String, as name: String, into kind: DropKind?) async throws -> (receipt: Receipt, reason: String) {
    let receipt = try await reception.take(text, as: name, into: kind)
    #expect(receipt.status == .rejected)
    let folder = try #require(receipt.path)
    #expect(reception.names() == ["\(folder)/REASON.md", "\(folder)/\(name)"].sorted())
    #expect(reception.text("\(folder)/\(name)") == text)
    #expect(reception.leftovers().isEmpty)
    #expect(receipt.message == receipt.problem?.description)
    return (receipt, try #require(reception.text("\(folder)/REASON.md")))
  }

  @Test func a_dataset_that_the_worker_refuses() async throws {
    let (receipt, reason) = try await refuse("a,b\n\(FakeReading.refused)\n", as: "rows.csv", into: .dataset)
    #expect(receipt.path == "inbox/rejected/20261121T074803Z-rows.csv-0001")
    #expect(receipt.message == "rows.csv, row 2: a row has 3 fields, the header 2. Mend the row.")
    #expect(
      reason == """
        # rows.csv was not taken

        **What happened:** A row has 3 fields, the header 2.

        **Where:** rows.csv, row 2

        **How to mend it:** Mend the row.

        Code: `csv.ragged-row`

        The file lies beside this one, unchanged. Mend it and drop it again.

        """)
  }

  @Test func json_that_cannot_be_read_with_its_place() async throws {
    let (receipt, reason) = try await refuse("{\n  \"training\": {\"method\": \"sft\",}\n}", as: "small.json", into: .config)
    #expect(receipt.problem?.code == "json.trailingComma")
    #expect(receipt.problem?.place == .init(file: "small.json", line: 2, character: 31, byte: 32))
    #expect(reason.contains("\n**Where:** small.json (line 2, character 31, byte 32)\n"))
    #expect(reason.contains("\n**How to mend it:** Mend that place in the file and drop it again.\n"))
  }

  @Test func a_misspelt_key_with_what_was_meant() async throws {
    let (receipt, reason) = try await refuse(
      "{\n\"datset\": \"rows\",\n\"config\": {\"training\": {\"method\": \"sft\"}}\n}", as: "tiny.json", into: .job)
    #expect(
      receipt.findings?.map(\.description) == [
        #"error: datset (line 2): no such field in a job file. Did you mean "dataset"?"#,
        "error: dataset: this field is missing; it names the dataset to train on",
      ])
    #expect(reason.contains("\n**Where:** tiny.json, datset (line 2)\n"))
    #expect(reason.contains(#"Did you mean "dataset"? And 1 more, listed below."#))
    #expect(
      reason.hasSuffix(
        """
        ## All findings

        - error: datset (line 2): no such field in a job file. Did you mean "dataset"?
        - error: dataset: this field is missing; it names the dataset to train on

        The file lies beside this one, unchanged. Mend it and drop it again.

        """))
  }

  @Test func a_misspelt_key_in_a_jobs_own_config() async throws {
    let (receipt, _) = try await refuse(
      "{\"dataset\": \"rows\",\n\"config\": {\"training\": {\"method\": \"sft\", \"learning_rat\": 1}}}", as: "tiny.json", into: .job)
    #expect(
      receipt.findings?.map(\.description) == [#"error: training.learning_rat (line 2): no such field. Did you mean "learning_rate"?"#])
    #expect(receipt.problem?.place == .init(file: "tiny.json", line: 2, field: "training.learning_rat"))
  }

  @Test(arguments: [
    ("", "drop.empty", "small.json is empty: 0 bytes. Look whether the program that wrote it has finished, and drop it again."),
    (
      String(repeating: " ", count: 1 << 20) + "{}", "drop.too-large",
      "small.json is larger than 1 MiB, and a job, config or request never is. If it is a dataset, drop it into inbox/datasets/."
    ),
  ])
  func a_config_of_no_fitting_size(text: String, code: String, message: String) async throws {
    let (receipt, _) = try await refuse(text, as: "small.json", into: .config)
    #expect(receipt.problem?.code == code)
    #expect(receipt.message == message)
  }

  @Test func a_folder_where_a_file_belongs() async throws {
    try reception.root.folder.write("{}", to: "inbox/configs/small/config.json")
    let drop = try reception.claim(reception.inbox.folder(of: .config).appending("small"))
    let receipt = try await reception.live { try await $0.take(drop) }
    #expect(receipt.status == .rejected)
    #expect(
      receipt.message
        == "small is a folder, but inbox/configs/ takes JSON files. Drop the JSON file itself. A dataset's folder belongs into inbox/datasets/, a model's into inbox/models/."
    )
    #expect(reception.text("\(try #require(receipt.path))/small/config.json") == "{}")
  }

  @Test func a_symbolic_link_is_moved_and_never_followed() async throws {
    let secret = try reception.root.folder.write("secret\n", to: "elsewhere.csv")
    let link = reception.inbox.folder(of: .dataset).appending("rows.csv")
    try SpecialFiles.makeSymbolicLink(link, to: secret)
    var drop = try reception.claim(link)
    if drop.refusal == nil { drop.refusal = Problem("drop.symlink", "'rows.csv' is a symbolic link", mend: "Drop the file itself.") }
    let receipt = try await reception.live { try await $0.take(drop) }
    #expect(receipt.status == .rejected && receipt.problem?.code == "drop.symlink" && receipt.kind == .dataset)
    let moved = reception.root.layout.absolute(try #require(receipt.path)).appending("rows.csv")
    #expect(try LinuxFileSystem().status(moved).kind == .symlink)
    #expect(reception.text("elsewhere.csv") == "secret\n")
  }

  @Test func a_link_that_stands_in_a_claim_at_the_start_is_refused_too() async throws {
    let link = reception.inbox.folder(of: .dataset).appending("rows.csv")
    try SpecialFiles.makeSymbolicLink(link, to: "/etc/passwd")
    let drop = try reception.claim(link)
    let receipt = try await reception.live(recovers: true) { await $0.told.verdict(on: drop.id) }
    #expect(receipt.status == .rejected && receipt.problem?.code == "drop.symlink")
    #expect(
      receipt.message
        == "rows.csv: 'rows.csv' is a symbolic link. What it leads to may change, or lie where this agent must not read. Drop the file itself: cp -L, or a hard link (ln)."
    )
  }

  @Test func a_file_that_may_not_be_read() async throws {
    let drop = try reception.claim(Specimen.config, as: "small.json", into: .config)
    let files = FaultyFileSystem()
    let receipt = try await reception.live(files: files) { life in
      files.fail(.permissionDenied, at: 1, of: [.read])
      return try await life.take(drop)
    }
    #expect(receipt.status == .rejected && receipt.problem?.code == "drop.unreadable")
    #expect(
      receipt.message
        == "small.json cannot be read: the agent has no right to. The file's owner has closed it to others. Open it for reading (chmod a+r 'small.json') and drop it again."
    )
  }

  @Test func a_request_that_cannot_be_carried_out() async throws {
    let drop = try reception.claim(#"{"action": "cancel", "job": "nobody"}"#, as: "cancel.json", into: .request)
    let problem = Problem("job.unknown", "there is no job 'nobody'", mend: "Look.")
    let receipt = try await reception.live(request: { _ in .refused(problem) }) { try await $0.take(drop) }
    #expect(receipt.status == .rejected && receipt.problem == problem && receipt.kind == .request)
    #expect(
      reception.text("\(try #require(receipt.path))/REASON.md")?.hasPrefix(
        "# cancel.json was not taken\n\n**What happened:** There is no job 'nobody'.\n") == true)
  }

  @Test func a_request_that_nobody_knows() async throws {
    let (receipt, _) = try await refuse(#"{"action": "cancl", "job": "x"}"#, as: "request.json", into: .request)
    #expect(
      receipt.findings?.map(\.description) == [
        #"error: action (line 1): "cancl" is not known; it is one of cancel, pause, resume, rescan, delete, rename, evaluate, tokenize, download, describe, convert, export, restore. Did you mean "cancel"?"#
      ])
  }

  @Test func a_sidecar_that_is_none() async throws {
    let (list, _) = try await refuse("[1]", as: "rows.dataset.json", into: .dataset)
    #expect(list.message == "rows.dataset.json is an array. A sidecar is a JSON object; its fields are listed in docs/formats.md.")
  }

  @Test func a_sidecar_with_an_error() async throws {
    let (receipt, _) = try await refuse(#"{"colums": {"prompt": "q"}}"#, as: "rows.dataset.json", into: .dataset)
    #expect(receipt.findings?.map(\.description) == [#"error: colums (line 1): no such field. Did you mean "columns"?"#])
  }

  @Test(arguments: [
    (
      #"{"source": "hf:a/b"}"#,
      "error: source (line 1): this is a dataset's, hf:a/b; drop this file as small.dataset.json into inbox/datasets/, or write hf-model:OWNER/NAME for a model"
    ),
    (#"{"source": "hf-model:a/b", "max_rows": 3}"#, "error: max_rows (line 1): a model has no rows; it is for datasets"),
    (#"{"source": "hf-model:a/b", "revison": "x"}"#, #"error: revison (line 1): no such field. Did you mean "revision"?"#),
  ])
  func a_wish_for_a_model_that_cannot_be_met(text: String, finding: String) async throws {
    let (receipt, _) = try await refuse(text, as: "small.model.json", into: .model)
    #expect(receipt.kind == .model && receipt.findings?.map(\.description) == [finding])
  }

  /// The reason stays readable whatever the drop is called.
  @Test func a_drop_called_as_the_reason_is() async throws {
    let receipt = try await reception.take("notes", as: "REASON.md", into: nil)
    let folder = try #require(receipt.path)
    #expect(reception.text("\(folder)/REASON.md.dropped") == "notes")
    #expect(reception.text("\(folder)/REASON.md")?.hasPrefix("# REASON.md was not taken") == true)
  }
}
