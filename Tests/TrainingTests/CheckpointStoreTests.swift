import Domain
import Kernels
import LanguageModels
import Platform
import StrictJSON
import SystemPackage
import TestSupport
import Testing

@testable import Training

/// Checkpoints: whole or none, the newest that is whole, so many as are wanted.
struct CheckpointStoreTests {
  private let folder: TemporaryFolder
  private let store: CheckpointStore
  private let model: LanguageModel
  private let moments: AdamWOptimizer

  init() throws {
    folder = try TemporaryFolder()
    let job = JobLayout(folder: folder.path)
    try LinuxFileSystem().makeFolders(job.checkpoints)
    store = CheckpointStore(job: job, files: LinuxFileSystem())
    model = try LanguageModel.load(Fixtures.path("golden/llama"), on: ThreadTeam(count: 1))
    moments = try AdamWOptimizer(AdamW(), for: model.layout)
  }

  private var job: JobLayout { store.job }

  @discardableResult
  private func write(
    _ step: Int, as layout: CheckpointLayout? = nil, run: String = "run", forRecovery: Bool = false, to store: CheckpointStore? = nil
  ) throws -> CheckpointLayout {
    var state = ResumeState()
    state.step = step
    state.run = run
    state.isForRecovery = forRecovery
    let layout = layout ?? job.checkpoint(step: step)
    try (store ?? self.store).write(layout, state, model: model, optimizer: moments, trainerState: ["global_step": step.node]) { folder in
      try LinuxFileSystem().writeInPlace(Array("{}".utf8), to: folder.appending("tokenizer.json"))
    }
    return layout
  }

  private func names() throws -> [String] { try LinuxFileSystem().names(in: job.checkpoints).map(\.string) }

  @Test func a_checkpoint_is_a_model_folder_with_what_resuming_needs() throws {
    let random = CounterRandom(seed: 1, name: "moments")
    let tensor = try #require(model.layout.tensors.first).name
    for index in 0..<4 { try #require(moments.first[tensor])[index] = Float(random.normals(at: UInt64(index)).0) }
    let layout = try write(7)
    let files = LinuxFileSystem()
    #expect(
      try files.names(in: layout.folder).map(\.string) == [
        "config.json", "dropforge_state.json", "generation_config.json", "model.safetensors", "optimizer.safetensors", "tokenizer.json",
        "trainer_state.json",
      ])
    let found = try #require(try store.latest(ofRun: "run"))
    #expect(found.layout == layout && found.state.step == 7)
    #expect(Set(found.state.files.keys) == Set(try files.names(in: layout.folder).map(\.string)).subtracting(["dropforge_state.json"]))
    let again = try AdamWOptimizer(AdamW(), for: model.layout)
    try again.load(from: layout.optimizer)
    #expect(try (0..<4).map { try #require(again.first[tensor])[$0] } == (0..<4).map { try #require(moments.first[tensor])[$0] })
    let loaded = try LanguageModel.load(layout.folder, on: ThreadTeam(count: 1))
    #expect(try (0..<8).map { try #require(loaded.parameters[tensor])[$0] } == (0..<8).map { try #require(model.parameters[tensor])[$0] })
  }

  @Test func the_newest_of_the_run_is_gone_on_from() throws {
    try write(2)
    try write(10)
    try write(9)
    try write(99, run: "another")
    #expect(try store.latest(ofRun: "run")?.state.step == 10)
    #expect(try store.latest(ofRun: "nobody's") == nil)
    #expect(try store.all().map(\.state.step) == [2, 9, 10, 99])
  }

  @Test(arguments: ["model.safetensors", "optimizer.safetensors", "config.json", "tokenizer.json"])
  func one_that_was_damaged_is_passed_over(name: String) throws {
    try write(1)
    let damaged = try write(2)
    var bytes = try LinuxFileSystem().contents(of: damaged.folder.appending(name))
    bytes[bytes.count / 2] ^= 1
    try LinuxFileSystem().writeInPlace(bytes, to: damaged.folder.appending(name))
    #expect(try store.latest(ofRun: "run")?.state.step == 1)
  }

