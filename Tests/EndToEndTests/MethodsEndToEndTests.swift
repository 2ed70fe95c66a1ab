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
