import Domain
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Every template, run by an agent to a model: shortened by overrides, otherwise as it lies there.
struct TemplateRunTests {
  @Test func every_template_trains() async throws {
    let agent = try await RunningAgent.start()
    let folder = Fixtures.repository.appending("templates")
    for name in try agent.files.names(in: folder.appending("data")) where name.extension != "md" {
      try agent.drop(try agent.files.contents(of: folder.appending("data").appending(name)), as: name.string, into: .dataset)
    }
    let play = try agent.files.contents(of: Fixtures.repository.pushing(FilePath("Demo/tinyshakespeare.txt"))).prefix(20_000)
    try agent.drop(play, as: "tinyshakespeare.txt", into: .dataset)
    var jobs: [String] = []
    for name in try agent.files.names(in: folder).filter({ $0.extension == "json" }).sorted(by: { $0.string < $1.string }) {
      let node = try JSONParser.parse(try agent.files.contents(of: folder.appending(name)))
      jobs.append(try #require(node["name"]?.string) + "-1")
      try agent.drop(try shortened(node).text(), as: name.string, into: .job)
    }
    #expect(jobs.count > 10)
    for job in jobs {
      let end = try await agent.end(of: job)
      #expect(end.state == .completed, "\(job): \(end.reason ?? "")")
      let card = try PublishedJSON.decode(TrainedModelCard.self, from: try agent.files.contents(of: try agent.job(job).modelCard))
      let isNext = ["verdict-continued", "verdict-lora", "hybrid-dpo", "numbers-rewarded"].contains(card.name.text)
      #expect((card.kind == .fineTuned) == isNext, "\(job): \(card.kind)")
    }
    _ = try await agent.stop()
  }

  /// Two steps of a model that is small in every direction.
  private func shortened(_ template: JSONNode) throws -> JSONNode {
    var object = try #require(template.object)
    let config = try #require(template["config"])
    let training = try #require(config["training"]?.object), model = config["model"]?.object
    var overrides: JSONObject = [
      "training.max_steps": 2, "training.threads": 1, "training.eval_steps": 2, "training.logging_steps": 1, "evaluation.sample_tokens": 4,
    ]
    func set(_ path: String, _ value: Int, where isThere: Bool) { if isThere { overrides[path] = JSONNode(.number(JSONNumber(value))) } }
    set("training.gradient_accumulation_steps", 1, where: training["gradient_accumulation_steps"] != nil)
    set("training.warmup_steps", 1, where: training["warmup_steps"] != nil)
    set("training.num_decay_steps", 1, where: training["num_decay_steps"] != nil)
    set("training.batch_size", 8, where: training["num_generations"] != nil)
    set("training.max_length", 64, where: (training["max_length"]?.int ?? 0) > 256)
    set("model.hidden_size", 32, where: model != nil)
    set("model.num_hidden_layers", 1, where: model != nil)
    set("model.num_attention_heads", 2, where: model != nil)
    set("model.num_key_value_heads", 1, where: model?["num_key_value_heads"] != nil)
    set("model.intermediate_size", 64, where: model?["intermediate_size"] != nil)
    object["overrides"] = JSONNode(.object(overrides))
    return JSONNode(.object(object))
  }
}
