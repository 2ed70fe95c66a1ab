import Domain
import LanguageModels
import Platform
import SystemPackage

extension TrainingLoop {
  func checkpointIfDue(isLast: Bool) throws {
    let due = dueCheckpoint(isLast: isLast)
    if training.best.loads == true || training.saveStrategy == .best, state.bestEval?.step == state.step {
      let layout = due?.layout ?? job.checkpoint(step: state.step)
      // Told in the checkpoint itself: a run that is taken up from it knows its best.
      state.bestCheckpoint = layout.folder.lastComponent?.string
      try checkpoint(layout, forRecovery: false)
    } else if let due {
      try checkpoint(due.layout, forRecovery: due.isForRecovery)
    }
  }

  private func dueCheckpoint(isLast: Bool) -> (layout: CheckpointLayout, isForRecovery: Bool)? {
    let ofStep = job.checkpoint(step: state.step)
    if training.saveStrategy == .epoch, let epoch = finishedEpoch { return (job.checkpoint(epoch: epoch), false) }
    if training.saveStrategy == .steps, state.step % training.saveSteps == 0 { return (ofStep, false) }
    if isLast {
      // What follows the last step can be interrupted too.
      let endsEpoch = training.saveStrategy == .epoch && state.step == shape.steps
      return (endsEpoch ? job.checkpoint(epoch: shape.epochs) : ofStep, training.saveStrategy == .no || training.saveStrategy == .best)
    }
    // A large model's checkpoint takes a while: at most a thirtieth of the time goes into recovery.
    let since = Double(clock.monotonic() - lastRecovery) / 1e9
    return since >= max(training.recoverySeconds, 30 * recoveryCost) ? (ofStep, true) : nil
  }

  func checkpoint(_ layout: CheckpointLayout, forRecovery: Bool) throws {
    report(.phase(.saving, share: nil))
    let start = clock.monotonic()
    try log.sync()
    state.log = log.lengths
    state.run = inputs.identity
    state.seconds = watch.seconds
    state.isForRecovery = forRecovery
    let store = CheckpointStore(job: job, files: files)
    let history = try TrainerState.history(job.metricRows, files)
    try store.write(
      layout, state, model: model, optimizer: optimizer, trainerState: TrainerState.node(state, shape, training, rows: history)
    ) { folder in
      try TokenizerFolder(files: files).save(inputs.tokenizer, to: folder)
      try objective.save(to: CheckpointLayout(folder: folder))
    }
    saved = layout
    try store.tidy(keeping: training.saveTotalLimit, best: state.bestCheckpoint, written: layout)
    lastRecovery = clock.monotonic()
    recoveryCost = Double(lastRecovery - start) / 1e9
    report(.checkpoint(step: state.step, path: "checkpoints/\(layout.folder.lastComponent?.string ?? "")"))
    report(.phase(.training, share: nil))
  }

  // MARK: divergence

  func notANumber(loss: Double, rate: Double) -> Problem {
    // The weights of the step before made this loss: a checkpoint of them is no good one.
    diverged(
      "at step \(state.step + 1) the \(loss.isFinite ? "gradient" : "loss") is no number any more", rate: rate, good: state.step - 1)
  }

  func exploded(rate: Double) -> Problem {
    let (first, last) = (state.watch.openingMean, state.watch.recentMean)
    return diverged(
      "up to step \(state.step + 1) the loss has grown from \(Figures.fixed(first, 4)) in the first \(DivergenceWatch.span) steps to \(Figures.fixed(last, 4)) in the last \(DivergenceWatch.span)",
      rate: rate, good: state.step - DivergenceWatch.span)
  }

  /// - good: the last step whose weights can be gone on with.
  private func diverged(_ what: String, rate: Double, good: Int) -> Problem {
    let all = ((try? CheckpointStore(job: job, files: files).all()) ?? []).filter { $0.state.run == inputs.identity }  // unreadable: none
    let last = all.last { $0.state.step <= good }
    let best = all.last { $0.state.step == state.bestEval?.step && $0.state.step < state.step }
    func named(_ found: CheckpointStore.Found) -> String {
      "checkpoints/\(found.layout.folder.lastComponent?.string ?? ""), step \(found.state.step)"
    }
    var kept = last.map { "The last good checkpoint is \(named($0))." } ?? "There is no checkpoint yet."
    if let best, let last, let value = state.bestEval.flatMap(training.bestMetric.value) {
      let figure = "\(training.bestMetric.name) \(Figures.fixed(value, 4))"
      kept += best.layout == last.layout ? " It is the best one too: \(figure)." : " The best one is \(named(best)): \(figure)."
    }
    return Problem(
      "training.diverged", "the training has diverged: \(what)",
      why: "the learning rate was \(Figures.general(rate)) there; a rate that is too high is the usual cause",
      mend: "Lower training.learning_rate (a third is a good next try) or lengthen the warm-up, and drop the job again. \(kept)")
  }
}

/// Whether the loss has run away: the mean of its size over the last ten steps is more than four times that of the first ten, and 4 more
/// than that besides. A cross-entropy of a fresh model begins at the logarithm of its vocabulary, a preference's at ln 2, a group's about 0:
/// none of them gets there by learning.
struct DivergenceWatch: Codable, Sendable, Equatable {
  static let span = 10

  private(set) var opening: [Double] = []
  private(set) var recent: [Double] = []

  mutating func add(_ loss: Double) {
    if opening.count < Self.span { return opening.append(abs(loss)) }
    recent.append(abs(loss))
    if recent.count > Self.span { recent.removeFirst() }
  }

  var openingMean: Double { opening.reduce(0, +) / Double(max(opening.count, 1)) }
  var recentMean: Double { recent.reduce(0, +) / Double(max(recent.count, 1)) }
  var hasExploded: Bool { recent.count == Self.span && recentMean > 4 * openingMean + 4 }
}
