import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// What the command says, and its exit codes.
struct CommandTests {
  @Test func drop_waits_for_the_receipt_and_for_the_end_of_a_job() async throws {
    let agent = try await RunningAgent.start()
    let root = ["--root", agent.layout.root.string]
    let work = try TemporaryFolder()
    let text = try work.write(Jobs.text, to: "sums.txt")
    let job = try work.write(Jobs.file("quick", dataset: "sums", steps: 5), to: "quick.json")
    let dropped = try await Programs.run(["drop", text.string, "--wait"] + root)
    #expect(dropped.code == 0 && dropped.output == "Dataset 'sums': 1 row of text.\n", "\(dropped)")
    let ran = try await Programs.run(["drop", job.string, "--wait"] + root)
    #expect(ran.code == 0, "\(ran)")
    #expect(ran.output.hasPrefix("Job 'quick-1' is here: starts next. One warning: training.eval_steps: 10 steps are more than"))
    #expect(ran.output.hasSuffix("quick-1 completed\n"))
    let cut = try work.write("{", to: "bad.json")
    let refused = try await Programs.run(["drop", cut.string, "--kind", "job", "--wait"] + root)
    #expect(refused.code == 1)
    let log = try await Programs.run(["logs", "quick", "-f"] + root)
    #expect(log.code == 0 && log.output.contains("Epoch 1/1 [Step 5/5] - loss: "))
    let status = try JSONParser.parse(try await Programs.run(["status", "--json"] + root).output)
    #expect(status["agent_running"] == true)
    #expect(status["jobs"]?.array?.first?["state"] == "completed")
    #expect(try await Programs.run(["status"] + root).output.contains("quick-1  completed"))
    let doctor = try await Programs.run(["doctor", "--json"] + root)
    let symptoms = try #require(try JSONParser.parse(doctor.output)["symptoms"]?.array)
    // Tests beside this one may have used up the user's inotify instances for a moment; nothing else may be wrong here.
    let bad = symptoms.filter { $0["verdict"] == "bad" }
    #expect(bad.allSatisfy { $0["what"] == "inotify" }, "\(doctor)")
    #expect(doctor.code == (bad.isEmpty ? 0 : 1), "\(doctor)")
    #expect(symptoms.contains { $0["what"] == "kernels" })
    _ = try await agent.stop()
  }

  @Test func without_an_agent_a_drop_lies_ready_and_waiting_is_refused() async throws {
    let work = try TemporaryFolder()
    let root = ["--root", work.path.string]
    #expect(try await Programs.run(["init", work.path.string]).code == 0)
    let file = try work.write("some text", to: "rows.txt")
    let waiting = try await Programs.run(["drop", file.string, "--wait"] + root)
    #expect(waiting.code == 69)
    #expect(waiting.errors == "The agent is not running, so nothing would answer. Start it with: dropforge agent --root \(work.path)\n")
    let placed = try await Programs.run(["drop", file.string] + root)
    #expect(placed.code == 0)
    #expect(placed.output == "rows.txt lies in inbox/datasets/. The agent is not running: it takes the file when it starts.\n")
    #expect(try await Programs.run(["status"] + root).output.hasPrefix("agent not running; start it with: "))
    let agent = try await RunningAgent.start(on: work)
    #expect(try await agent.receipt("rows.txt").status == .accepted)
    _ = try await agent.stop()
  }

  @Test func check_gives_the_agents_verdict_without_taking_anything() async throws {
    let work = try TemporaryFolder()
    let good = try work.write("a,b\n1,2\n3,4\n", to: "good.csv")
    let bad = try work.write(#"[{"text": "x"},]"#, to: "bad.json")
    let job = try work.write(#"{"dataset": "d", "config": {"training": {"method": "sft", "learning_rate": 5}}}"#, to: "job.json")
    let misspelt = try work.write(#"{"dataset": "d", "config": {"training": {"methd": "sft"}}}"#, to: "misspelt.json")
    let fine = try await Programs.run(["check", good.string])
    #expect(fine.code == 0 && fine.output.hasPrefix("Dataset 'good': 2 rows of table."), "\(fine)")
    let refused = try await Programs.run(["check", bad.string, "--kind", "dataset"])
    #expect(refused.code == 1)
    #expect(
      refused.output
        == "bad.json (line 1, character 15, byte 14): it is not valid JSON. A comma stands before the closing ]; JSON allows none there. Remove that comma and drop the file again.\n"
    )
    let warned = try await Programs.run(["check", job.string])
    #expect(warned.code == 0)
    #expect(warned.output.contains("warning: training.learning_rate (line 1): 5 is unusual for sft"))
    let typo = try await Programs.run(["check", misspelt.string])
    #expect(typo.code == 1)
    #expect(typo.output.contains("error: training.methd (line 1): no such field. Did you mean \"method\"?"))
    #expect(try LinuxFileSystem().names(in: work.path).map(\.string) == ["bad.json", "good.csv", "job.json", "misspelt.json"])
  }

  @Test func wrong_words_end_with_64_and_a_missing_model_with_1() async throws {
    #expect(try await Programs.run(["frobnicate"]).code == 64)
    #expect(try await Programs.run(["score", "nothing"]).code == 64)
    let missing = try await Programs.run(["generate", "nothing", "x"])
    #expect(missing.code == 1)
    #expect(missing.errors.hasPrefix("There is no model 'nothing': neither a folder with a config.json, nor a model or a finished job in "))
    let nowhere = try await Programs.run(["status", "--root", "/nonexistent"])
    #expect(nowhere.code == 64)
  }

  /// `score` from outside: a plain Hugging Face folder without a tokenizer.
  @Test func score_takes_a_plain_folder() async throws {
    let folder = Fixtures.path("golden/llama")
    let scored = try await Programs.run(["score", folder.string, "--ids", "5,17,99,3,42,8,61,77,12,30,2,7", "--logits", "--json"])
    #expect(scored.code == 0, "\(scored.errors)")
    let score = try JSONParser.parse(scored.output)
    let expected = try JSONParser.parse(try LinuxFileSystem().contents(of: folder.appending("expected.json")))
    #expect(abs(try #require(score["loss"]?.double) - (try #require(expected["loss_row0"]?.double))) < 1e-4)
    let (rows, wanted) = (try #require(score["logits"]?.array), try #require(expected["logits_row0_alone_all"]?.array))
    for (row, want) in zip(rows, wanted) {
      for (a, b) in zip(row.array ?? [], want.array ?? []) { #expect(abs((a.double ?? 9) - (b.double ?? -9)) < 1e-4) }
    }
    #expect(rows.count == 12 && wanted.count == 12)
  }
}
