import Domain
import Ingestion
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// Whole runs on conversations, packed rows, mixtures; what they report of their data.
struct DataRunTests {
  private func text(_ runs: Runs, _ path: FilePath) throws -> String { String(decoding: try runs.folders.bytes(path), as: UTF8.self) }

  private static let chats = (0..<60).map { number in
    #"{"messages": [{"role": "user", "content": "What follows \#(number)?"}, {"role": "assistant", "content": "\#(number + 1)"}]}"# + "\n"
  }.joined()

  @Test func packed_fine_tuning_learns_and_its_first_batch_is_shown() throws {
    let runs = try Runs(Self.chats, named: "chats.jsonl")
    let training: JSONObject = ["packing": true, "max_length": 256, "batch_size": 2, "max_steps": 30, "learning_rate": 0.01]
    let result = try runs.run("packed", Configs.tiny(method: "sft", training: training))
    #expect(result.exit == .done && (result.losses.last ?? 9) < (result.losses.first ?? 0) - 1)
    let log = try text(runs, result.job.log)
    #expect(log.contains("Note: 54 sequences are packed into "), "\(log)")
    let page = try text(runs, result.job.firstBatch)
    #expect(page.hasPrefix("# First batch of packed-1\n\nWhat stands between ⟦ and ⟧ is trained"))
    #expect(page.contains("sequences side by side, none sees another"))
    #expect(page.firstMatch(of: /<\|user\|>\nWhat follows \d+\?<\|endoftext\|>\n<\|assistant\|>\n⟦\d+<\|endoftext\|>⟧\n/) != nil, "\(page)")
    #expect(page.contains("──────── the next sequence ────────"))
    // The same bits after an interruption.
    try runs.run("cut", Configs.tiny(method: "sft", training: training), stoppedAfter: 11)
    let resumed = try runs.run("cut", Configs.tiny(method: "sft", training: training))
    #expect(resumed.losses == result.losses)
    #expect(try text(runs, resumed.job.samples).replacing("cut-1", with: "packed-1") == text(runs, result.job.samples))
  }

