import Domain
import Foundation
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Different ways to the same sums.
struct EquivalenceTests {
  @Test func batch_8_is_batch_1_accumulated_8_times() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let wide = try runs.run("wide", Configs.tiny(training: ["batch_size": 8, "gradient_accumulation_steps": 1]))
    let long = try runs.run("long", Configs.tiny(training: ["batch_size": 1, "gradient_accumulation_steps": 8]))
    #expect(wide.losses.count == 20)
    for (a, b) in zip(wide.losses, long.losses) { #expect(abs(a - b) < 2e-5 * abs(a), "\(a) and \(b)") }
    for (a, b) in zip(wide.rows.compactMap(\.gradNorm), long.rows.compactMap(\.gradNorm)) {
      #expect(abs(a - b) < 1e-3 * abs(a), "\(a) and \(b)")
    }
  }

  /// Completions of different lengths: the mean is over the targets of the whole accumulated batch, not a mean of means.
  @Test func accumulation_weighs_tokens_and_not_sequences() throws {
    let runs = try Runs(Texts.questions, named: "questions.jsonl")
    let base: JSONObject = ["max_length": 64]
    var wide = base, long = base
    wide["batch_size"] = 6
    long["batch_size"] = 2
    long["gradient_accumulation_steps"] = 3
    let a = try runs.run("wide", Configs.tiny(method: "sft", training: wide))
    let b = try runs.run("long", Configs.tiny(method: "sft", training: long))
    for (x, y) in zip(a.losses, b.losses) { #expect(abs(x - y) < 2e-5 * abs(x), "\(x) and \(y)") }
  }

  @Test func one_thread_gives_the_losses_of_two() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let one = try runs.run("one", Configs.tiny(), threads: 1)
    let two = try runs.run("two", Configs.tiny(), threads: 2)
    for (a, b) in zip(one.losses, two.losses) { #expect(abs(a - b) < 1e-4 * abs(a), "\(a) and \(b)") }
  }

  @Test func the_same_seed_gives_the_same_bits_and_another_seed_others() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let (a, b) = (try runs.run("a", Configs.tiny()), try runs.run("b", Configs.tiny()))
    let weights = { (result: Runs.Result) in try runs.folders.bytes(result.job.finalModel.appending("model.safetensors")) }
    #expect(try weights(a) == weights(b))
    #expect(try weights(a) != weights(try runs.run("c", Configs.tiny(seed: 8))))
  }

  /// Going on with a finished model is going on with its weights.
  @Test func a_model_trained_here_is_the_base_of_the_next_job() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let first = try runs.run("first", Configs.tiny())
    let config: JSONNode = [
      "model": ["name": "first"], "training": ["method": "pretrain", "max_steps": 1, "batch_size": 4, "max_length": 32], "seed": 7,
    ]
    let order = try runs.folders.prepare("second", config: config, baseModel: first.job.finalModel)
    #expect(order.baseModel != nil)
    let second = try runs.goOn(order)
    let before = try #require(second.evalLosses.first), after = try #require(first.evalLosses.last)
    #expect(abs(before - after) < 1e-6, "\(before) and \(after)")
  }
}
