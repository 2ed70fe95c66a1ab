import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Pairs and prompts in, a model that has learned from them out; what does not fit is refused with its mend.
struct MethodsEndToEndTests {
  private static let pairs = (0..<120).map {
    #"{"prompt": "Count \#($0): ", "chosen": "\#($0 + 1)", "rejected": "well, no\#($0 % 3)"}"# + "\n"
  }.joined()

  @Test func dropped_pairs_and_prompts_are_trained_on() async throws {
    let agent = try await RunningAgent.start(settings: ["settle_seconds": 0.5, "allow_reward_commands": true])
    #expect(try await agent.dropAndWait(Self.pairs, as: "pairs.jsonl", into: .dataset).status == .accepted)
    let dpo = Jobs.file("prefer", dataset: "pairs", method: "dpo", steps: 40, training: ["learning_rate": 0.01, "max_length": 64])
    #expect(try await agent.dropAndWait(dpo, as: "prefer.json", into: .job).result == "prefer-1")
    let end = try await agent.end(of: "prefer-1")
    #expect(end.state == .completed, "\(end.problem?.description ?? "")")
    #expect(end.accuracy == 1)
    let job = try agent.job("prefer-1"), log = try agent.text(job.log)
    #expect(log.contains("Epoch 1/3 [Step 1/40] - loss: 0.6931 - lr: "))
    let card = try agent.text(job.finalModel.appending("README.md"))
    #expect(card.contains("| pairs whose chosen answer is preferred | 0.0000 | 1.0000 | |"))
    #expect(try agent.text(job.readme).contains("`reference.json`"))

    let sums = (0..<60).map { "\($0 % 9) + \($0 / 9) =,\($0 % 9 + $0 / 9)\n" }.joined()
    #expect(try await agent.dropAndWait("problem,solution\n" + sums, as: "sums.csv", into: .dataset).status == .accepted)
    // The program of a reward rewards digits; another one fails, which ends nothing.
    let script = "import json, sys\nfor line in sys.stdin: print(sum(c.isdigit() for c in json.loads(line)['completion']) / 4)\n"
    try agent.files.publish(script.utf8, to: agent.layout.root.appending("score.py"))
    let grpo = Jobs.file(
      "reward", dataset: "sums", method: "ppo", steps: 6,
      training: [
        "batch_size": 8, "num_generations": 4, "max_completion_length": 4, "max_length": 32,
        "rewards": [
          [
            "name": "command", "command": ["python3", JSONNode(.string(agent.layout.root.appending("score.py").string))], "label": "digits",
          ],
          "command:/no/such/program",
        ],
      ])
    let receipt = try await agent.dropAndWait(grpo, as: "reward.json", into: .job)
    #expect(receipt.message.contains("\"ppo\" is run as grpo"), "\(receipt.message)")
    let done = try await agent.end(of: "reward-1")
    #expect(done.state == .completed, "\(done.problem?.description ?? "")")
    let reward = try agent.job("reward-1"), said = try agent.text(reward.log)
    #expect(said.contains("The reward 'command' failed (once so far): '/no/such/program' cannot be started: No such file or directory."))
    let answers = try agent.text(reward.completions(step: 1)).split(separator: "\n").map { try JSONParser.parse(String($0)) }
    #expect(answers.count == 8)
    for answer in answers {
      let digits = try #require(answer["completion"]?.string).count { $0.isASCII && $0.isNumber }
      #expect(answer["rewards"]?["digits"]?.double == Double(digits) / 4)
    }
    _ = try await agent.stop()
  }

