import Domain
import Foundation
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Every config and recipe of other projects at hand, and what the check says of each: word for word in
/// Tests/Fixtures/configs/findings.txt, written anew when RECORD=1 is set.
struct ForeignConfigTests {
  @Test func every_config_of_other_trainers_is_answered_as_recorded() throws {
    let path = Fixtures.path("configs/findings.txt")
    let said = try Self.all().map { name, findings in
      "== \(name)\n" + (findings.isEmpty ? "nothing\n" : findings.map { "\($0)\n" }.joined())
    }.joined(separator: "\n")
    if ProcessInfo.processInfo.environment["RECORD"] == "1" { try LinuxFileSystem().publish(said.utf8, to: path) }
    let recorded = String(decoding: try LinuxFileSystem().contents(of: path), as: UTF8.self)
    #expect(said == recorded, "the check says something else of a config of others: RECORD=1 make test writes it anew")
  }

  /// A field that nobody knows is a field that is passed over.
  @Test func no_field_of_theirs_is_unknown() throws {
    for (name, findings) in try Self.all() {
      #expect(!findings.contains { $0.message.contains("no such field") }, "\(name): \(findings.errors)")
    }
  }

  private static func all() throws -> [(String, [Finding])] {
    let (files, folder) = (LinuxFileSystem(), Fixtures.path("configs"))
    var all: [(String, [Finding])] = []
    for name in try files.names(in: folder).map(\.string).sorted() where name.hasSuffix(".json") {
      let bytes = try files.contents(of: folder.pushing(FilePath(name)))
      all.append((name, Configuration.decode(try JSONParser.parse(bytes), source: ConfigSource(Array(bytes))).1))
    }
    let recipes = try files.contents(of: folder.appending("smalldoge_recipes.jsonl"))
    for line in String(decoding: recipes, as: UTF8.self).split(separator: "\n") {
      let node = try JSONParser.parse(Array(line.utf8))
      all.append((node["_recipe"]?.string ?? "?", Configuration.decode(node, source: .none).1))
    }
    return all
  }
}

struct FlatRecipeTests {
  private func decode(_ text: String) throws -> (Configuration, [String]) {
    let (configuration, findings) = Configuration.decode(try JSONParser.parse(text), source: ConfigSource(Array(text.utf8)))
    return (configuration, findings.map(\.description))
  }

  @Test func fields_of_one_flat_object_come_into_their_sections() throws {
    let (configuration, findings) = try decode(
      """
      {"method": "pretrain", "learning_rate": 0.008, "max_steps": 8000, "per_device_train_batch_size": 1,
       "warmup_steps": 800, "seed": 233, "max_seq_length": 128, "dataset_text_field": "story", "logging_dir": "x",
       "model_name_or_path": "SmallDoge/Doge-20M", "model_config": {"model_type": "doge", "hidden_size": 256},
       "tokenizer_name_or_path": "byte", "dataset_name": "fineweb", "push_to_hub": true, "report_to": ["wandb"]}
      """)
    #expect(configuration.training.method == .pretrain && configuration.training.learningRate == 0.008)
    #expect(
      configuration.training.maximumSteps == 8000 && configuration.training.batchSize == 1 && configuration.training.maximumLength == 128)
    #expect(configuration.seed == 233 && configuration.data.textField == "story" && configuration.tokenizer.name == "byte")
    #expect(configuration.model.name == "scratch" && configuration.model.architecture == .doge && configuration.model.hiddenSize == 256)
    #expect(
      findings == [
        #"warning: model_config (line 3): the shape of a model made from nothing stands here, so "SmallDoge/Doge-20M" is not loaded"#,
        #"warning: dataset_name (line 4): the job says which dataset is trained on: "dataset" in the job file"#,
        "warning: training.logging_dir (line 2): event files lie in the job's own folder, tensorboard/",
        "warning: training.push_to_hub (line 4): nothing is sent anywhere: results lie in the job's folder; the field has no effect",
        "warning: training.report_to (line 4): nothing is sent anywhere: metrics.jsonl and tensorboard/ in the job's folder hold the run",
      ])
  }

  @Test func a_recipe_has_a_method_and_no_unknown_field() throws {
    let (_, findings) = try decode(#"{"learning_rate": 1e-4, "learning_rat": 1}"#)
    let methods = TrainingMethod.allCases.map(\.rawValue).joined(separator: ", ")
    #expect(
      findings == [
        "error: learning_rat (line 1): no such field; known here: model, tokenizer, training, data, tools, evaluation, tensorboard, seed, name, description, schema, $schema, version",
        "error: training.method (line 1): this field is missing; it is one of \(methods)",
      ])
  }

  @Test func a_secret_is_refused() throws {
    let (_, findings) = try decode(#"{"training": {"method": "sft", "hub_token": "hf_x"}, "model": {"name": "m", "token": "hf_x"}}"#)
    #expect(
      findings == [
        "error: model.token (line 1): a secret does not belong into a file that is kept; remove it",
        "error: training.hub_token (line 1): a secret does not belong into a file that is kept; remove it",
      ])
  }

  /// What asks for nothing needs no answer, and is not written into the resolved config.
  @Test func a_field_of_others_that_asks_for_nothing_is_passed() throws {
    let (configuration, findings) = try decode(
      #"{"training": {"method": "sft", "push_to_hub": false, "report_to": "none", "deepspeed": null, "do_train": true, "stride": 0}, "model": {"name": "m", "attn_implementation": "sdpa", "use_cache": false}, "tokenizer": {"add_eos_token": true}}"#
    )
    #expect(findings.isEmpty)
    #expect(configuration.node["training"]?["push_to_hub"] == nil)
  }
}
