import Domain
import Kernels
import LanguageModels
import Platform
import StrictJSON
import SystemPackage

/// The loop: have the method go forward and back over a batch, step, tell. What it tells is published by others; when it stops is
/// the caller's decision; what a batch is and what it is trained for is the `Objective`'s.
///
/// Everything that is drawn by lot is computed from the seed and the step, so that the state to save is only what
/// `ResumeState`, the optimizer and the objective hold, and a resumed run ends with the bits of an undisturbed one.
final class TrainingLoop {
  enum Ending: Equatable { case finished, stopped }

  let inputs: RunInputs
  let job: JobLayout
  let model: LanguageModel
  let objective: any Objective
  let shape: RunShape
  let files: any FileSystem
  let report: (WorkerEvent) -> Void
  var state: ResumeState
  let optimizer: any Optimizer
  let log: RunLog
  let clock: WallClock
  /// Of the whole run.
  let watch: RunWatch
  private let gradients: ParameterStore
  private let schedule: LearningRateSchedule
  private var pace = PaceWindow()
  private var lastReport: Int64 = 0
  var lastRecovery: Int64
  var recoveryCost = 0.0
  /// The checkpoint that was written last, or that the run goes on from.
  var saved: CheckpointLayout?

  var training: TrainingSection { inputs.configuration.training }

  init(
    inputs: RunInputs, job: JobLayout, model: LanguageModel, objective: any Objective, optimizer: any Optimizer, state: ResumeState,
    shape: RunShape, log: RunLog, files: any FileSystem, clock: WallClock, watch: RunWatch, report: @escaping (WorkerEvent) -> Void
  ) throws {
    self.inputs = inputs
    self.job = job
    self.model = model
    self.objective = objective
    self.optimizer = optimizer
    self.state = state
    self.shape = shape
    self.log = log
    self.files = files
    self.clock = clock
    self.watch = watch
    self.report = report
    gradients = try ParameterStore(model.trained.layout)
    schedule = LearningRateSchedule(inputs.configuration.training, steps: shape.steps)
    lastRecovery = clock.monotonic()
  }

  /// Trains to the last step, or until `isStopped`. A stopped run has left a checkpoint.
  func run(isStopped: () -> Bool) throws -> Ending {
    report(.phase(.training, share: nil))
    if state.step == 0, state.firstEval == nil { try evaluate() }
    if state.owesEvaluation == true {
      guard try evaluateUnlessStopped() else { return .stopped }
      try checkpointIfDue(isLast: state.step == shape.steps || state.endedEarly != nil)
    }
    while state.step < shape.steps, state.endedEarly == nil {
      if isStopped() {
        // One that is kept is not replaced by one to recover from, which the next would take away.
        let layout = job.checkpoint(step: state.step)
        if saved != layout { try checkpoint(layout, forRecovery: true) }
        return .stopped
      }
      try step()
      let isLast = state.step == shape.steps
      if isDue(EvaluationCadence(inputs.configuration)) || isLast, try !evaluateUnlessStopped() { return .stopped }
      try checkpointIfDue(isLast: isLast || state.endedEarly != nil)
    }
    return .finished
  }

  // MARK: one step

  private func step() throws {
    let start = clock.monotonic()
    // 1. forward and back
    let outcome = try objective.accumulate(step: state.step, into: gradients)
    // 2. the optimizer's step
    let rate = schedule.rate(at: state.step)
    let norm = gradients.norm(on: model.team)
    guard outcome.loss.isFinite, norm.isFinite else { throw notANumber(loss: outcome.loss, rate: rate) }
    state.watch.add(outcome.loss)
    if state.watch.hasExploded { throw exploded(rate: rate) }
    let scale = training.maximumGradNorm > 0 ? GradientNorm.clippingFactor(norm: norm, maximum: training.maximumGradNorm) : 1
    optimizer.update(
      model.trained, gradients: gradients, step: state.step + 1, learningRate: rate, gradientScale: scale, on: model.team)
    // 3. the books
    try account(outcome, norm: norm, rate: rate, seconds: Double(clock.monotonic() - start) / 1e9)
  }

  private func account(_ outcome: StepOutcome, norm: Double, rate: Double, seconds: Double) throws {
    state.step += 1
    state.tokensSeen += outcome.tokens
    state.elapsed += seconds
    state.lossTotal += outcome.loss
    state.firstLoss = state.firstLoss ?? outcome.loss
    state.finalLoss = outcome.loss
    state.window.add(outcome, seconds: seconds)
    pace.add(seconds, tokens: outcome.tokens)
    let isLogged = state.step == 1 || state.step % training.loggingSteps == 0 || state.step == shape.steps
    let row = isLogged ? try logRow(norm: norm, rate: rate) : nil
    let logged = row.flatMap { row in objective.headline(of: row).first { $0.name == "accuracy" }?.value }
    tell(loss: row?.loss ?? outcome.loss, rate: rate, accuracy: logged ?? outcome.accuracy, norm: norm)
  }

