import Catalogue
import Domain
import StrictJSON
import TestSupport
import Testing

/// What a job names, looked up.
struct NeedsTests {
  private func name(_ text: String) -> SafeName { SafeName(from: text) }

  private func needs(_ ledger: Ledger, _ file: String, pinned: JobPins? = nil) async throws -> JobNeeds {
    let source = ConfigSource(Array(file.utf8))
    let job = try #require(JobFile.decode(try JSONParser.parse(file), source: source, fallbackName: "job").0)
    return try await ledger.catalogue.needs(of: job, pinned: pinned, source: source)
  }

  @Test func nothing_is_missing_where_everything_is_here() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    let needs = try await needs(ledger, Specimen.jobFile("tiny"))
    #expect(needs.missing == nil && needs.findings.isEmpty)
    #expect(needs.train?.sha256 == "aa" && needs.eval == nil && needs.storedConfig == nil)
    #expect(needs.model == .none && needs.tokenizer == .none)
    #expect(needs.configuration?.training.maximumSteps == 4)
  }

  @Test(arguments: [
    (#"{"dataset": "rows", "config": {"training": {"method": "sft"}}}"#, PendingReason.waitingForDataset("rows")),
    (#"{"dataset": {"train": "here", "eval": "rows"}, "config": {"training": {"method": "sft"}}}"#, .waitingForDataset("rows")),
    (#"{"dataset": {"train": "rows", "eval": "here"}, "config": {"training": {"method": "sft"}}}"#, .waitingForDataset("rows")),
    (#"{"dataset": "here", "config": "small"}"#, .waitingForConfig("small")),
    (#"{"dataset": "here", "config": "small@2"}"#, .waitingForConfig("small@2")),
    (
      #"{"dataset": "here", "config": {"training": {"method": "sft"}, "model": {"name": "Qwen/Qwen3-0.6B"}}}"#,
      .waitingForModel("Qwen/Qwen3-0.6B")
    ),
    (#"{"dataset": "here", "config": {"training": {"method": "sft"}, "tokenizer": "qwen"}}"#, .waitingForModel("qwen")),
    (#"{"dataset": "rows", "config": "small"}"#, .waitingForDataset("rows")),
  ])
  func the_first_thing_that_is_missing_is_named(file: String, expected: PendingReason) async throws {
    let ledger = try Ledger()
    try await ledger.dataset("here", drop: 1, bytes: "aa")
    if expected == .waitingForConfig("small@2") { try await ledger.config("small", drop: 2, body: Specimen.config) }
    #expect(try await needs(ledger, file).missing == expected)
  }

  @Test func a_dataset_is_missing_until_its_folder_stands() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa", isStored: false)
    #expect(try await needs(ledger, Specimen.jobFile("tiny")).missing == .waitingForDataset("rows"))
    try await ledger.catalogue.noteStored([Specimen.drop(1)])
    #expect(try await needs(ledger, Specimen.jobFile("tiny")).missing == nil)
  }

  @Test func an_alias_is_as_good_as_the_datasets_own_name() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    try await ledger.dataset("copy", drop: 2, bytes: "aa")
    let needs = try await needs(ledger, Specimen.jobFile("tiny", on: "copy"))
    #expect(needs.missing == nil && needs.train?.dataset == name("rows"))
  }

  @Test func a_name_is_made_safe_as_the_drop_was() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("my rows!", drop: 1, bytes: "aa")
    #expect(try await needs(ledger, Specimen.jobFile("tiny", on: "my rows!")).train?.dataset.text == "my-rows")
  }

  @Test func the_newest_versions_are_taken_and_pinned_ones_kept() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    try await ledger.dataset("rows", drop: 2, bytes: "bb")
    try await ledger.config("small", drop: 3, body: Specimen.config)
    try await ledger.config("small", drop: 4, body: #"{"training": {"method": "sft", "max_steps": 9}}"#)
    let file = #"{"dataset": "rows", "config": "small"}"#
    let newest = try await needs(ledger, file)
    #expect(newest.train?.number == 2 && newest.storedConfig?.number == 2 && newest.configuration?.training.maximumSteps == 9)
    var pins = Specimen.pins(1)
    pins.config = .init(name: name("small"), version: 1, sha256: "x")
    let pinned = try await needs(ledger, file, pinned: pins)
    #expect(pinned.train?.number == 1 && pinned.storedConfig?.number == 1 && pinned.configuration?.training.maximumSteps == 4)
    #expect(try await needs(ledger, #"{"dataset": "rows", "config": "small@1"}"#).storedConfig?.number == 1)
  }

  @Test func a_job_before_this_one_is_waited_for_and_is_its_base() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    let file = #"{"name": "next", "dataset": "rows", "after": "first", "config": {"training": {"method": "sft"}}}"#
    #expect(try await needs(ledger, file).missing == .waitingForJob("first", state: nil))
    let first = try await ledger.job("first", drop: 2)
    #expect(try await needs(ledger, file).missing == .waitingForJob("first-1", state: .pending))
    try await ledger.lead(first, through: .preparing, .training, .completed)
    let ready = try await needs(ledger, file)
    #expect(ready.missing == nil && ready.impossible == nil && ready.model == .finishedJob(first))
    let second = try await ledger.job("first", drop: 3)
    try await ledger.lead(second, through: .cancelled)
    #expect(
      try await needs(ledger, file).impossible?.description
        == "after: the job 'first-2' was to be completed before, and it is cancelled. Mend that job and drop it again, and this one after it."
    )
  }

  @Test func a_tokenizer_without_a_model_is_a_tokenizer_only() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    try await ledger.model("words", drop: 2, sha256: "mm", architecture: ModelCard.loneTokenizer)
    let asTokenizer = try await needs(
      ledger, #"{"dataset": "rows", "config": {"training": {"method": "sft"}, "tokenizer": {"name": "words"}}}"#)
    #expect(asTokenizer.impossible == nil && asTokenizer.tokenizer == .dropped(SafeName(from: "words"), sha256: "mm"))
    let asModel = try await needs(ledger, #"{"dataset": "rows", "config": {"training": {"method": "sft"}, "model": {"name": "words"}}}"#)
    #expect(
      asModel.impossible?.description
        == "'words' is a tokenizer without a model: it has no weights to go on from. "
        + "Write \"tokenizer\": {\"name\": \"words\"} in the config, and as \"model\" one that is here, or \"scratch\".")
  }

  @Test func a_model_is_a_dropped_one_or_a_finished_jobs() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    func model(_ text: String) async throws -> JobNeeds {
      try await needs(ledger, #"{"dataset": "rows", "config": {"training": {"method": "sft"}, "model": {"name": "\#(text)"}}}"#)
    }
    let job = try await ledger.job("base", drop: 2)
    #expect(try await model("base").missing == .waitingForJob("base-1", state: .pending))
    #expect(try await model("other").missing == .waitingForModel("other"))
    try await ledger.lead(job, through: .preparing, .training, .completed)
    #expect(try await model("base").model == .finishedJob(job))
    #expect(try await model("base-1").model == .finishedJob(job))
    try await ledger.model("base", drop: 3, sha256: "mm", isStored: false)
    #expect(try await model("base").model == .finishedJob(job))
    try await ledger.catalogue.noteStored([Specimen.drop(3)])
    #expect(try await model("base").model == .dropped(name("base"), sha256: "mm"))
  }

  @Test func the_tokenizers_made_here_need_nothing() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    for made in TokenizerSection.madeHere {
      let needs = try await needs(
        ledger, #"{"dataset": "rows", "config": {"training": {"method": "sft"}, "tokenizer": {"name": "\#(made)"}}}"#)
      #expect(needs.missing == nil && needs.tokenizer == .none, "\(made)")
    }
  }

  @Test func overrides_lie_over_a_stored_config() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    try await ledger.config("small", drop: 2, body: Specimen.config)
    let needs = try await needs(ledger, #"{"dataset": "rows", "config": "small", "overrides": {"training.max_steps": 7, "seed": 3}}"#)
    #expect(needs.configuration?.training.maximumSteps == 7 && needs.configuration?.seed == 3)
    #expect(needs.configuration?.training.threads == 1)
  }

  @Test func findings_of_config_and_overrides_come_with_their_lines() async throws {
    let ledger = try Ledger()
    try await ledger.dataset("rows", drop: 1, bytes: "aa")
    let inline = try await needs(ledger, "{\"dataset\": \"rows\",\n\"config\": {\"training\": {\"method\": \"sft\",\n\"batch_sise\": 3}}}")
    #expect(inline.findings.map(\.description) == [#"error: training.batch_sise (line 3): no such field. Did you mean "batch_size"?"#])
    let overridden = try await needs(
      ledger, #"{"dataset": "rows", "config": {"training": {"method": "sft"}, "seed": 1}, "overrides": {"seed.x": 1}}"#)
    #expect(overridden.findings.map(\.description) == [#"error: overrides.seed.x: "seed" is no section of this config"#])
  }
}
