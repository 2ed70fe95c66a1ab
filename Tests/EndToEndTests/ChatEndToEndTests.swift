import Domain
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Conversations dropped, a model with a chat template of its own, packed rows, mixtures, rows made from tools.
struct ChatEndToEndTests {
  private static let chats = (0..<80).map { number in
    #"{"messages": [{"role": "user", "content": "What follows \#(number)?"}, {"role": "assistant", "content": "\#(number + 1)"}]}"# + "\n"
  }.joined()

  /// A model that a job here made, with another template in its folder, as models come from elsewhere.
  private func dropModel(_ agent: RunningAgent, template: String) async throws {
    _ = try await agent.dropAndWait(Jobs.text, as: "sums.txt", into: .dataset)
    _ = try await agent.dropAndWait(
      Jobs.file("seed", dataset: "sums", steps: 2, training: ["max_length": 128]), as: "seed.json", into: .job)
    #expect(try await agent.end(of: "seed-1").state == .completed)
    let folder = agent.folder.path.appending("made/chatty")
    try agent.files.makeFolders(folder)
    let source = try agent.job("seed-1").finalModel
    for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "generation_config.json"] {
      try agent.files.publish(try agent.files.contents(of: source.appending(name)), to: folder.appending(name))
    }
    try agent.files.publish(template.utf8, to: folder.appending("chat_template.jinja"))
    try agent.files.move(folder, to: agent.layout.inbox.folder(of: .model).appending("chatty"))
    _ = try await Patience.wait(for: "the model") {
      agent.files.exists(agent.layout.workspace.model(SafeName(from: "chatty")).folder.appending("model.json")) ? true : nil
    }
  }

  @Test func a_models_own_template_renders_the_conversations_that_are_packed() async throws {
    let agent = try await RunningAgent.start()
    let template = String(decoding: try Fixtures.bytes("chat_templates/chatml_marked.jinja"), as: UTF8.self)
    try await dropModel(agent, template: template)
    _ = try await agent.dropAndWait(Self.chats, as: "chats.jsonl", into: .dataset)
    let job = #"""
      {"name": "talk", "dataset": "chats", "config": {"model": {"name": "chatty"},
       "training": {"method": "sft", "packing": true, "max_length": 128, "max_steps": 6, "batch_size": 4, "eval_steps": 3},
       "evaluation": {"sample_tokens": 8, "sample_count": 2}, "seed": 5}}
      """#
    _ = try await agent.dropAndWait(job, as: "talk.json", into: .job)
    let end = try await agent.end(of: "talk-1")
    #expect(end.state == .completed, "\(end.reason ?? "")")
    let folder = try agent.job("talk-1")
    let page = try agent.text(folder.firstBatch)
    #expect(page.firstMatch(of: /<\|im_start\|>assistant\n⟦\d+<\|im_end\|>⟧\n/) != nil, "\(page)")
    // The template goes on with the model.
    #expect(try agent.text(folder.finalModel.appending("chat_template.jinja")).utf8.elementsEqual(template.utf8))
    #expect(try agent.text(folder.samples).contains("<|im_start|>assistant\n"))
    let list = try await Programs.run(["evaluations", "list", "--root", agent.layout.root.string])
    #expect(list.code == 0 && list.output.contains("talk-1") && list.output.contains("chatty"), "\(list.output)\(list.errors)")
    let shown = try await Programs.run(["evaluations", "show", "talk", "--root", agent.layout.root.string, "--json"])
    let record = try PublishedJSON.decode(EvaluationRecord.self, from: shown.output.utf8)
    #expect(record.metrics.before?.loss != nil && record.metrics.after?.loss != nil && record.baseModel == "chatty")
    let text = try await Programs.run(["evaluations", "show", "talk", "--root", agent.layout.root.string])
    #expect(text.output.contains("loss, nats a token") && text.output.contains("held out of chats"))
    _ = try await agent.stop()
  }

  /// Pairs and prompts that are conversations are rendered by the model's own template too.
  @Test func pairs_and_prompts_are_rendered_by_a_template_from_elsewhere() async throws {
    let agent = try await RunningAgent.start()
    let template = String(decoding: try Fixtures.bytes("chat_templates/chatml_marked.jinja"), as: UTF8.self)
    try await dropModel(agent, template: template)
    func turn(_ role: String, _ text: String) -> String { #"{"role": "\#(role)", "content": "\#(text)"}"# }
    let pairs = (0..<40).map { number in
      #"{"prompt": [\#(turn("user", "What follows \(number)?"))], "chosen": [\#(turn("assistant", "\(number + 1)"))], "rejected": [\#(turn("assistant", "no"))]}"#
        + "\n"
    }.joined()
    _ = try await agent.dropAndWait(pairs, as: "pairs.jsonl", into: .dataset)
    _ = try await agent.dropAndWait(Self.chats, as: "chats.jsonl", into: .dataset)
    let shared = #""max_length": 128, "max_steps": 2, "batch_size": 4"#
    for (name, dataset, training) in [
      ("prefer", "pairs", #""method": "dpo", \#(shared)"#),
      (
        "reward", "chats",
        #""method": "grpo", \#(shared), "num_generations": 4, "max_completion_length": 4, "rewards": [{"name": "regex", "pattern": "[0-9]"}]"#
      ),
    ] {
      let job =
        #"{"name": "\#(name)", "dataset": "\#(dataset)", "config": {"model": {"name": "chatty"}, "training": {\#(training)}, "evaluation": {"sample_tokens": 4}}}"#
      _ = try await agent.dropAndWait(job, as: "\(name).json", into: .job)
      let end = try await agent.end(of: "\(name)-1")
      #expect(end.state == .completed, "\(end.reason ?? "")")
      // The prompt as the template writes it, and where the assistant is to speak.
      let samples = try agent.text(try agent.job("\(name)-1").samples)
      #expect(samples.contains("<|im_start|>user\nWhat follows ") && samples.contains("<|im_start|>assistant\n"), "\(samples)")
    }
    let answers = try agent.text(try agent.job("reward-1").completions(step: 1))
    #expect(answers.contains(#"<|im_start|>assistant\n""#), "\(answers)")
    _ = try await agent.stop()
  }

  /// Each point of a sweep makes its own rows; points that would make the same share a dataset.
  @Test func jobs_of_a_sweep_make_their_rows_too() async throws {
    let agent = try await RunningAgent.start()
    let job = #"""
      {"name": "teach", "config": {"model": {"name": "scratch", "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2},
       "training": {"method": "sft", "max_steps": 2, "max_length": 160, "threads": 1},
       "data": {"strategy": "teacher_mode", "generation_type": "synthetic", "max_samples": 12},
       "tools": [{"name": "weather", "description": "Weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}],
       "evaluation": {"sample_tokens": 4, "metrics": ["loss"]}},
       "overrides": {"data.max_samples": [12, 16], "training.learning_rate": [0.001, 0.0001]}}
      """#
    let receipt = try await agent.dropAndWait(job, as: "teach.json", into: .job)
    #expect(receipt.status == .accepted && receipt.result == "teach-sweep-1", "\(receipt.message)")
    for number in 1...4 {
      let end = try await agent.end(of: "teach-sweep-1-\(number)")
      #expect(end.state == .completed, "\(end.reason ?? "")")
    }
    let counts = try (1...4).map { number in
      let order = try PublishedJSON.decode(
        TrainOrder.self, from: try agent.files.contents(of: try agent.job("teach-sweep-1-\(number)").order))
      return try agent.text(DatasetVersionLayout(folder: FilePath(order.train.folder)).rows(split: "train")).split(separator: "\n").count
    }
    #expect(counts == [12, 12, 16, 16])
    #expect(try agent.files.names(in: agent.layout.workspace.datasets).count { $0.string.contains("-rows-") } == 2)
    _ = try await agent.stop()
  }

  @Test func a_job_that_makes_its_rows_from_tools_gets_a_dataset_of_them() async throws {
    let agent = try await RunningAgent.start()
    let job = #"""
      {"name": "teach", "config": {"model": {"name": "scratch", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4},
       "training": {"method": "sft", "max_steps": 4, "max_length": 160},
       "data": {"strategy": "teacher_mode", "generation_type": "synthetic", "max_samples": 30},
       "tools": [{"name": "weather", "description": "Weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}],
       "evaluation": {"metrics": ["tool_accuracy", "format_correctness"], "max_prompts": 2, "max_new_tokens": 8, "sample_tokens": 8}}}
      """#
    let receipt = try await agent.dropAndWait(job, as: "teach.json", into: .job)
    #expect(receipt.status == .accepted && receipt.message.contains("waiting for the dataset 'teach-rows-"), "\(receipt.message)")
    let end = try await agent.end(of: "teach-1")
    #expect(end.state == .completed, "\(end.reason ?? "")")
    let names = try agent.files.names(in: agent.layout.workspace.datasets).map(\.string)
    let name = try #require(names.first { $0.hasPrefix("teach-rows-") })
    let rows = try agent.text(agent.layout.workspace.dataset(SafeName(from: name)).version(1).rows(split: "train"))
    #expect(rows.split(separator: "\n").count == 30 && rows.contains("[TOOL_CALL]"))
    _ = try await agent.stop()
  }

  @Test func a_mixture_waits_for_all_of_its_datasets_and_names_them_all() async throws {
    let agent = try await RunningAgent.start()
    let job = #"""
      {"name": "both", "dataset": [{"sums": 0.5}, {"more": 0.5}],
       "config": {"model": {"name": "scratch", "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4},
       "training": {"method": "pretrain", "max_steps": 4, "max_length": 32}, "data": {"max_samples": 200}}}
      """#
    _ = try await agent.dropAndWait(Jobs.text.replacing(".\n", with: ".\n\n"), as: "sums.txt", into: .dataset)
    let receipt = try await agent.dropAndWait(job, as: "both.json", into: .job)
    #expect(receipt.message == "Job 'both-1' is here: waiting for the dataset 'more': drop it into inbox/datasets/.")
    let rows = (0..<300).map { #"{"text": "\#($0) more of it."}"# + "\n" }.joined()
    _ = try await agent.dropAndWait(rows, as: "more.jsonl", into: .dataset)
    let end = try await agent.end(of: "both-1")
    #expect(end.state == .completed, "\(end.reason ?? "")")
    let folder = try agent.job("both-1")
    #expect(try agent.text(folder.log).contains("Mixture of 2 datasets"))
    let manifest = try PublishedJSON.decode(Manifest.self, from: try agent.files.contents(of: folder.manifest))
    #expect(manifest.inputs.filter { $0.role == "dataset" }.map(\.name) == ["sums", "more"])
    #expect(try agent.text(folder.finalModel.appending("README.md")).contains("a mixture of `sums` (50 %), `more` (50 %)"))
    _ = try await agent.stop()
  }
}
