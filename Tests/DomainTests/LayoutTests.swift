import Domain
import SystemPackage
import Testing

struct LayoutTests {
  let layout = RootLayout(root: "/srv/dropforge")

  @Test func the_inbox_is_as_the_contract_says() {
    let inbox = layout.inbox
    #expect(
      DropKind.allCases.map { layout.relative(inbox.folder(of: $0)) } == [
        "inbox/datasets", "inbox/configs", "inbox/jobs", "inbox/models", "inbox/requests",
      ])
    #expect(layout.relative(inbox.receipt(forFileNamed: "my rows.csv")) == "inbox/receipts/my-rows.csv.receipt.json")
    let id = DropID(at: Timestamp(nanoseconds: 1_795_247_283_000_000_000), random: 0x5F0C_21A9)
    #expect(
      layout.relative(inbox.rejection(of: "my rows.csv", at: Timestamp(nanoseconds: 1_795_247_283_000_000_000), id: id))
        == "inbox/rejected/20261121T074803Z-my-rows.csv-21a9")
    #expect(layout.relative(inbox.claim(id)) == "inbox/.claimed/d-20261121T074803Z-5f0c21a9")
    #expect(
      inbox.watched.map(layout.relative) == ["inbox", "inbox/datasets", "inbox/configs", "inbox/jobs", "inbox/models", "inbox/requests"])
    #expect(
      Set(inbox.folders.map(layout.relative))
        == Set(inbox.watched.map(layout.relative) + ["inbox/receipts", "inbox/rejected", "inbox/.claimed"]))
  }

  @Test func the_workspace_is_as_the_contract_says() throws {
    let workspace = layout.workspace
    let dataset = workspace.dataset(SafeName(from: "reviews"))
    let job = workspace.job(try #require(JobID("tiny-1")))
    let paths: [(FilePath, String)] = [
      (workspace.status, "status.json"), (workspace.catalogue, "catalogue.sqlite"), (dataset.card, "datasets/reviews/dataset.json"),
      (dataset.version(2).rows(split: "train"), "datasets/reviews/versions/2/data/train.jsonl"),
      (dataset.version(2).index(split: "train"), "datasets/reviews/versions/2/data/train.index"),
      (dataset.version(2).badRows, "datasets/reviews/versions/2/bad-rows.jsonl"),
      (dataset.version(2).result, "datasets/reviews/versions/2/ingest.json"),
      (dataset.version(2).original, "datasets/reviews/versions/2/original"),
      (dataset.tokenization("ab").card, "datasets/reviews/tokenizations/ab/tokenization.json"),
      (dataset.tokenization("ab").tokens(split: "train"), "datasets/reviews/tokenizations/ab/train.tokens"),
      (dataset.tokenization("ab").sequences(split: "train"), "datasets/reviews/tokenizations/ab/train.sequences"),
      (workspace.config(SafeName(from: "small")).latest, "configs/small/config.json"),
      (workspace.config(SafeName(from: "small")).version(3), "configs/small/versions/3.json"),
      (workspace.config(SafeName(from: "small")).validation, "configs/small/validation.json"),
      (workspace.model(SafeName(from: "qwen")).card, "models/qwen/model.json"),
      (job.job, "jobs/tiny-1/job.json"), (job.config, "jobs/tiny-1/config.json"), (job.plan, "jobs/tiny-1/plan.json"),
      (job.status, "jobs/tiny-1/status.json"),
      (job.metricRows, "jobs/tiny-1/metrics.jsonl"), (job.metrics, "jobs/tiny-1/metrics.json"), (job.log, "jobs/tiny-1/log.txt"),
      (job.tensorboard, "jobs/tiny-1/tensorboard"), (job.checkpoint(epoch: 1).folder, "jobs/tiny-1/checkpoints/checkpoint-epoch-1"),
      (job.checkpoint(step: 500).folder, "jobs/tiny-1/checkpoints/checkpoint-step-500"), (job.finalModel, "jobs/tiny-1/final_model"),
      (job.evaluation, "jobs/tiny-1/evaluation.json"), (job.samples, "jobs/tiny-1/samples.md"), (job.manifest, "jobs/tiny-1/manifest.json"),
      (job.readme, "jobs/tiny-1/README.md"), (job.report, "jobs/tiny-1/report.html"), (job.control(.cancel), "jobs/tiny-1/control/CANCEL"),
      (job.control(.pause), "jobs/tiny-1/control/PAUSE"), (job.control(.resume), "jobs/tiny-1/control/RESUME"),
    ]
    for (path, relative) in paths { #expect(layout.relative(path) == "workspace/" + relative) }
  }

  @Test func relative_and_absolute_are_each_others_inverse() {
    for path in layout.folders { #expect(layout.absolute(layout.relative(path)) == path) }
    #expect(layout.relative("/elsewhere/x") == "/elsewhere/x")
    #expect(layout.relative("/srv/dropforge-other/x") == "/srv/dropforge-other/x")
  }

  @Test func every_folder_stands_below_the_root_and_none_twice() {
    let folders = layout.folders
    #expect(Set(folders).count == folders.count)
    #expect(folders.allSatisfy { $0.starts(with: layout.root) })
    for folder in folders where folder.removingLastComponent() != layout.root { #expect(folders.contains(folder.removingLastComponent())) }
  }
}
