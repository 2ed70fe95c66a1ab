import Domain
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

/// A run that was interrupted ends with the bits of one that was not.
struct ResumeTests {
  @Test(arguments: [1, 7, 10, 19])
  func a_stopped_and_resumed_run_ends_with_the_same_weights_and_losses(steps: Int) throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let whole = try runs.run("whole", Configs.tiny())
    let first = try runs.run("cut", Configs.tiny(), stoppedAfter: steps)
    #expect(first.exit == .stopped)
    let second = try runs.run("cut", Configs.tiny())
    #expect(second.exit == .done)
    #expect(
      try runs.folders.bytes(second.job.finalModel.appending("model.safetensors"))
        == runs.folders.bytes(whole.job.finalModel.appending("model.safetensors")))
    #expect(second.losses == whole.losses)
    #expect(second.evalLosses == whole.evalLosses)
    #expect(second.rows.map(\.step) == whole.rows.map(\.step))
    #expect(second.rows.map(\.numTokens) == whole.rows.map(\.numTokens))
  }

  @Test func dropout_and_accumulation_are_resumed_too() throws {
    let config = Configs.tiny(
      architecture: "gpt2", model: ["hidden_dropout": 0.2, "attention_dropout": 0.1, "embd_pdrop": 0.1],
      training: ["gradient_accumulation_steps": 3, "batch_size": 2, "logging_steps": 3])
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let whole = try runs.run("whole", config)
    for steps in [4, 5, 6] { #expect(try runs.run("cut", config, stoppedAfter: steps).exit == .stopped) }
    let last = try runs.run("cut", config)
    #expect(
      try runs.folders.bytes(last.job.finalModel.appending("model.safetensors"))
        == runs.folders.bytes(whole.job.finalModel.appending("model.safetensors")))
    #expect(last.losses == whole.losses)
  }

  /// Where the processor has no instructions for bf16 this is a run in f32, which has to end alike too.
  @Test(arguments: [false, true])
  func bf16_and_recomputation_are_resumed_too(_ recomputing: Bool) throws {
    let config = Configs.tiny(training: ["bf16": true, "gradient_checkpointing": JSONNode(.bool(recomputing))])
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let whole = try runs.run("whole", config), again = try runs.run("again", config)
    for steps in [4, 11] { #expect(try runs.run("cut", config, stoppedAfter: steps).exit == .stopped) }
    let last = try runs.run("cut", config)
    let weights = try runs.folders.bytes(whole.job.finalModel.appending("model.safetensors"))
    #expect(try runs.folders.bytes(last.job.finalModel.appending("model.safetensors")) == weights)
    #expect(try runs.folders.bytes(again.job.finalModel.appending("model.safetensors")) == weights)
    #expect(last.losses == whole.losses)
  }

  @Test func fine_tuning_is_resumed_too() throws {
    let config = Configs.tiny(method: "sft", training: ["max_length": 64, "num_epochs": 1])
    let runs = try Runs(Texts.questions, named: "questions.jsonl")
    let whole = try runs.run("whole", config)
    try runs.run("cut", config, stoppedAfter: 9)
    let last = try runs.run("cut", config)
    #expect(
      try runs.folders.bytes(last.job.finalModel.appending("model.safetensors"))
        == runs.folders.bytes(whole.job.finalModel.appending("model.safetensors")))
  }

  /// What a kill leaves: rows behind the checkpoint, a checkpoint half-made, one that was damaged.
  @Test func what_a_kill_leaves_behind_the_last_checkpoint_is_cut_back() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    let whole = try runs.run("whole", Configs.tiny())
    let cut = try runs.run("cut", Configs.tiny(), stoppedAfter: 8)
    let files = runs.folders.files
    let rows = try runs.folders.bytes(cut.job.metricRows)
    try files.publish(rows + Array(#"{"epoch":0.1,"loss":1,"step":9}"#.utf8) + [0x0A] + Array(#"{"epo"#.utf8), to: cut.job.metricRows)
    try files.makeFolders(cut.job.checkpoints.appending(".checkpoint-step-9.making"))
    let damaged = cut.job.checkpoint(step: 9)
    try files.copyTree(cut.job.checkpoint(step: 8).folder, to: damaged.folder)
    var weights = try files.contents(of: damaged.folder.appending("model.safetensors"))
    weights[weights.count - 1] ^= 0xFF
    try files.publish(weights, to: damaged.folder.appending("model.safetensors"))
    let text = String(decoding: try files.contents(of: damaged.resumeState), as: UTF8.self)
    try files.publish(text.replacing("\"step\": 8", with: "\"step\": 9").utf8, to: damaged.resumeState)
    let last = try runs.run("cut", Configs.tiny())
    #expect(last.rows.map(\.step) == whole.rows.map(\.step))
    #expect(last.losses == whole.losses)
    #expect(!files.exists(cut.job.checkpoints.appending(".checkpoint-step-9.making")))
  }

  @Test func a_checkpoint_of_another_config_is_not_gone_on_from() throws {
    let runs = try Runs(Texts.counting, named: "counting.txt")
    try runs.run("job", Configs.tiny(), stoppedAfter: 8)
    let other = Configs.tiny(training: ["learning_rate": 0.001])
    let again = try runs.run("job", other)
    let fresh = try runs.run("fresh", other)
    #expect(again.losses == fresh.losses)
  }
}
