import Domain
import Kernels
import LanguageModels
import Platform
import StrictJSON
import SystemPackage
import Tokenizers

/// What stands when the last step is done: the model, its samples, the evaluation, the summary.
struct FinalOutputs {
  let order: TrainOrder
  let inputs: RunInputs
  let job: JobLayout
  let model: LanguageModel
  let shape: RunShape
  let state: ResumeState
  let files: any FileSystem
  let clock: WallClock
  let watch: RunWatch
  let report: (WorkerEvent) -> Void

  func write(log: RunLog) throws {
    report(.phase(.exporting, share: nil))
    var state = state
    let isBest = try takeBest(log)
    // What is said of the final model was measured on it.
    if isBest { state.lastEval = state.bestEval }
    try writeModel()
    // Samples are of the whole: what is trained beside the weights goes into them now, where it has not yet.
    model.adapter?.merge(into: model)
    model.adapter = nil
    let questions = Questions(inputs, report: report)
    let before =
      files.exists(job.answersBefore)
      ? try PublishedJSON.decode(ModelAnswers.self, from: try files.contents(of: job.answersBefore)) : nil
    let evaluation = EvaluationReport(
      order: order, inputs: inputs, job: job, shape: shape, state: state, files: files, questions: questions, before: before,
      after: try questions.ask(model))
    let now = Timestamp(nanoseconds: clock.now())
    let record = try evaluation.record(at: now)
    try files.publish(evaluation.samples().utf8, to: job.samples)
    try files.publish(try PublishedJSON.bytes(of: record), to: job.evaluation)
    report(.phase(.exporting, share: nil))
    var row = MetricsRow(step: state.step, epoch: inputs.epoch(at: state.step))
    row.time = now
    row.trainRuntime = state.elapsed
    row.trainLoss = state.meanLoss
    try log.note(row)
    let summary = summary(of: state, isBest: isBest)
    try files.publish(try PublishedJSON.bytes(of: summary), to: job.metrics)
    KillPoint.pass(.summaryPublished)
    if let line = try concludePlan() { try log.say(line) }
    if let line = Self.sentence(record) { try log.say(line) }
    let held =
      state.lastEval?.measures["eval_reward"].map { "held-out reward \(Figures.fixed($0, 4))" }
      ?? "held-out loss \(state.lastEval?.evalLoss.map { Figures.fixed($0, 4) } ?? "none")"
    try log.say("Done: \(state.step) steps, loss \(LogLine.number(state.finalLoss ?? 0, 4)), \(held)")
  }

  /// Puts what the run took beside its plan; in a sentence.
  private func concludePlan() throws -> String? {
    guard files.exists(job.plan) else { return nil }
    var plan = try PublishedJSON.decode(JobPlan.self, from: try files.contents(of: job.plan))
    plan.conclude(seconds: watch.seconds, peakMemory: WorkerProcess.peakMemory)
    try files.publish(try PublishedJSON.bytes(of: plan), to: job.plan)
    return plan.comparison
  }

  /// What the judged answers came to, before and after.
  private static func sentence(_ record: EvaluationRecord) -> String? {
    let parts = EvaluationRecord.Metrics.judged.compactMap { title, path in
      record.metrics.after?[keyPath: path].map { after in
        "\(title) \(record.metrics.before?[keyPath: path].map { Figures.fixed($0, 3) + " before, " } ?? "")\(Figures.fixed(after, 3)) after"
      }
    }
    return parts.isEmpty ? nil : "Answers to \(record.testSet.prompts) held-out prompts: " + parts.joined(separator: "; ")
  }

  /// Takes the best evaluation's weights in place of the last step's, where the config asks for them.
  ///
  /// - Returns: whether the model is the best evaluation's now.
  private func takeBest(_ log: RunLog) throws -> Bool {
    let training = inputs.configuration.training
    guard training.best.loads == true, let best = state.bestEval else { return false }
    if best.step != state.step {
      let store = CheckpointStore(job: job, files: files)
      guard let name = state.bestCheckpoint, let found = try store.whole(named: name, ofRun: inputs.identity) else {
        let warning =
          "the best checkpoint, checkpoints/\(state.bestCheckpoint ?? ""), is gone or damaged: the final model is of the last step, \(state.step)"
        report(.warning(warning))
        try log.say("Note: \(warning)")
        return false
      }
      try model.readTrained(from: found.layout.folder)
    }
    let value = training.bestMetric.value(in: best).map { ": \(LogLine.number($0, 4))" } ?? ""
    try log.say("The final model is of step \(best.step), the best by \(training.bestMetric.name)\(value)")
    return true
  }

  /// `final_model/`, whole or not at all.
  private func writeModel() throws {
    let partial = job.folder.appending(".final_model.making")
    try files.removeTree(partial)
    try files.makeFolders(partial)
    if let adapter = model.adapter, inputs.configuration.training.mergesLoRA == true {
      adapter.merge(into: model)
      model.adapter = nil
    }
    try model.saveTrained(to: partial)
    try TokenizerFolder(files: files).save(inputs.tokenizer, to: partial)
    try files.syncTree(partial)
    KillPoint.pass(.finalModelMade)
    try files.removeTree(job.finalModel)
    try files.move(partial, to: job.finalModel)
    KillPoint.pass(.finalModelMoved)
  }

  private func summary(of state: ResumeState, isBest: Bool) -> MetricsSummary {
    var summary = MetricsSummary(
      method: inputs.configuration.training.method.rawValue, parameters: shape.parameters, trainTokens: inputs.work.trainTokens,
      evalTokens: inputs.work.evalTokens, epochs: shape.epochs, steps: state.step)
    summary.firstLoss = state.firstLoss
    summary.finalLoss = state.finalLoss
    summary.trainLoss = state.meanLoss
    summary.firstEvalLoss = state.firstEval?.evalLoss
    summary.evalLoss = state.lastEval?.evalLoss
    summary.evalPerplexity = state.lastEval?.evalPerplexity
    summary.evalMeanTokenAccuracy = state.lastEval?.evalMeanTokenAccuracy
    summary.bestEvalLoss = state.bestEval?.evalLoss
    summary.bestStep = state.bestEval?.step
    summary.bestValue = state.bestEval.flatMap(inputs.configuration.training.bestMetric.value)
    if summary.bestValue != nil { summary.bestMetric = inputs.configuration.training.bestMetric.name }
    summary.finalModelStep = isBest ? state.bestEval?.step : state.step
    summary.endedEarly = state.endedEarly
    if let measures = state.firstEval?.measures, !measures.isEmpty { summary.firstMeasures = measures }
    let measures = state.lastMeasures.merging(state.lastEval?.measures ?? [:]) { $1 }
    if !measures.isEmpty { summary.measures = measures }
    summary.tokensSeen = state.tokensSeen
    summary.tokensPerSecond = Double(state.tokensSeen) / max(state.elapsed, 1e-9)
    summary.trainRuntime = state.elapsed
    summary.peakMemoryBytes = WorkerProcess.peakMemory
    summary.resumes = state.resumes
    summary.kernels = "\(CPUFeatures.kernelClone); \(CPUFeatures.detected)"
    summary.libraries = ["oneDNN": CPUFeatures.productLibraryVersion]
    return summary
  }
}