  @Test func an_evaluation_compares_before_after_and_best() throws {
    let tool = #"{"name": "weather", "description": "W", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}"#
    let tools = ToolDefinition.all(try JSONParser.parse("[\(tool)]"))
    let rows = ToolDialogues(tools: tools, strategy: .teacherMode, count: 60, seed: 1, asPairs: false).rows
    let runs = try Runs(rows, named: "calls.jsonl")
    var config = try #require(
      Configs.tiny(
        method: "sft", model: ["hidden_size": 64], training: ["max_length": 160, "max_steps": 150, "learning_rate": 0.01, "batch_size": 8]
      )
      .object)
    config["tools"] = JSONNode(.array(tools.map(\.node)))
    config["evaluation"] = [
      "metrics": ["loss", "tool_accuracy", "format_correctness", "response_quality"], "max_prompts": 4, "max_new_tokens": 90,
      "sample_tokens": 20, "test_cases": [["prompt": "Human: What is the weather in Rome?", "expected_tool": "weather"]],
    ]
    let result = try runs.run("calls", JSONNode(.object(config)))
    let record = try PublishedJSON.decode(EvaluationRecord.self, from: try runs.folders.bytes(result.job.evaluation))
    #expect(record.job.text == "calls-1" && record.baseModel == "scratch" && record.testSet.source == "held out of rows")
    #expect(record.testSet.prompts == 5 && record.details.count == 5)
    #expect(record.metrics.before?.toolAccuracy == 0 && record.metrics.before?.formatCorrectness == 0)
    #expect(record.metrics.after?.toolAccuracy == 1 && record.metrics.after?.formatCorrectness == 1, "\(record.details)")
    #expect(record.metrics.after?.responseQuality == 1)
    #expect(try #require(record.metrics.after?.loss) < (try #require(record.metrics.before?.loss)))
    #expect(record.curves.train.count == 150 && record.curves.validation.count == 16 && !record.curves.epochs.isEmpty)
    #expect(record.statistics.steps == 150 && record.generation?.maximumNewTokens == 90)
    #expect(record.details[4].expectedTool == "weather" && record.details[4].prompt.contains("What is the weather in Rome?"))
    let samples = try text(runs, result.job.samples)
    #expect(samples.contains("**Before**") && samples.contains("**After**") && samples.contains("**In the data**"))
    #expect(try text(runs, result.job.log).contains("Answers to 5 held-out prompts: tool accuracy 0.000 before, 1.000 after"))
    let phases = result.events.compactMap { if case .phase(let phase, _) = $0 { phase } else { nil } }
    #expect(phases.contains(.evaluating))
  }

  /// A second dataset beside the first, as the agent would have made it.
  private func second(_ runs: Runs, _ text: String, name: String) throws -> TrainOrder.DatasetPin {
    let folder = runs.folders.folder.path.appending("dataset-\(name)")
    let layout = DatasetLayout(folder: folder)
    let source = try runs.folders.source(text, named: "\(name).jsonl")
    _ = try Ingestor(
      order: IngestOrder(
        drop: DropID(at: Timestamp(nanoseconds: 0), random: 2), source: source.string, fileName: "\(name).jsonl",
        staging: layout.version(1).folder.string, sidecar: nil, limits: IngestLimits()),
      fileSystem: runs.folders.files, report: { _ in }
    ).run()
    return .init(
      name: SafeName(from: name), version: 1, sha256: String(repeating: "1", count: 64), folder: layout.version(1).folder.string,
      datasetFolder: folder.string)
  }

  private func rows(_ range: Range<Int>, _ word: String) -> String {
    range.map { #"{"prompt": "\#(word) \#($0): ", "completion": "\#($0 % 10)"}"# + "\n" }.joined()
  }

  @Test func datasets_are_mixed_by_ratio_and_the_log_tells_how() throws {
    let runs = try Runs(rows(0..<100, "alpha"), named: "alpha.jsonl")
    let other = try second(runs, rows(0..<20, "beta") + rows(0..<5, "alpha"), name: "beta")
    var config = try #require(Configs.tiny(method: "sft", training: ["max_length": 64]).object)
    config["data"] = ["max_samples": 80]
    var order = try runs.folders.prepare("mixed", config: JSONNode(.object(config)))
    order.mixture = [.init(dataset: order.train, ratio: 0.5), .init(dataset: other, ratio: 0.5)]
    let result = try runs.goOn(order)
    #expect(result.exit == .done)
    let log = try text(runs, result.job.log)
    #expect(
      log.firstMatch(
        of:
          /Note: Mixture of 2 datasets, 80 sequences: 40 of \d+ of 'rows' \(ratio 0.5\), 40 of \d+ of 'beta' \(ratio 0.5, each \d\.\d times\)\./
      ) != nil, "\(log)")
    // Both words are in the first batches, and the same run makes the same mixture.
    let again = try runs.folders.prepare("again", config: JSONNode(.object(config)))
    var second = again
    second.mixture = order.mixture
    #expect(try runs.goOn(second).losses == result.losses)
  }

  @Test func what_leaks_from_a_given_evaluation_part_is_counted() throws {
    let runs = try Runs(rows(0..<40, "alpha"), named: "alpha.jsonl")
    var order = try runs.folders.prepare("leaky", config: Configs.tiny(method: "sft", training: ["max_length": 64, "max_steps": 2]))
    order.eval = try second(runs, rows(35..<45, "alpha"), name: "given")
    let log = try text(runs, try runs.goOn(order).job.log)
    #expect(
      log.contains(
        "Note: 5 of 10 rows of the evaluation part stand in the training part too: its figures flatter the model. Remove them from one of the two."
      ), "\(log)")
  }

  @Test func rows_that_a_template_refuses_are_left_out_and_told() throws {
    let odd = #"{"messages": [{"role": "assistant", "content": "I begin."}, {"role": "user", "content": "No."}]}"# + "\n"
    let silent = #"{"messages": [{"role": "user", "content": "Nobody answers."}]}"# + "\n"
    let runs = try Runs(Self.chats + odd + silent, named: "chats.jsonl")
    var config = try #require(Configs.tiny(method: "sft", training: ["max_length": 64, "max_steps": 2]).object)
    config["data"] = ["eval_split": 0]
    let log = try text(runs, try runs.run("odd", JSONNode(.object(config))).job.log)
    #expect(
      log.contains(
        "Note: 1 of 62 rows are left out: it begins with the assistant, and the template does not say with {% generation %} what is the assistant's (the first is row 61)."
      ), "\(log)")
    #expect(log.contains("Note: 2 of 62 sequences hold nothing to train on (no answer, or a single token), and are left out."), "\(log)")
  }

  @Test func where_every_target_is_cut_away_nothing_is_trained() throws {
    let long = #"{"prompt": "\#(String(repeating: "a long question ", count: 20))", "completion": "yes"}"# + "\n"
    for packing in [false, true] {
      let runs = try Runs(long + rows(0..<3, "short"), named: "rows.jsonl")
      var config = try #require(
        Configs.tiny(method: "sft", training: ["max_length": 32, "max_steps": 2, "packing": JSONNode(.bool(packing))]).object)
      config["data"] = ["eval_split": 0]
      let log = try text(runs, try runs.run("cut", JSONNode(.object(config))).job.log)
      #expect(
        log.contains(
          "Note: 1 of 4 sequences have nothing left to train on after the cut at max_length 32, and are left out: raise max_length to keep them."
        ), "\(log)")
      let only = try Runs(long + long.replacing("yes", with: "no"), named: "rows.jsonl")
      let problem = #expect(throws: Problem.self) { try only.run("none", JSONNode(.object(config))) }
      #expect(problem?.code == "data.nothing-to-train")
    }
  }
}
