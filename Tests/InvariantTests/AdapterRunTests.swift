import Domain
import Kernels
import LanguageModels
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Runs that train an adapter beside a model, and what they leave.
struct AdapterRunTests {
  /// A finished model to train beside.
  private func base(_ runs: Runs, _ architecture: String) throws -> FilePath {
    try runs.run("base", Configs.tiny(architecture: architecture)).job.finalModel
  }

  private func config(_ training: JSONObject = [:]) -> JSONNode {
    var section: JSONObject = [
      "method": "sft", "max_steps": 12, "batch_size": 2, "max_length": 32, "learning_rate": 0.003, "logging_steps": 1, "eval_steps": 6,
      "recovery_seconds": 3600, "use_lora": true, "lora_r": 4, "lora_dropout": 0.1, "lora_target_modules": "all-linear",
    ]
    for member in training.members { section[member.key] = member.node }
    return ["model": ["name": "base"], "training": JSONNode(.object(section)), "seed": 7]
  }

  @Test(arguments: ["llama", "qwen3", "doge", "gpt2"])
  func an_adapter_learns_is_resumed_to_the_same_bits_and_is_all_that_is_kept(_ architecture: String) throws {
    let runs = try Runs(Texts.counting, named: "counting.txt"), base = try base(runs, architecture)
    func run(_ name: String, stoppedAfter: Int? = nil) throws -> Runs.Result {
      try runs.goOn(try runs.folders.prepare(name, config: config(), baseModel: base), stoppedAfter: stoppedAfter)
    }
    let whole = try run("whole")
    #expect(whole.exit == .done)
    #expect((whole.losses.last ?? 9) < (whole.losses.first ?? 0))
    let cut = try run("cut", stoppedAfter: 7)
    #expect(cut.exit == .stopped)
    let checkpoint = cut.job.checkpoint(step: 7)
    let files = runs.folders.files
    #expect(
      files.exists(checkpoint.folder.appending("adapter_model.safetensors"))
        && !files.exists(checkpoint.folder.appending("model.safetensors")))
    // Two moments a trained number: not one of the base's.
    let moments = try SafetensorsFile(checkpoint.optimizer).names
    #expect(moments.allSatisfy { $0.contains(".lora_A.weight") || $0.contains(".lora_B.weight") })
    let last = try run("cut")
    #expect(last.losses == whole.losses && last.evalLosses == whole.evalLosses)
    let adapter = { (result: Runs.Result) in try runs.folders.bytes(result.job.finalModel.appending("adapter_model.safetensors")) }
    #expect(try adapter(last) == adapter(whole))
    #expect(!files.exists(whole.job.finalModel.appending("model.safetensors")))
    let json = try JSONParser.parse(runs.folders.bytes(whole.job.finalModel.appending("adapter_config.json")))
    #expect(json["r"] == 4 && json["lora_alpha"] == 8 && json["base_model_name_or_path"]?.string == base.string)

    // What was published is a model of its own for the next job: base and adapter together.
    let plain: JSONNode = [
      "model": ["name": "whole"], "training": ["method": "sft", "max_steps": 1, "batch_size": 2, "max_length": 32], "seed": 7,
    ]
    let next = try runs.goOn(try runs.folders.prepare("next", config: plain, baseModel: whole.job.finalModel))
    #expect(abs(try #require(next.evalLosses.first) - (try #require(whole.evalLosses.last))) < 1e-4)
  }

  @Test func on_request_the_adapter_is_merged_into_the_model() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt"), base = try base(runs, "qwen2")
    let apart = try runs.goOn(try runs.folders.prepare("apart", config: config(), baseModel: base))
    let merged = try runs.goOn(try runs.folders.prepare("merged", config: config(["merge_lora": true]), baseModel: base))
    #expect(apart.losses == merged.losses)
    let files = runs.folders.files, team = ThreadTeam(count: 2)
    #expect(files.exists(merged.job.finalModel.appending("model.safetensors")))
    #expect(!files.exists(merged.job.finalModel.appending("adapter_model.safetensors")))
    let (left, right) = (try LanguageModel.load(merged.job.finalModel, on: team), try LanguageModel.load(apart.job.finalModel, on: team))
    for tensor in left.layout.tensors {
      #expect(try #require(left.parameters[tensor.name]).elementsEqual(try #require(right.parameters[tensor.name])), "\(tensor.name)")
    }
  }

  @Test func a_target_that_the_model_does_not_have_is_refused_before_anything_trains() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt"), base = try base(runs, "llama")
    let order = try runs.folders.prepare("wrong", config: config(["lora_target_modules": ["c_attn"]]), baseModel: base)
    let problem = #expect(throws: Problem.self) { try runs.goOn(order) }
    #expect(problem?.what == "The model has no linear layer \"c_attn\" that an adapter could stand beside.")
  }
}
