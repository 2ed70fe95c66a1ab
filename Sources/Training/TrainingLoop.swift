import Domain
import Kernels
import LanguageModels
import Platform
import StrictJSON
import SystemPackage

/// The loop: take a batch, go forward and back, step, tell. What it tells is published by others; when it stops is the
/// caller's decision.
///
/// Everything that is drawn by lot is computed from the seed and the step, so that the state to save is only what
/// `ResumeState` and the moments hold, and a resumed run ends with the bits of an undisturbed one.
final class TrainingLoop {
  enum Ending: Equatable { case finished, stopped }

  let inputs: RunInputs
  let job: JobLayout
  let model: LanguageModel
  let shape: RunShape
  let files: any FileSystem
  let report: (WorkerEvent) -> Void
  var state: ResumeState
  let moments: Moments
  let log: RunLog
  private let gradients: ParameterStore
  private let pass: ModelPass
  private let evaluation: ModelPass?
  private let schedule: LearningRateSchedule
  private let clock: WallClock
  private var paceWindow = PaceWindow()
  private var lastReport: Int64 = 0
  private var lastRecovery: Int64
  private var recoveryCost = 0.0

  var training: TrainingSection { inputs.configuration.training }
  private var samplesPerStep: Int { training.batchSize * training.accumulationSteps }
  private var totalSamples: Int { shape.steps * samplesPerStep }

  init(
    inputs: RunInputs, job: JobLayout, model: LanguageModel, moments: Moments, state: ResumeState, shape: RunShape, log: RunLog,
    files: any FileSystem, clock: WallClock, report: @escaping (WorkerEvent) -> Void
  ) throws {
    self.inputs = inputs
    self.job = job
    self.model = model
    self.moments = moments
    self.state = state
    self.shape = shape
    self.log = log
    self.files = files
    self.clock = clock
    self.report = report
    gradients = try ParameterStore(model.trained.layout)
    let length = (inputs.trainSamples.length + 7) / 8 * 8
    pass = try ModelPass(
      model, rows: inputs.configuration.training.batchSize * length, length: length, purpose: .training,
      recomputing: inputs.configuration.training.gradientCheckpointing)
    schedule = LearningRateSchedule(inputs.configuration.training, steps: shape.steps)
    lastRecovery = clock.monotonic()
    if inputs.eval.tokens > 1 {
      let evalLength = (inputs.evalSamples.length + 7) / 8 * 8
      let batch = inputs.configuration.training.evalBatchSize ?? inputs.configuration.training.batchSize
      evaluation = try ModelPass(model, rows: batch * evalLength, length: evalLength, purpose: .scoring)
    } else {
      evaluation = nil
    }
  }

  /// Trains to the last step, or until `isStopped`. A stopped run has left a checkpoint.
  func run(isStopped: () -> Bool) throws -> Ending {
    report(.phase(.training, share: nil))
    if state.step == 0, state.firstEval == nil { try evaluate() }
    while state.step < shape.steps {
      if isStopped() {
        try checkpoint(job.checkpoint(step: state.step), forRecovery: true)
        return .stopped
      }
      try step()
      let isLast = state.step == shape.steps
      if isDue(evaluationCadence) || isLast { try evaluate() }
      try checkpointIfDue(isLast: isLast)
    }
    return .finished
  }

  // MARK: one step

  private func step() throws {
    let start = clock.monotonic()
    // 1. the batch, and how many targets its mean is over
    let first = state.step * samplesPerStep
    let batches = (0..<training.accumulationSteps).map { index in
      inputs.trainSamples.microBatch(first: first + index * training.batchSize, count: training.batchSize, total: totalSamples)
    }
    let targets = batches.reduce(0) { $0 + $1.targetCount }
    // 2. forward and back
    var sum = LossSum()
    for (index, batch) in batches.enumerated() where batch.batch > 0 {
      let key = Dropout.Key(
        seed: UInt64(inputs.configuration.seed), step: UInt32(truncatingIfNeeded: state.step * training.accumulationSteps + index))
      sum += try pass.accumulate(batch, into: gradients, gradientScale: 1 / Float(max(targets, 1)), dropout: key)
    }
    // 3. the optimizer's step
    let rate = schedule.rate(at: state.step)
    let norm = gradients.norm(on: model.team)
    let loss = sum.meanLoss ?? 0
    guard loss.isFinite, norm.isFinite else { throw diverged(loss: loss, norm: norm, rate: rate) }
    let scale = training.maximumGradNorm > 0 ? GradientNorm.clippingFactor(norm: norm, maximum: training.maximumGradNorm) : 1
    model.trained.update(
      AdamW(beta1: training.beta1, beta2: training.beta2, epsilon: training.epsilon, weightDecay: training.weightDecay),
      gradients: gradients,
      firstMoment: moments.first, secondMoment: moments.second, step: state.step + 1, learningRate: rate, gradientScale: scale,
      on: model.team)
    // 4. the books
    let seconds = Double(clock.monotonic() - start) / 1e9
    let tokens = batches.reduce(0) { $0 + $1.rows }
    try account(sum, loss: loss, norm: norm, rate: rate, tokens: tokens, seconds: seconds)
  }

