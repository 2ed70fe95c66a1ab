import Domain
import LanguageModels
import Platform
import StrictJSON
import SystemPackage

/// `evaluation.json` of a run that has done its steps.
struct EvaluationReport {
  let order: TrainOrder
  let inputs: RunInputs
  let job: JobLayout
  let shape: RunShape
  let state: ResumeState
  let files: any FileSystem
  let questions: Questions
  let before: ModelAnswers?
  let after: ModelAnswers

  func record(at now: Timestamp) throws -> EvaluationRecord {
    let configuration = inputs.configuration
    let rows = try String(decoding: files.contents(of: job.metricRows), as: UTF8.self).split(separator: "\n").map {
      try PublishedJSON.decode(MetricsRow.self, from: $0.utf8)
    }
    let wanted = Set(configuration.evaluation.metrics)
    var first = state.firstEval.map(EvaluationRecord.Metrics.init) ?? (before == nil ? nil : .init(step: 0))
    var last = state.lastEval.map(EvaluationRecord.Metrics.init) ?? .init(step: state.step)
    if let before { first?.take(questions.judge(before.judged), wanted: wanted) }
    last.take(questions.judge(after.judged), wanted: wanted)
    return EvaluationRecord(
      job: order.job, createdAt: now,
      baseModel: order.baseModel.map { FilePath($0) }.map { path in
        // A finished job's model lies in its folder.
        path.lastComponent?.string == "final_model"
          ? path.removingLastComponent().lastComponent?.string ?? path.string : path.lastComponent?.string ?? path.string
      } ?? "scratch",
      testSet: .init(
        source: order.eval.map(\.name.text)
          ?? "held out of \((order.mixture?.map(\.dataset) ?? [order.train]).map(\.name.text).joined(separator: ", "))",
        sequences: inputs.work.evalCount, tokens: inputs.work.evalTokens, prompts: questions.judged.count),
      generation: questions.judged.isEmpty
        ? nil
        : .init(
          temperature: configuration.evaluation.temperature, maximumNewTokens: configuration.evaluation.answerTokens,
          seed: configuration.seed),
      metrics: .init(before: first, after: last, best: state.bestEval.map(EvaluationRecord.Metrics.init)), curves: .init(rows: rows),
      statistics: .init(
        method: configuration.training.method.rawValue, parameters: shape.parameters, steps: state.step, epochs: shape.epochs,
        trainSequences: shape.trainSequences, trainTokens: shape.trainTokens, tokensSeen: state.tokensSeen, firstLoss: state.firstLoss,
        finalLoss: state.finalLoss, bestStep: state.bestEval?.step, trainRuntime: state.elapsed,
        tokensPerSecond: Double(state.tokensSeen) / max(state.elapsed, 1e-9)),
      details: questions.details(before: before?.judged, after: after.judged))
  }

  /// `samples.md`: the same prompts before and after.
  func samples() -> String {
    let seed = inputs.configuration.seed
    var text = """
      # Samples of \(order.job)

      The same prompts before the training and after it, sampled at temperature \(Figures.general(Questions.sampleTemperature)) with seed \(seed).

      """
    for (index, prompt) in questions.samples.enumerated() {
      text += "\n## \(index + 1)\n\n**Prompt**\n\n\(Fence.around(prompt.text))\n"
      if let before, before.samples.indices.contains(index) { text += "\n**Before**\n\n\(Fence.around(before.samples[index]))\n" }
      text += "\n**After**\n\n\(Fence.around(after.samples[index]))\n"
      if let reference = prompt.reference { text += "\n**In the data**\n\n\(Fence.around(reference))\n" }
    }
    return text
  }
}