  /// Killed in the middle, with its worker, an evaluation on request begins again and ends with the same figures.
  @Test func a_model_is_measured_on_request_through_a_kill() async throws {
    var agent = try await RunningAgent.start()
    let rows = { (numbers: Range<Int>) in
      numbers.map { #"{"prompt": "After \#($0) comes ", "completion": "\#($0 + 1)"}"# + "\n" }.joined()
    }
    #expect(try await agent.dropAndWait(rows(0..<200), as: "steps.jsonl", into: .dataset).status == .accepted)
    let request = #"{"action": "evaluate", "model": "count", "dataset": "further", "prompts": ["After 7 comes "], "max_samples": 4000}"#
    let receipt = try await agent.dropAndWait(request, as: "look.json", into: .request)
    #expect(receipt.status == .accepted && receipt.kind == .job && receipt.result == "count-on-further-1")
    #expect(receipt.message == "Evaluation 'count-on-further-1' is here: waiting for the dataset 'further': drop it into inbox/datasets/.")
    #expect(try await agent.dropAndWait(rows(200..<9_000), as: "further.jsonl", into: .dataset).status == .accepted)
    _ = try await agent.dropAndWait(Jobs.file("count", dataset: "steps", method: "sft", steps: 10), as: "count.json", into: .job)
    _ = try await agent.job("count-on-further-1", is: { $0.state == .evaluating || $0.state.isFinal }, for: "its evaluation")
    try await agent.killEverything()
    agent = try await RunningAgent.start(on: agent.folder)
    let end = try await agent.end(of: "count-on-further-1")
    #expect(end.state == .completed, "\(end.reason ?? "")")
    let job = try agent.job("count-on-further-1")
    let record = try PublishedJSON.decode(EvaluationRecord.self, from: try agent.files.contents(of: job.evaluation))
    #expect(record.isOnRequest == true && record.baseModel == "count" && record.testSet.sequences == 4_000 && record.remarks == nil)
    let loss = try #require(record.metrics.after?.loss)
    #expect(end.evalLoss == loss)
    #expect(try agent.text(job.samples).contains("After 7 comes "))
    let shown = try await Programs.run(["evaluations", "show", "count-on-further", "--root", agent.layout.root.string])
    #expect(shown.output.contains("count-on-further-1: count, ") && shown.output.contains("on request"), "\(shown.output)\(shown.errors)")
    // Once more, undisturbed: the same figures; and by the command.
    let sent = try await Programs.run(
      ["evaluate", "count", "further", "--max-samples", "4000", "--metrics", "loss, accuracy", "--root", agent.layout.root.string])
    #expect(sent.code == 0 && sent.output.hasPrefix("Evaluation 'count-on-further-2' is here: "), "\(sent.output)\(sent.errors)")
    #expect(try await agent.end(of: "count-on-further-2").evalLoss == loss)
    let refused = try await Programs.run(["evaluate", "count", "further", "--split", "test", "--root", agent.layout.root.string])
    #expect(
      refused.code == 1
        && refused.output
          == "split: the dataset 'further' has no split 'test'. Its only split is 'train'. Mend the field and drop the request again.\n",
      "\(refused.output)\(refused.errors)")
    _ = try await agent.stop()
  }

  @Test func what_does_not_fit_is_refused_with_its_mend() async throws {
    let agent = try await RunningAgent.start()
    #expect(try await agent.dropAndWait(Self.pairs, as: "pairs.jsonl", into: .dataset).status == .accepted)
    func problem(_ name: String, _ method: String, _ training: JSONObject = [:]) async throws -> Problem? {
      _ = try await agent.dropAndWait(
        Jobs.file(name, dataset: "pairs", method: method, steps: 2, training: training), as: "\(name).json", into: .job)
      let end = try await agent.end(of: "\(name)-1")
      #expect(end.state == .error)
      return end.problem
    }
    #expect(try await problem("tuned", "sft")?.code == "data.does-not-fit")
    let command = try await problem(
      "scored", "grpo", ["batch_size": 8, "max_completion_length": 8, "max_length": 32, "rewards": ["command:python3 score.py"]])
    #expect(command?.code == "reward.command-not-allowed")
    let answer = try await problem("judged", "grpo", ["batch_size": 8, "max_completion_length": 8, "max_length": 32])
    #expect(answer?.code == "data.no-answer")
    _ = try await agent.stop()
  }
}