  private func account(_ sum: LossSum, loss: Double, norm: Double, rate: Double, tokens: Int, seconds: Double) throws {
    state.step += 1
    state.tokensSeen += tokens
    state.elapsed += seconds
    state.lossTotal += loss
    state.firstLoss = state.firstLoss ?? loss
    state.finalLoss = loss
    state.window.steps += 1
    state.window.loss += sum.loss
    state.window.targets += sum.targets
    state.window.hits += sum.hits
    state.window.tokens += tokens
    state.window.seconds += seconds
    paceWindow.add(seconds)
    let isLogged = state.step == 1 || state.step % training.loggingSteps == 0 || state.step == shape.steps
    let row = isLogged ? try logRow(norm: norm, rate: rate) : nil
    tell(loss: row?.loss ?? loss, rate: rate, accuracy: row?.meanTokenAccuracy ?? sum.accuracy ?? 0, norm: norm, isLogged: isLogged)
  }

  private func logRow(norm: Double, rate: Double) throws -> MetricsRow {
    let window = state.window
    var row = MetricsRow(step: state.step, epoch: epoch(at: state.step))
    row.time = Timestamp(nanoseconds: clock.now())
    row.loss = window.loss / Double(max(window.targets, 1))
    row.learningRate = rate
    row.gradNorm = norm
    row.meanTokenAccuracy = Double(window.hits) / Double(max(window.targets, 1))
    row.numTokens = state.tokensSeen
    row.tokensPerSecond = Double(window.tokens) / max(window.seconds, 1e-9)
    state.window = .init()
    try log.note(row)
    try log.say(
      LogLine.step(
        epoch: displayedEpoch, epochs: shape.epochs, step: state.step, steps: shape.steps, loss: row.loss ?? 0, lr: rate,
        accuracy: row.meanTokenAccuracy ?? 0))
    return row
  }

  /// At most ten reports a second: the agent publishes four.
  private func tell(loss: Double, rate: Double, accuracy: Double, norm: Double, isLogged: Bool) {
    let now = clock.monotonic()
    guard now - lastReport > 100_000_000 || state.step == shape.steps else { return }
    lastReport = now
    let pace = paceWindow.secondsPerStep
    report(
      .step(
        StepReport(
          epoch: displayedEpoch, step: state.step, loss: loss, lr: rate, accuracy: accuracy, gradNorm: norm,
          tokensPerSecond: Double(samplesPerStep * inputs.trainSamples.length) / max(pace, 1e-9), elapsed: state.elapsed,
          eta: pace * Double(shape.steps - state.step))))
  }

  private func diverged(loss: Double, norm: Double, rate: Double) -> Problem {
    let last = try? CheckpointStore(job: job, files: files).all().last { _ in true }
    let kept =
      last.map { "The last good checkpoint is checkpoints/\($0.layout.folder.lastComponent?.string ?? ""), step \($0.state.step)." }
      ?? "There is no checkpoint yet."
    return Problem(
      "training.diverged",
      "the training has diverged: at step \(state.step + 1) the \(loss.isFinite ? "gradient" : "loss") is no number any more",
      why: "the learning rate was \(Figures.general(rate)) there; a rate that is too high is the usual cause",
      mend: "Lower training.learning_rate (a third is a good next try) or lengthen the warm-up, and drop the job again. \(kept)")
  }

  // MARK: epochs

  /// Passes over the data, with a fraction.
  func epoch(at step: Int) -> Double { Double(step * samplesPerStep) / Double(inputs.trainSamples.count) }

  private var displayedEpoch: Int { min(shape.epochs, max(1, Int(epoch(at: state.step).rounded(.up)))) }

  /// The epoch that ends with the step just made, or nil.
  private var finishedEpoch: Int? {
    let before = Int(epoch(at: state.step - 1) + 1e-9)
    let after = Int(epoch(at: state.step) + 1e-9)
    return after > before ? after : nil
  }

  private enum Due { case never, everySteps(Int), everyEpoch }

  private var evaluationCadence: Due {
    let steps = training.evalSteps ?? inputs.configuration.evaluation.evalSteps
    switch training.evalStrategy {
    case .no?: return .never
    case .epoch?: return .everyEpoch
    case .steps?, nil: return steps.map(Due.everySteps) ?? .everyEpoch
    }
  }

