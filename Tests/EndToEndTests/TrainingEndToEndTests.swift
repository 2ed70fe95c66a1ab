import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Files in, a trained model out.
struct TrainingEndToEndTests {
  @Test func a_dropped_job_trains_and_everything_it_leaves_is_true() async throws {
    let agent = try await RunningAgent.start()
    #expect(try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset).status == .accepted)
    let receipt = try await agent.dropAndWait(Jobs.file("sums", dataset: "sums", steps: 80), as: "sums.json", into: .job)
    #expect(receipt.result == "sums-1")
    #expect(receipt.path == "workspace/jobs/sums-1")
    let end = try await agent.end(of: "sums-1")
    #expect(end.state == .completed, "\(end.reason ?? "")")
    #expect(end.progress == 100)
    #expect(end.step == 80)
    let job = try agent.job("sums-1")
    try checkRecords(agent, job, end)
    try await checkModel(agent, job)
    try checkPapers(agent, job)
    _ = try await agent.stop()
  }

  private func checkRecords(_ agent: RunningAgent, _ job: JobLayout, _ end: JobStatus) throws {
    let rows = try agent.text(job.metricRows).split(separator: "\n").map { try PublishedJSON.decode(MetricsRow.self, from: $0.utf8) }
    let losses = rows.compactMap(\.loss)
    #expect(losses.count == 17)  // step 1, and every fifth
    #expect(abs(losses[0] - log(257)) < 0.3)
    #expect(losses[16] < losses[0] - 1.5, "it learns: \(losses)")
    #expect(rows.compactMap(\.evalLoss).count == 9)  // before, and every tenth
    #expect(rows.last?.trainRuntime != nil)
    let summary = try PublishedJSON.decode(MetricsSummary.self, from: try agent.files.contents(of: job.metrics))
    #expect(summary.finalLoss != nil && summary.evalLoss == rows.compactMap(\.evalLoss).last)
    #expect(end.evalLoss == summary.evalLoss)
    #expect(summary.tokensSeen == 80 * 8 * 32)
    let line = /Epoch (\d+)\/(\d+) \[Step (\d+)\/80\] - loss: \d+\.\d{4} - lr: [0-9.e-]+ - accuracy: \d\.\d{3}/
    #expect(try agent.text(job.log).split(separator: "\n").count { $0.wholeMatch(of: line) != nil } == 17)
    #expect(try agent.files.names(in: job.checkpoints).contains { $0.string.hasPrefix("checkpoint-epoch-") })
    #expect(try agent.files.names(in: job.tensorboard).count == 1)
  }

  private func checkModel(_ agent: RunningAgent, _ job: JobLayout) async throws {
    // The loss that `score` gives to a text of the kind is near the one that training reported.
    let scored = try await Programs.run([
      "score", "sums-1", "--root", agent.layout.root.string, "--text", "12 and 3 make 15.\n13 and 4 make", "--json",
    ])
    #expect(scored.code == 0, "\(scored.errors)")
    let score = try JSONParser.parse(scored.output)
    #expect(try #require(score["loss"]?.double) < 3)
    let ids = try #require(score["tokens"]?.array).compactMap(\.int).map(String.init).joined(separator: ",")
    let byIDs = try JSONParser.parse(
      try await Programs.run(["score", job.finalModel.string, "--ids", ids, "--logits", "--json"]).output)
    #expect(byIDs["loss"] == score["loss"])
    let logits = try #require(byIDs["logits"]?.array)
    #expect(logits.count == byIDs["tokens"]?.array?.count)
    #expect(logits.allSatisfy { $0.array?.count == 257 })
    let words = ["generate", "sums", "12 and", "--root", agent.layout.root.string, "--max-tokens", "40"]
    let first = try await Programs.run(words), second = try await Programs.run(words)
    #expect(first.code == 0 && first.output.hasPrefix("12 and"))
    #expect(first.output == second.output)
    #expect(first.output.count > 20)
  }

