import Domain
import Foundation
import StrictJSON
import TestSupport
import Testing

/// The model learns what there is to learn, and only where there is a loss.
struct LearningTests {
  @Test(arguments: ["llama", "gpt2"])
  func the_first_loss_is_that_of_a_guess_and_the_last_far_below(architecture: String) throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let result = try runs.run("job", Configs.tiny(architecture: architecture, training: ["max_steps": 120, "learning_rate": 0.01]))
    let guess = log(257.0)
    #expect(abs(result.losses[0] - guess) < 0.2, "the first loss is \(result.losses[0]), a guess among 257 is \(guess)")
    let last = try #require(result.evalLosses.last)
    #expect(last < 1.5, "the held-out loss ends at \(last)")
    #expect(result.evalLosses.count == 13)
  }

  @Test func fine_tuning_teaches_the_completions() throws {
    let rows = (0..<200).map {
      #"{"prompt": "\#($0). color \#($0 % 4): ", "completion": "\#(["red", "green", "blue", "white"][$0 % 4])"}"# + "\n"
    }
    .joined()
    let runs = try Runs(rows, named: "colors.jsonl")
    let result = try runs.run("job", Configs.tiny(method: "sft", training: ["max_steps": 150, "learning_rate": 0.01, "max_length": 64]))
    let last = try #require(result.rows.last { $0.evalLoss != nil })
    #expect(try #require(last.evalMeanTokenAccuracy) > 0.97, "the held-out completions are known: \(last)")
    // "red" to "white" and the end-of-text token: 4 to 6 targets a row, and no target in the prompt.
    let tokens = try #require(last.evalTokens)
    #expect(tokens > 20 * 3 && tokens <= 20 * 6, "\(tokens) targets in 20 held-out rows")
  }

  @Test func completion_only_loss_can_be_switched_off() throws {
    let runs = try Runs(Texts.questions, named: "questions.jsonl")
    let on = try runs.run("on", Configs.tiny(method: "sft", training: ["max_length": 64]))
    let off = try runs.run("off", Configs.tiny(method: "sft", training: ["max_length": 64, "completion_only_loss": false]))
    let targets = { (result: Runs.Result) in result.rows.compactMap(\.evalTokens).first ?? 0 }
    #expect(targets(off) > 3 * targets(on))
  }

  @Test func a_loss_that_is_no_number_ends_the_run_with_the_step_and_the_rate() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let config = Configs.tiny(training: ["learning_rate": 1e30, "warmup_steps": 0, "max_grad_norm": 0, "lr_scheduler_type": "constant"])
    let problem = try #require(throws: Problem.self) { try runs.run("job", config) }
    #expect(problem.code == "training.diverged")
    #expect(problem.description.contains("The learning rate was 1e+30 there"))
    #expect(problem.description.contains("There is no checkpoint yet."))
  }
}