  private func isDue(_ due: Due) -> Bool {
    switch due {
    case .never: false
    case .everySteps(let steps): state.step % steps == 0
    case .everyEpoch: finishedEpoch != nil
    }
  }

  // MARK: evaluation

  private func evaluate() throws {
    guard let evaluation, training.evalStrategy != .no || state.step == shape.steps else { return }
    report(.phase(.evaluating, share: nil))
    let start = clock.monotonic()
    let batch = training.evalBatchSize ?? training.batchSize
    var sum = LossSum()
    var first = 0
    let samples = inputs.evalSamples
    while first < samples.count {
      sum += try evaluation.evaluate(samples.microBatch(first: first, count: batch, total: samples.count))
      first += batch
      if let most = inputs.configuration.evaluation.maximumTokens, sum.targets >= most { break }
    }
    guard let loss = sum.meanLoss, let accuracy = sum.accuracy else { return }
    var row = MetricsRow(step: state.step, epoch: epoch(at: state.step))
    row.time = Timestamp(nanoseconds: clock.now())
    row.evalLoss = loss
    row.evalMeanTokenAccuracy = accuracy
    row.evalPerplexity = Perplexity.of(loss)
    row.evalRuntime = Double(clock.monotonic() - start) / 1e9
    row.evalTokens = sum.targets
    state.firstEval = state.firstEval ?? row
    state.lastEval = row
    if loss < state.bestEval?.evalLoss ?? .infinity { state.bestEval = row }
    try log.note(row)
    try log.say(
      LogLine.evaluation(
        epoch: displayedEpoch, epochs: shape.epochs, step: state.step, steps: shape.steps, loss: loss, perplexity: row.evalPerplexity ?? 0,
        accuracy: accuracy))
    report(.evaluated(row))
    report(.phase(.training, share: nil))
  }

  // MARK: checkpoints

  private func checkpointIfDue(isLast: Bool) throws {
    if training.saveStrategy == .epoch, let epoch = finishedEpoch {
      try checkpoint(job.checkpoint(epoch: epoch), forRecovery: false)
    } else if training.saveStrategy == .steps, state.step % training.saveSteps == 0 {
      try checkpoint(job.checkpoint(step: state.step), forRecovery: false)
    } else if isLast {
      // What follows the last step can be interrupted too.
      try checkpoint(
        training.saveStrategy == .epoch ? job.checkpoint(epoch: shape.epochs) : job.checkpoint(step: state.step),
        forRecovery: training.saveStrategy == .no)
    } else {
      // A large model's checkpoint takes a while: at most a thirtieth of the time goes into recovery.
      let since = Double(clock.monotonic() - lastRecovery) / 1e9
      if since >= max(training.recoverySeconds, 30 * recoveryCost) { try checkpoint(job.checkpoint(step: state.step), forRecovery: true) }
    }
  }

  private func checkpoint(_ layout: CheckpointLayout, forRecovery: Bool) throws {
    report(.phase(.saving, share: nil))
    let start = clock.monotonic()
    try log.sync()
    state.log = log.lengths
    state.run = inputs.identity
    state.isForRecovery = forRecovery
    let store = CheckpointStore(job: job, files: files)
    let history = try TrainerState.history(job.metricRows, files)
    try store.write(
      layout, state, model: model, moments: moments, trainerState: TrainerState.node(state, shape, training, rows: history)
    ) { folder in try TokenizerFolder(files: files).save(inputs.tokenizer, to: folder) }
    try store.tidy(keeping: training.saveTotalLimit)
    lastRecovery = clock.monotonic()
    recoveryCost = Double(lastRecovery - start) / 1e9
    report(.checkpoint(step: state.step, path: "checkpoints/\(layout.folder.lastComponent?.string ?? "")"))
    report(.phase(.training, share: nil))
  }
}

/// Seconds a step over the last minute.
private struct PaceWindow {
  private var steps: [Double] = []
  private var sum = 0.0

  mutating func add(_ seconds: Double) {
    steps.append(seconds)
    sum += seconds
    while sum > 60, steps.count > 1 { sum -= steps.removeFirst() }
    if steps.count > 512 { sum -= steps.removeFirst() }
  }

  var secondsPerStep: Double { steps.isEmpty ? 0 : max(sum, 0) / Double(steps.count) }
}

#if canImport(Glibc)
  import Glibc
#endif

enum Perplexity {
  /// e to the mean loss; the largest number where that is beyond it, which JSON could not say.
  static func of(_ loss: Double) -> Double { min(exp(loss), .greatestFiniteMagnitude) }
}