  private func logRow(norm: Double, rate: Double) throws -> MetricsRow {
    let window = state.window
    var row = MetricsRow(step: state.step, epoch: epoch(at: state.step))
    row.time = Timestamp(nanoseconds: clock.now())
    row.loss = window.loss / max(window.weight, 1)
    row.learningRate = rate
    row.gradNorm = norm
    if window.targets > 0 { row.meanTokenAccuracy = Double(window.hits) / Double(window.targets) }
    row.numTokens = state.tokensSeen
    row.tokensPerSecond = Double(window.tokens) / max(window.seconds, 1e-9)
    row.measures = window.measures.means
    state.window = .init()
    state.lastMeasures = row.measures
    try log.note(row)
    try log.say(
      LogLine.step(
        epoch: displayedEpoch, epochs: shape.epochs, step: state.step, steps: shape.steps, loss: row.loss ?? 0, lr: rate,
        others: objective.headline(of: row)))
    return row
  }

  /// At most ten reports a second: the agent publishes four.
  private func tell(loss: Double, rate: Double, accuracy: Double?, norm: Double) {
    let now = clock.monotonic()
    guard now - lastReport > 100_000_000 || state.step == shape.steps else { return }
    lastReport = now
    report(
      .step(
        StepReport(
          epoch: displayedEpoch, step: state.step, loss: loss, lr: rate, accuracy: accuracy, gradNorm: norm,
          tokensPerSecond: pace.tokensPerSecond, elapsed: state.elapsed, eta: pace.secondsPerStep * Double(shape.steps - state.step))))
  }

  // MARK: epochs

  /// Passes over the data, with a fraction.
  func epoch(at step: Int) -> Double { inputs.epoch(at: step) }

  private var displayedEpoch: Int { min(shape.epochs, max(1, Int(epoch(at: state.step).rounded(.up)))) }

  /// The epoch that ends with the step just made, or nil.
  var finishedEpoch: Int? {
    let before = Int(epoch(at: state.step - 1) + 1e-9)
    let after = Int(epoch(at: state.step) + 1e-9)
    return after > before ? after : nil
  }

  private func isDue(_ due: EvaluationCadence) -> Bool {
    switch due {
    case .never: false
    case .everySteps(let steps): state.step % steps == 0
    case .everyEpoch: finishedEpoch != nil
    }
  }

  // MARK: evaluation

  /// A large held-out part takes long: a run that is stopped in it leaves a checkpoint of the step just made, and measures it when it
  /// goes on.
  ///
  /// - Returns: false where it was stopped.
  private func evaluateUnlessStopped() throws -> Bool {
    do {
      try evaluate()
      state.owesEvaluation = nil
      return true
    } catch is CancellationError {
      state.owesEvaluation = true
      let layout = job.checkpoint(step: state.step)
      if saved != layout { try checkpoint(layout, forRecovery: true) }
      return false
    }
  }

  private static func endIfStopped(_: Double) throws { if WorkerProcess.stopWasAsked { throw CancellationError() } }

  private func evaluate() throws {
    guard training.evalStrategy != .no || state.step == shape.steps, inputs.work.evalTokens > 1 else { return }
    report(.phase(.evaluating, share: nil))
    defer { report(.phase(.training, share: nil)) }
    let start = clock.monotonic()
    guard
      let outcome = try objective.evaluate(step: state.step, limit: inputs.configuration.evaluation.maximumTokens, tick: Self.endIfStopped)
    else { return }
    var row = MetricsRow(step: state.step, epoch: epoch(at: state.step))
    row.time = Timestamp(nanoseconds: clock.now())
    row.take(outcome)
    row.evalRuntime = Double(clock.monotonic() - start) / 1e9
    state.firstEval = state.firstEval ?? row
    state.lastEval = row
    try log.note(row)
    try log.say(
      LogLine.evaluation(
        epoch: displayedEpoch, epochs: shape.epochs, step: state.step, steps: shape.steps, loss: row.evalLoss,
        others: objective.headline(of: row)))
    report(.evaluated(row))
    try judge(row)
  }
}

/// Seconds a step over the last minute.
private struct PaceWindow {
  private var steps: [(seconds: Double, tokens: Int)] = []
  private var sum = 0.0
  private var tokens = 0

  mutating func add(_ seconds: Double, tokens count: Int) {
    steps.append((seconds, count))
    sum += seconds
    tokens += count
    while sum > 60 && steps.count > 1 || steps.count > 512 {
      let first = steps.removeFirst()
      sum -= first.seconds
      tokens -= first.tokens
    }
  }

  var secondsPerStep: Double { steps.isEmpty ? 0 : max(sum, 0) / Double(steps.count) }
  var tokensPerSecond: Double { Double(tokens) / max(sum, 1e-9) }
}

#if canImport(Glibc)
  import Glibc
#endif

enum Perplexity {
  /// e to the mean loss; the largest number where that is beyond it, which JSON could not say.
  static func of(_ loss: Double) -> Double { min(exp(loss), .greatestFiniteMagnitude) }
}
