import Domain
import Kernels
import LanguageModels
import Platform
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
  let report: (WorkerEvent) -> Void

  func write(log: RunLog) throws {
    report(.phase(.exporting, share: nil))
    try writeModel()
    // Samples are of the whole: what is trained beside the weights goes into them now, where it has not yet.
    model.adapter?.merge(into: model)
    model.adapter = nil
    try files.publish(try SampleTexts(inputs: inputs, model: model).markdown(job: order.job).utf8, to: job.samples)
    try files.publish(try PublishedJSON.bytes(of: evaluation), to: job.evaluation)
    var row = MetricsRow(step: state.step, epoch: inputs.epoch(at: state.step))
    row.time = Timestamp(nanoseconds: clock.now())
    row.trainRuntime = state.elapsed
    row.trainLoss = summary.trainLoss
    try log.note(row)
    try files.publish(try PublishedJSON.bytes(of: summary), to: job.metrics)
    KillPoint.pass(.summaryPublished)
    try log.say(
      "Done: \(shape.steps) steps, loss \(Figures.fixed(state.finalLoss ?? 0, 4)), held-out loss \(state.lastEval?.evalLoss.map { Figures.fixed($0, 4) } ?? "none")"
    )
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

  private struct Evaluation: Encodable {
    var schema = "dropforge.evaluation/1"
    var heldOutTokens: Int
    var before: MetricsRow?
    var after: MetricsRow?
    var best: MetricsRow?
    enum CodingKeys: String, CodingKey {
      case schema, before, after, best
      case heldOutTokens = "held_out_tokens"
    }
  }

  private var evaluation: Evaluation {
    Evaluation(heldOutTokens: inputs.work.evalTokens, before: state.firstEval, after: state.lastEval, best: state.bestEval)
  }

  private var summary: MetricsSummary {
    var summary = MetricsSummary(
      method: inputs.configuration.training.method.rawValue, parameters: shape.parameters, trainTokens: inputs.work.trainTokens,
      evalTokens: inputs.work.evalTokens, epochs: shape.epochs, steps: shape.steps)
    summary.firstLoss = state.firstLoss
    summary.finalLoss = state.finalLoss
    summary.trainLoss = state.lossTotal / Double(max(state.step, 1))
    summary.firstEvalLoss = state.firstEval?.evalLoss
    summary.evalLoss = state.lastEval?.evalLoss
    summary.evalPerplexity = state.lastEval?.evalPerplexity
    summary.evalMeanTokenAccuracy = state.lastEval?.evalMeanTokenAccuracy
    summary.bestEvalLoss = state.bestEval?.evalLoss
    summary.bestStep = state.bestEval?.step
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