  @Test func one_that_lacks_a_file_is_passed_over() throws {
    try write(1)
    try LinuxFileSystem().removeFile(try write(2).optimizer)
    try LinuxFileSystem().removeFile(try write(3).resumeState)
    #expect(try store.latest(ofRun: "run")?.state.step == 1)
  }

  @Test func where_there_is_none_nothing_is_found() throws {
    #expect(try store.latest(ofRun: "run") == nil)
    try LinuxFileSystem().removeTree(job.checkpoints)
    #expect(try store.latest(ofRun: "run") == nil)
  }

  /// At every call of its own; the model's files are written by another hand.
  @Test func wherever_the_writing_fails_the_last_one_stands_and_no_half_one() throws {
    try write(1)
    var points = 0
    for k in 1...60 {
      let files = FaultyFileSystem()
      files.fail(.noSpace, at: k)
      do {
        try write(2, to: CheckpointStore(job: job, files: files))
        break
      } catch { points += 1 }
      let found = try #require(try store.latest(ofRun: "run"), "call \(k)")
      #expect(found.state.step == 1 || found.state.step == 2, "call \(k)")
      #expect(
        try names().filter { !$0.hasPrefix(".") }.allSatisfy { ["checkpoint-step-1", "checkpoint-step-2"].contains($0) }, "call \(k)")
      try LinuxFileSystem().removeTree(job.checkpoint(step: 2).folder)
    }
    #expect(points > 8)
  }

  @Test func a_checkpoint_of_the_same_name_is_replaced() throws {
    let layout = job.checkpoint(epoch: 1)
    try write(5, as: layout)
    try write(6, as: layout)
    #expect(try store.all().map(\.state.step) == [6])
    #expect(try names() == ["checkpoint-epoch-1"])
  }

  @Test func so_many_stay_as_are_wanted_and_recovery_ones_only_while_they_are_the_newest() throws {
    for step in [1, 2, 3] { try write(step) }
    try write(4, forRecovery: true)
    try LinuxFileSystem().makeFolders(job.checkpoints.appending(".checkpoint-step-9.making"))
    try store.tidy(keeping: 2)
    #expect(try names() == ["checkpoint-step-2", "checkpoint-step-3", "checkpoint-step-4"])
    try write(5)
    try store.tidy(keeping: 2)
    #expect(try names() == ["checkpoint-step-3", "checkpoint-step-5"])
    try write(6, forRecovery: true)
    try store.tidy(keeping: 0)
    #expect(try names() == ["checkpoint-step-6"])
  }

  @Test func the_best_stays_whatever_else_goes_and_counts_among_those_that_stay() throws {
    for step in 1...5 { try write(step) }
    try store.tidy(keeping: 3, best: "checkpoint-step-2")
    #expect(try names() == ["checkpoint-step-2", "checkpoint-step-4", "checkpoint-step-5"])
    try store.tidy(keeping: 1, best: "checkpoint-step-2")
    #expect(try names() == ["checkpoint-step-2", "checkpoint-step-5"])
    try write(6, forRecovery: true)
    try store.tidy(keeping: 0, best: "checkpoint-step-2")
    #expect(try names() == ["checkpoint-step-2", "checkpoint-step-6"])
  }

  /// A later one may lie there, of a config that was changed, or damaged: the run would not go on from that.
  @Test func what_was_just_written_stays_beside_one_of_a_later_step() throws {
    try write(9, run: "another")
    let written = try write(4, forRecovery: true)
    try store.tidy(keeping: 1, written: written)
    #expect(try names() == ["checkpoint-step-4", "checkpoint-step-9"])
    #expect(try store.latest(ofRun: "run")?.state.step == 4)
  }

  @Test func one_is_found_by_its_name_only_where_it_is_whole_and_the_runs_own() throws {
    let layout = try write(3)
    #expect(try store.whole(named: "checkpoint-step-3", ofRun: "run")?.state.step == 3)
    #expect(try store.whole(named: "checkpoint-step-4", ofRun: "run") == nil)
    #expect(try store.whole(named: "checkpoint-step-3", ofRun: "another") == nil)
    try LinuxFileSystem().removeFile(layout.optimizer)
    #expect(try store.whole(named: "checkpoint-step-3", ofRun: "run") == nil)
  }
}