  private func checkPapers(_ agent: RunningAgent, _ job: JobLayout) throws {
    let card = try agent.text(job.finalModel.appending("README.md"))
    #expect(card.hasPrefix("---\nlibrary_name: transformers\npipeline_tag: text-generation\ndatasets:\n- \"sums\"\n"))
    #expect(card.contains("made from nothing"))
    let manifest = try PublishedJSON.decode(Manifest.self, from: try agent.files.contents(of: job.manifest))
    #expect(manifest.outputs.contains { $0.path == "final_model/model.safetensors" })
    for output in manifest.outputs {
      #expect(try agent.files.sha256(of: job.folder.pushing(FilePath(output.path))).sha256 == output.sha256, "\(output.path)")
    }
    #expect(manifest.inputs.first?.sha256 == SHA256.hash(Jobs.text.utf8))
    let plan = try PublishedJSON.decode(JobPlan.self, from: try agent.files.contents(of: job.plan))
    #expect(plan.measured && plan.verdict != .stop && plan.steps == 80 && plan.time?.evaluations == 9)
    #expect((plan.data?.trainTokens ?? 0) > 1_000 && (plan.actual?.seconds ?? 0) > 0 && (plan.actual?.peakMemory ?? 0) > 0)
    #expect(try agent.text(job.readme).contains(try #require(plan.comparison)))
    #expect(manifest.outputs.contains { $0.path == "plan.json" })
    let config = try JSONParser.parse(try agent.text(job.config))
    #expect(config["training"]?["adam_beta2"]?.double == 0.95)  // a default, filled in
    #expect(try agent.text(job.job) == Jobs.file("sums", dataset: "sums", steps: 80))
  }

  @Test func fine_tuning_goes_on_from_a_finished_job() async throws {
    let agent = try await RunningAgent.start()
    _ = try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset)
    let rows = (0..<80).map { #"{"prompt": "\#($0) and 1 make ", "completion": "\#($0 + 1)"}"# + "\n" }.joined()
    _ = try await agent.dropAndWait(rows, as: "pairs.jsonl", into: .dataset)
    let base = Jobs.file("base", dataset: "sums", training: ["max_length": 64])
    _ = try await agent.dropAndWait(base, as: "base.json", into: .job)
    // Dropped before its base is finished: it waits and says for what.
    let tune = #"""
      {"name": "tuned", "dataset": "pairs",
       "config": {"model": {"name": "base"}, "training": {"method": "sft", "max_steps": 20, "learning_rate": 0.003, "max_length": 32}, "seed": 5}}
      """#
    let receipt = try await agent.dropAndWait(tune, as: "tuned.json", into: .job)
    #expect(receipt.status == .accepted)
    let end = try await agent.end(of: "tuned-1")
    #expect(end.state == .completed, "\(end.reason ?? "")")
    let card = try agent.text(try agent.job("tuned-1").finalModel.appending("README.md"))
    #expect(card.contains("base_model: \"base\""))
    #expect(card.contains("It goes on from `base`."))
    _ = try await agent.stop()
  }

  @Test func a_job_waits_for_its_dataset_and_says_so() async throws {
    let agent = try await RunningAgent.start()
    let receipt = try await agent.dropAndWait(Jobs.file("early", dataset: "sums", steps: 10), as: "early.json", into: .job)
    #expect(receipt.message == "Job 'early-1' is here: waiting for the dataset 'sums': drop it into inbox/datasets/.")
    let waiting = try await agent.job("early-1", is: { $0.state == .pending }, for: "pending")
    #expect(waiting.reason == "waiting for the dataset 'sums': drop it into inbox/datasets/")
    _ = try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset)
    #expect(try await agent.end(of: "early-1").state == .completed)
    _ = try await agent.stop()
  }

  @Test func a_job_that_does_not_fit_its_data_is_told_so() async throws {
    let agent = try await RunningAgent.start()
    _ = try await agent.dropAndWait("id,score\n1,2\n3,4\n5,6\n", as: "numbers.csv", into: .dataset)
    _ = try await agent.dropAndWait(Jobs.file("odd", dataset: "numbers"), as: "odd.json", into: .job)
    let end = try await agent.end(of: "odd-1")
    #expect(end.state == .error)
    #expect(
      end.reason
        == "It cannot be told which columns of the dataset 'numbers' to train on. Its columns are 'id', 'score'. Name the column with the text: \"data\": {\"text_field\": \"COLUMN\"}, and drop the job again."
        .replacing("It cannot", with: "it cannot"))
    _ = try await agent.stop()
  }
}
