import Catalogue
import Domain
import Engines
import Intake
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Every kind of drop to its receipt, and where its files lie then.
struct AcceptedTests {
  private let reception: Reception
  private static let rows = "first row\nsecond row\n"

  init() throws { reception = try Reception() }

  @Test func a_dataset() async throws {
    let drop = try reception.claim(Self.rows, as: "My rows.csv", into: .dataset)
    let (receipt, changes) = try await reception.live { life in
      let receipt = try await life.take(drop)
      #expect(try await life.catalogue.latestStoredVersion(of: SafeName(from: "My-rows"))?.number == 1)
      return (receipt, life.told)
    }
    let sha256 = SHA256.hash(Self.rows.utf8)
    #expect(
      receipt
        == Receipt(
          id: drop.id, name: "My rows.csv", kind: .dataset, status: .accepted, receivedAt: Specimen.time, decidedAt: Specimen.time,
          size: 21,
          sha256: sha256, path: "workspace/datasets/My-rows/versions/1", result: "My-rows", message: "Dataset 'My-rows': 2 rows of text."))
    #expect(try reception.receipt("My rows.csv") == receipt)
    #expect(
      reception.names() == [
        "workspace/datasets/My-rows/dataset.json", "workspace/datasets/My-rows/versions/1/data/train.jsonl",
        "workspace/datasets/My-rows/versions/1/ingest.json", "workspace/datasets/My-rows/versions/1/original/My rows.csv",
      ])
    #expect(reception.text("workspace/datasets/My-rows/versions/1/original/My rows.csv") == Self.rows)
    #expect(reception.leftovers().isEmpty)
    #expect(changes.changes == 1)
    let card = try JSONParser.parse(try #require(reception.text("workspace/datasets/My-rows/dataset.json")))
    #expect(card["data"]?.string == "workspace/datasets/My-rows/versions/1/data" && card["rows"]?.int == 2)
  }

  @Test func a_dataset_that_is_a_folder() async throws {
    try reception.root.folder.write("one\n", to: "inbox/datasets/pieces/a.txt")
    try reception.root.folder.write("two\n", to: "inbox/datasets/pieces/deeper/b.txt")
    let drop = try reception.claim(reception.inbox.folder(of: .dataset).appending("pieces"))
    let receipt = try await reception.live { try await $0.take(drop) }
    #expect(receipt.status == .accepted && receipt.message == "Dataset 'pieces': 2 rows of text.")
    #expect(reception.text("workspace/datasets/pieces/versions/1/original/pieces/deeper/b.txt") == "two\n")
    #expect(reception.leftovers().isEmpty)
  }

  @Test func the_next_version_of_a_dataset() async throws {
    _ = try await reception.take(Self.rows, as: "rows.csv", into: .dataset)
    let receipt = try await reception.take("other\n", as: "rows.csv", into: .dataset)
    #expect(receipt.message == "Dataset 'rows', version 2: 1 row of text.")
    #expect(receipt.path == "workspace/datasets/rows/versions/2")
    #expect(reception.text("workspace/datasets/rows/versions/1/original/rows.csv") == Self.rows)
    #expect(reception.text("workspace/datasets/rows/versions/2/original/rows.csv") == "other\n")
    let card = try JSONParser.parse(try #require(reception.text("workspace/datasets/rows/dataset.json")))
    #expect(card["version"]?.int == 2 && card["versions"]?.array?.count == 2)
  }

  @Test func a_config_with_a_warning() async throws {
    let text = #"{"training": {"method": "sft"}, "model": {"trust_remote_code": true}}"#
    let receipt = try await reception.take(text, as: "small.json", into: .config)
    #expect(receipt.status == .accepted && receipt.kind == .config && receipt.result == "small")
    #expect(receipt.path == "workspace/configs/small/versions/1.json")
    #expect(
      receipt.message
        == "Config 'small', version 1, is kept. One warning: model.trust_remote_code: no code of a model is ever run here; the field has no effect."
    )
    #expect(receipt.sha256 == SHA256.hash(text.utf8))
    #expect(
      reception.names() == [
        "workspace/configs/small/config.json", "workspace/configs/small/validation.json", "workspace/configs/small/versions/1.json",
      ])
    #expect(reception.text("workspace/configs/small/versions/1.json") == text)
    #expect(reception.text("workspace/configs/small/config.json") == text)
    let validation = try JSONParser.parse(try #require(reception.text("workspace/configs/small/validation.json")))
    #expect(validation["schema"]?.string == "dropforge.validation/1" && validation["findings"]?.array?.count == 1)
  }

  @Test func a_second_config_of_a_name() async throws {
    _ = try await reception.take(Specimen.config, as: "small.json", into: .config)
    let text = #"{"training": {"method": "pretrain", "max_steps": 2}}"#
    let receipt = try await reception.take(text, as: "small.json", into: .config)
    #expect(receipt.message == "Config 'small', version 2, is kept.")
    #expect(reception.text("workspace/configs/small/versions/1.json") == Specimen.config)
    #expect(reception.text("workspace/configs/small/config.json") == text)
  }

  /// Two versions, of which the first one's files come late: after a crash, say. `config.json` stays the newest.
  @Test func a_config_that_is_carried_out_late_puts_no_older_version_into_its_place() async throws {
    let text = #"{"training": {"method": "pretrain", "max_steps": 2}}"#
    try await reception.live { life in
      _ = try await life.take(Specimen.config, as: "small.json", into: .config)
      _ = try await life.take(text, as: "small.json", into: .config)
      let late = Specimen.receipt(Specimen.drop(77), name: "small.json", kind: .config)
      var receipt = late
      (receipt.path, receipt.result) = ("workspace/configs/small/versions/1.json", "small")
      let drop = ClaimedDrop(
        id: late.id, kind: .config, name: "small.json", path: reception.inbox.claim(late.id).appending("small.json"), isFolder: false,
        size: 1, receivedAt: Specimen.time)
      try await life.catalogue.enter(Catalogue.verdict(receipt))
      _ = try await life.take(drop)
    }
    #expect(reception.text("workspace/configs/small/config.json") == text)
    #expect(reception.text("workspace/configs/small/versions/1.json") == Specimen.config)
    let validation = try JSONParser.parse(try #require(reception.text("workspace/configs/small/validation.json")))
    #expect(validation["version"]?.int == 2 && validation["versions"]?.array?.count == 2 && validation["is_valid"]?.bool == true)
  }

  @Test func a_sweep_makes_a_job_for_each_of_its_points() async throws {
    let text =
      #"{"name": "lr", "dataset": "rows", "config": {"training": {"method": "sft"}}, "overrides": {"training.learning_rate": [1e-4, 2e-5, 3e-5]}}"#
    let (receipt, told) = try await reception.live { life in (try await life.take(text, as: "lr.json", into: .job), life.told) }
    #expect(receipt.status == .accepted && receipt.result == "lr-sweep-1" && receipt.path == "workspace/sweeps/lr-sweep-1")
    #expect(
      receipt.message
        == "Sweep 'lr-sweep-1' is here with 3 jobs, 'lr-sweep-1-1' to 'lr-sweep-1-3': the first waiting for the dataset 'rows': drop it into inbox/datasets/."
    )
    #expect(told.jobs.map(\.text) == ["lr-sweep-1-1", "lr-sweep-1-2", "lr-sweep-1-3"])
    #expect(reception.text("workspace/sweeps/lr-sweep-1/job.json") == text)
    let second = try JSONParser.parse(try #require(reception.text("workspace/jobs/lr-sweep-1-2/job.json")))
    #expect(second["overrides"] == ["training.learning_rate": 2e-5] && second["name"] == "lr-sweep-1")
    #expect(reception.leftovers().isEmpty)
  }

  @Test func a_sweep_with_a_point_that_cannot_be_makes_no_job() async throws {
    let text =
      #"{"name": "lr", "dataset": "rows", "config": {"training": {"method": "sft"}}, "overrides": {"training.num_epochs": [1, 0]}}"#
    let receipt = try await reception.take(text, as: "lr.json", into: .job)
    #expect(receipt.status == .rejected)
    #expect(
      receipt.findings?.map(\.description) == [
        "error: training.num_epochs: 0 is outside of what is allowed: greater than 0 (with training.num_epochs 0)"
      ])
    #expect(!reception.names().contains { $0.hasPrefix("workspace/jobs/") })
  }

  @Test func a_job_that_can_run() async throws {
    _ = try await reception.take(Self.rows, as: "rows.csv", into: .dataset)
    let text = Specimen.jobFile("tiny")
    let (receipt, jobs) = try await reception.live { life in
      (try await life.take(text, as: "anything.json", into: .job), life.told)
    }
    #expect(receipt.status == .accepted && receipt.kind == .job && receipt.result == "tiny-1")
    #expect(receipt.path == "workspace/jobs/tiny-1")
    #expect(receipt.message == "Job 'tiny-1' is here: starts next.")
    #expect(jobs.jobs.map(\.text) == ["tiny-1"])
    #expect(reception.text("workspace/jobs/tiny-1/job.json") == text)
    for folder in ["checkpoints", "control"] {
      #expect(LinuxFileSystem().isFolder(reception.root.folder.path.pushing(FilePath("workspace/jobs/tiny-1/\(folder)"))))
    }
    #expect(reception.leftovers().isEmpty)
  }

  @Test func a_job_that_waits_and_one_behind_others() async throws {
    let waiting = try await reception.take(Specimen.jobFile("tiny"), as: "tiny.json", into: .job)
    #expect(waiting.message == "Job 'tiny-1' is here: waiting for the dataset 'rows': drop it into inbox/datasets/.")
    _ = try await reception.take(Self.rows, as: "other.csv", into: .dataset)
    // Behind one that waits for its dataset nobody is queued.
    let first = try await reception.take(#"{"dataset": "other", "config": {"training": {"method": "sft"}}}"#, as: "first.json", into: .job)
    #expect(first.message == "Job 'first-1' is here: starts next.")
    let behind = try await reception.take(
      #"{"dataset": "other", "config": {"training": {"method": "sft"}}}"#, as: "second.json", into: .job)
    #expect(behind.message == "Job 'second-1' is here: queued behind 1 job.")
    let urgent = try await reception.take(
      #"{"dataset": "other", "priority": 1, "config": {"training": {"method": "sft"}}}"#, as: "urgent.json", into: .job)
    #expect(urgent.message == "Job 'urgent-1' is here: starts next.")
    #expect(try await reception.take(Specimen.jobFile("tiny"), as: "tiny.json", into: .job).result == "tiny-2")
  }

  @Test func a_model_that_is_a_folder() async throws {
    try reception.root.folder.write("{}", to: "inbox/models/qwen/config.json")
    try reception.root.folder.write("weights", to: "inbox/models/qwen/model.safetensors")
    let drop = try reception.claim(reception.inbox.folder(of: .model).appending("qwen"))
    let receipt = try await reception.live { try await $0.take(drop) }
    #expect(receipt.status == .accepted && receipt.kind == .model && receipt.result == "qwen")
    #expect(receipt.path == "workspace/models/qwen")
    #expect(
      receipt.message == "Model 'qwen': llama, 1,000 parameters, without a tokenizer that can be used. Jobs can name it. "
        + "There is no tokenizer.json: jobs on this model must name a tokenizer.")
    #expect(
      reception.names() == [
        "workspace/models/qwen/config.json", "workspace/models/qwen/model.json", "workspace/models/qwen/model.safetensors",
      ])
    #expect(reception.leftovers().isEmpty)
  }

  @Test func a_model_that_is_an_archive() async throws {
    let receipt = try await reception.take("packed", as: "qwen.tar.gz", into: .model)
    #expect(receipt.status == .accepted && receipt.result == "qwen")
    #expect(
      reception.names() == [
        "workspace/models/qwen/config.json", "workspace/models/qwen/model.json", "workspace/models/qwen/original/qwen.tar.gz",
      ])
    #expect(reception.text("workspace/models/qwen/original/qwen.tar.gz") == "packed")
    #expect(reception.leftovers().isEmpty)
  }

  @Test func a_request() async throws {
    let drop = try reception.claim(#"{"action": "cancel", "job": "tiny"}"#, as: "cancel.json", into: .request)
    let receipt = try await reception.live(request: { request in
      #expect(request == .cancel(job: "tiny"))
      return .carriedOut("Job 'tiny-1' is being cancelled.")
    }) { try await $0.take(drop) }
    #expect(receipt.status == .accepted && receipt.kind == .request && receipt.message == "Job 'tiny-1' is being cancelled.")
    #expect(receipt.path == "workspace/requests/\(drop.id).json")
    #expect(reception.names() == ["workspace/requests/\(drop.id).json"])
  }

  /// It waits for what is not here, as a job does, and its receipt names it.
  @Test func a_request_to_evaluate_becomes_a_job() async throws {
    let drop = try reception.claim(
      #"{"action": "evaluate", "model": "tiny", "dataset": "rows"}"#, as: "look.json", into: .request)
    let receipt = try await reception.live { try await $0.take(drop) }
    #expect(receipt.status == .accepted && receipt.kind == .job && receipt.result == "tiny-on-rows-1")
    #expect(receipt.path == "workspace/jobs/tiny-on-rows-1")
    #expect(
      receipt.message
        == "Evaluation 'tiny-on-rows-1' is here: waiting for the dataset 'rows': drop it into inbox/datasets/.")
    #expect(LinuxFileSystem().exists(reception.workspace.job(try #require(JobID("tiny-on-rows-1"))).job))
  }

  @Test func warnings_of_the_worker_stand_in_the_receipt() async throws {
    let engine = FakeEngine { work in
      guard case .done = await FakeReading.read(work),
        let order = try? PublishedJSON.decode(IngestOrder.self, from: LinuxFileSystem().contents(of: work.call.path))
      else {
        return .stopped
      }
      let staging = DatasetVersionLayout(folder: FilePath(order.staging))
      let result = Specimen.ingest(rows: 1, badRows: 2, detected: .text, warnings: ["One.", "Two.", "Three.", "Four."])
      do { try LinuxFileSystem().publish(try PublishedJSON.bytes(of: result), to: staging.result) } catch { return .stopped }
      return .done
    }
    let receipt = try await reception.take(Self.rows, as: "rows.csv", into: .dataset, engine: engine)
    #expect(
      receipt.message
        == "Dataset 'rows': 1 row of text, 2 bad rows left out (see bad-rows.jsonl in its folder: mend \"raw\" there and drop it as rows.bad-rows.jsonl). One. Two. Three."
    )
  }
}
