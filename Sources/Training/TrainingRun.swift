import Domain
import Kernels
import LanguageModels
import Platform
import StrictJSON
import SystemPackage
import Tokenizers

/// A training job in a worker, from its order to its model: prepare, take up the newest checkpoint, train, export.
package struct TrainingRun {
  private let order: TrainOrder
  private let files: any FileSystem
  private let clock: WallClock
  private let report: (WorkerEvent) -> Void
  private let job: JobLayout
  private let availableMemory: () -> Int?
  private let sampleBytes: Int

  /// - availableMemory: bytes that programs can still have, asked before the first step.
  /// - sampleBytes: of rows that a first plan is made from, where there are many more.
  package init(
    order: TrainOrder, files: any FileSystem, clock: WallClock, availableMemory: @escaping () -> Int? = { Machine.availableMemory },
    sampleBytes: Int = RowSample.usualBytes,
    report: @escaping (WorkerEvent) -> Void
  ) {
    self.availableMemory = availableMemory
    self.sampleBytes = sampleBytes
    self.order = order
    self.files = files
    self.clock = clock
    self.report = report
    job = JobLayout(folder: FilePath(order.folder))
  }

  /// - Parameter isStopped: asked at every step.
  /// - Returns: how the worker is to exit.
  /// - Throws: `Problem` for what the user can mend.
  package func run(isStopped: @escaping () -> Bool) throws -> WorkerExit {
    try Self.explaining { try train(isStopped: isStopped) }
  }

  /// What went wrong, as a user can mend it; a stop is no fault.
  static func explaining(_ body: () throws -> WorkerExit) throws -> WorkerExit {
    do {
      return try body()
    } catch is CancellationError {
      return .stopped
    } catch let error as ModelError {
      throw Problem(model: error)
    } catch let error as SystemError {
      throw Problem(
        error.code == .noSpace ? Problem.diskFullCode : "system", "the job could not go on",
        mend: error.mend ?? "Look into the agent's log.",
        cause: error.description)
    }
  }

  /// Only its plan, from some of the rows: for a job that waits in the queue.
  package func plan() throws -> WorkerExit {
    try Self.explaining {
      let sources = try RunPreparation(order: order, files: files, clock: clock, report: report).sources()
      var plan = EarlyPlan(
        order: order, sources: sources, team: ThreadTeam(count: order.threads), sampleBytes: sampleBytes, files: files, clock: clock,
        availableMemory: availableMemory)
      plan.isAll = true
      try plan.publish()
      return .done
    }
  }

  private func train(isStopped: @escaping () -> Bool) throws -> WorkerExit {
    let began = clock.monotonic()
    let preparation = RunPreparation(order: order, files: files, clock: clock, report: report)
    let sources = try preparation.sources()
    let team = ThreadTeam(count: order.threads)
    try EarlyPlan(
      order: order, sources: sources, team: team, sampleBytes: sampleBytes, files: files, clock: clock, availableMemory: availableMemory
    ).publish()
    let inputs = try preparation.inputs(sources)
    let runModel = RunModel(order: order, inputs: inputs, team: team)
    let shape = runModel.shape
    let found = try CheckpointStore(job: job, files: files).latest(ofRun: inputs.identity)
    let preflight = Preflight(
      order: order, inputs: inputs, shape: shape, team: team, files: files, clock: clock, availableMemory: availableMemory)
    // Before anything large is made. A run that goes on has its plan.
    let plan = found?.state.step ?? 0 == 0 ? try preflight.plan() : nil
    if let plan { try publish(plan) }
    if let problem = plan?.problem { throw problem }
    let reference = try inputs.work.reference(
      ReferenceSetting(
        configuration: inputs.configuration, run: inputs.identity, steps: shape.steps, job: job, files: files, clock: clock,
        startModel: runModel.start, report: report, isStopped: { WorkerProcess.stopWasAsked }))
    let model = try runModel.training(from: found)
    let optimizer = try inputs.configuration.training.makeOptimizer(for: model.trained.layout)
    var state = ResumeState()
    if let found {
      try optimizer.load(from: found.layout.optimizer)
      state = found.state
      state.resumes += 1
    }
    let watch = RunWatch(before: state.seconds ?? state.elapsed, began: began, clock: clock)
    report(.planned(shape.resumed(from: state.step)))
    let now = Timestamp(nanoseconds: clock.now())
    let log = try RunLog(
      job, files: files, from: state.log, withEvents: inputs.configuration.tensorboard.enabled, startedAt: try startOfRun(now), now: now)
    if state.step == 0 {
      for line in opening(inputs, shape, trained: model.trained.layout.parameterCount) { try log.say(line) }
      for remark in inputs.remarks { report(.warning(remark)) }
      if let warning = BestModelNote.warning(inputs) { report(.warning(warning)) }
      if let batch = FirstBatch(job: order.job, inputs: inputs) { try files.publish(batch.markdown().utf8, to: job.firstBatch) }
    }
    var answering = 0.0
    if state.step == 0, !files.exists(job.answersBefore) {
      report(.phase(.training, share: nil))  // the way to evaluating leads through it
      // Before the first step: what the answers after the last are compared with.
      let asked = clock.monotonic()
      do {
        let answers = try Questions(inputs, report: report).ask(model)
        try files.publish(try PublishedJSON.bytes(of: answers), to: job.answersBefore)
        answering = Double(clock.monotonic() - asked) / 1e9
      } catch is CancellationError {
        try log.close()
        return .stopped
      }
    }
    let objective = try inputs.work.objective(
      ObjectiveSetting(
        configuration: inputs.configuration, tokenizer: inputs.tokenizer, model: model, shape: shape, job: job, files: files,
        clock: clock, reference: reference, startModel: runModel.start, allowsCommands: order.allowsRewardCommands ?? false,
        say: { try log.say($0) }))
    if let plan {
      let rehearsal = Rehearsal(
        objective: objective, model: model, training: inputs.configuration.training, steps: shape.steps, clock: clock)
      let outcome = try rehearsal.run()
      let measured = try preflight.measured(
        plan, outcome, of: objective, preparation: watch.seconds...watch.seconds + 0.5, answers: answering)
      try publish(measured)
      try log.say(measured.line)
      for reason in measured.reasons { try log.say("Note: \(reason.text)") }
    }
    if let found { try objective.load(from: found.layout) }
    let loop = try TrainingLoop(
      inputs: inputs, job: job, model: model, objective: objective, optimizer: optimizer, state: state, shape: shape, log: log,
      files: files, clock: clock, watch: watch, report: report)
    loop.saved = found?.layout
    if try loop.run(isStopped: isStopped) == .stopped {
      try log.close()
      return .stopped
    }
    try FinalOutputs(
      order: order, inputs: inputs, job: job, model: model, shape: shape, state: loop.state, files: files, clock: clock, watch: watch,
      report: report
    )
    .write(log: log)
    try log.close()
    return .done
  }

  private func publish(_ plan: JobPlan) throws { try files.publish(try PublishedJSON.bytes(of: plan), to: job.plan) }

  /// When the run's first process began: the event file is named after it, so that a resumed run goes on in the same one.
  private func startOfRun(_ now: Timestamp) throws -> Timestamp {
    let path = job.folder.appending(".started")
    if files.exists(path), let start = Timestamp(rfc3339: String(decoding: try files.contents(of: path), as: UTF8.self)) { return start }
    try files.publish(now.rfc3339.utf8, to: path)
    return Timestamp(rfc3339: now.rfc3339) ?? now
  }

  private func opening(_ inputs: RunInputs, _ shape: RunShape, trained: Int) -> [String] {
    let training = inputs.configuration.training
    let precision = Precision.chosen(wantsBFloat16: training.bf16)
    let trained = training.useLoRA ? "; a LoRA adapter of \(Figures.grouped(trained)) trains" : ""
    return [
      "Job \(order.job): \(training.method.rawValue) on \(order.train.name), \(Figures.grouped(inputs.work.trainTokens)) tokens to train on, \(Figures.grouped(inputs.work.evalTokens)) held out",
      "Model: \(inputs.modelConfiguration.architecture.rawValue), \(Figures.grouped(shape.parameters)) parameters, \(order.base)\(trained); tokenizer with \(Figures.grouped(inputs.tokenizer.vocabularySize)) entries",
      "Plan: \(shape.steps) steps of \(Figures.general(inputs.work.samplesPerStep)) \(inputs.work.unit) of at most \(inputs.work.length) tokens, \(shape.epochs) epoch(s), \(order.threads) threads, products in \(precision.rawValue) by \(precision.path())",
    ] + BestModelNote.lines(inputs) + inputs.remarks.map { "Note: \($0)" }
  }
}

extension RunShape {
  fileprivate func resumed(from step: Int) -> RunShape {
    var shape = self
    shape.resumedFrom = step
    return shape
  }
}

extension TrainOrder {
  fileprivate var base: String { baseModel.map { "from \(FilePath($0).lastComponent?.string ?? $0)" } ?? "made from nothing" }
}
