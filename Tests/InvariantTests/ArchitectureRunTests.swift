import Domain
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Every architecture from nothing, through the whole of a run.
struct ArchitectureRunTests {
  @Test(arguments: ["mistral", "qwen2", "qwen3", "doge", "doge2"])
  func an_architecture_made_from_nothing_learns_and_is_resumed_to_the_same_bits(_ architecture: String) throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let config = Configs.tiny(architecture: architecture, model: ["num_key_value_heads": 2])
    let whole = try runs.run("whole", config)
    #expect((whole.losses.last ?? 9) < (whole.losses.first ?? 0))
    try runs.run("cut", config, stoppedAfter: 9)
    let last = try runs.run("cut", config)
    let weights = { (result: Runs.Result) in try runs.folders.bytes(result.job.finalModel.appending("model.safetensors")) }
    #expect(try weights(last) == weights(whole))
    let json = try JSONParser.parse(runs.folders.bytes(last.job.finalModel.appending("config.json")))
    #expect(json["model_type"]?.string == architecture)
  }

  @Test func a_mixture_of_experts_is_made_and_is_what_it_was_as_the_base_of_the_next_job() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let shape: JSONObject = ["is_moe": true, "num_experts": 16, "num_experts_per_tok": 2, "output_router_logits": true]
    let first = try runs.run("first", Configs.tiny(architecture: "doge", model: shape))
    let json = try JSONParser.parse(runs.folders.bytes(first.job.finalModel.appending("config.json")))
    #expect(json["is_moe"] == true && json["router_split"] == "fixed" && json["num_experts"] == 16)
    func next(_ split: String?) throws -> Double {
      var model: JSONObject = ["name": "first"]
      if let split { model["router_split"] = JSONNode(.string(split)) }
      let config: JSONNode = [
        "model": JSONNode(.object(model)), "training": ["method": "pretrain", "max_steps": 1, "batch_size": 4, "max_length": 32], "seed": 7,
      ]
      return try #require(
        runs.goOn(try runs.folders.prepare("next-\(split ?? "")", config: config, baseModel: first.job.finalModel)).evalLosses.first)
    }
    let after = try #require(first.evalLosses.last)
    #expect(abs(try next(nil) - after) < 1e-6)
    #expect(abs(try next("hf") - after) > 1e-6)
  }
}
