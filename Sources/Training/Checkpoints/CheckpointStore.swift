import Domain
import LanguageModels
import Platform
import StrictJSON
import SystemPackage

/// The checkpoints of a run: each a whole Hugging Face folder, or one of PEFT's where an adapter trains, and what resuming needs, published by rename.
struct CheckpointStore {
  let job: JobLayout
  let files: any FileSystem

  struct Found {
    var layout: CheckpointLayout
    var state: ResumeState
  }

  /// Writes a checkpoint. It appears whole or not at all; a folder of the same name is replaced.
  ///
  /// - fill: writes the tokenizer's files into the folder, and what the method needs to go on.
  func write(
    _ layout: CheckpointLayout, _ state: ResumeState, model: LanguageModel, optimizer: any Optimizer, trainerState: JSONNode,
    fill: (FilePath) throws -> Void
  ) throws {
    let name = layout.folder.lastComponent?.string ?? "checkpoint"
    let partial = CheckpointLayout(folder: layout.folder.removingLastComponent().appending(".\(name).making"))
    try files.removeTree(partial.folder)
    try files.makeFolders(partial.folder)
    try model.saveTrained(to: partial.folder)
    try optimizer.save(to: partial.optimizer)
    try fill(partial.folder)
    try files.writeWhole(ContiguousArray((trainerState.text(.pretty) + "\n").utf8), to: partial.trainerState)
    var state = state
    for (path, status) in try files.walk(partial.folder) where status.kind == .file {
      state.files[path.string] = try files.sha256(of: partial.folder.pushing(path)).sha256
    }
    try files.writeWhole(ContiguousArray(try PublishedJSON.bytes(of: state)), to: partial.resumeState)
    try files.syncTree(partial.folder)
    KillPoint.pass(.checkpointMade)
    if files.exists(layout.folder) { try files.removeTree(layout.folder) }
    try files.move(partial.folder, to: layout.folder)
    KillPoint.pass(.checkpointMoved)
  }

  /// Whole checkpoints, the newest last. A folder that was not finished, or was damaged since, is none.
  func all() throws -> [Found] {
    guard files.isFolder(job.checkpoints) else { return [] }
    var found: [Found] = []
    for name in try files.names(in: job.checkpoints) where name.string.hasPrefix("checkpoint-") {
      let layout = CheckpointLayout(folder: job.checkpoints.appending(name))
      guard files.exists(layout.resumeState),
        // Of another version: none.
        let state = try? PublishedJSON.decode(ResumeState.self, from: try files.contents(of: layout.resumeState))
      else { continue }
      found.append(Found(layout: layout, state: state))
    }
    return found.sorted { ($0.state.step, $0.layout.folder.string) < ($1.state.step, $1.layout.folder.string) }
  }

  /// The newest checkpoint of this run whose files are those that were written.
  func latest(ofRun run: String) throws -> Found? {
    try all().last { $0.state.run == run && isWhole($0) }
  }

  private func isWhole(_ checkpoint: Found) -> Bool {
    checkpoint.state.files.allSatisfy { name, hash in
      (try? files.sha256(of: checkpoint.layout.folder.appending(name)).sha256) == hash  // unreadable: not whole
    }
  }

  /// The one of that name, where it is the run's and its files are those that were written.
  func whole(named name: String, ofRun run: String) throws -> Found? {
    try all().first { $0.layout.folder.lastComponent?.string == name && $0.state.run == run && isWhole($0) }
  }

  /// Takes away recovery checkpoints that a newer one replaces, and the oldest of the others beyond `limit`.
  ///
  /// - best: the name of one that stays whatever else goes, and is counted among the `limit`, as in transformers.
  /// - written: the one that the run would go on from now. It stays, though one of a later step lies there, damaged or of another run.
  func tidy(keeping limit: Int, best: String? = nil, written: CheckpointLayout? = nil) throws {
    let all = try all()
    guard let newest = all.last else { return }
    func isBest(_ found: Found) -> Bool { found.layout.folder.lastComponent?.string == best }
    func stays(_ found: Found) -> Bool { found.layout == newest.layout || found.layout == written || isBest(found) }
    for old in all where old.state.isForRecovery && !stays(old) { try files.removeTree(old.layout.folder) }
    let kept = all.filter { !$0.state.isForRecovery }
    for old in (kept.filter { !isBest($0) } + kept.filter(isBest)).dropLast(limit) where !stays(old) {
      try files.removeTree(old.layout.folder)
    }
    for name in try files.names(in: job.checkpoints) where name.string.hasPrefix(".") {
      try files.removeTree(job.checkpoints.appending(name))
    }
  }
}
