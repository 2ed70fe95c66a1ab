import Domain
import LanguageModels
import Platform
import StrictJSON
import SystemPackage

/// What a model wrote at one moment: to the prompts of `samples.md`, and to those that are judged. Kept in the job's folder for the
/// time before the training, so that a resumed run compares with the same.
struct ModelAnswers: Codable, Equatable {
  var schema = "dropforge.answers/1"
  var samples: [String]
  var judged: [String]
}

/// Asks the model, before the first step and after the last.
struct Questions {
  let inputs: RunInputs
  let samples: [Prompt]
  let judged: [Prompt]
  private let ends: Set<Int32>
  private let report: (WorkerEvent) -> Void

  init(_ inputs: RunInputs, report: @escaping (WorkerEvent) -> Void) {
    self.inputs = inputs
    self.report = report
    let prompts = HeldOutPrompts(inputs: inputs)
    samples = prompts.samples()
    judged = inputs.configuration.evaluation.metrics.contains(where: \.needsAnswers) ? prompts.judged() : []
    ends = prompts.ends()
  }

  static let sampleTemperature = 0.8

  /// - Throws: `CancellationError` where the worker is to stop.
  func ask(_ model: LanguageModel) throws -> ModelAnswers {
    let section = inputs.configuration.evaluation
    let training = inputs.configuration.training
    let seed = UInt64(inputs.configuration.seed)
    let writer = AnswerWriter(
      model: model, tokenizer: inputs.tokenizer, batch: max(1, training.evalBatchSize ?? training.batchSize), ends: ends)
    report(.phase(.evaluating, share: 0))
    let texts = try writer.answers(
      to: samples.map(\.tokens), tokens: section.sampleTokens, sampler: Sampler(temperature: Self.sampleTemperature, seed: seed),
      isStopped: { WorkerProcess.stopWasAsked }, progress: { report(.phase(.evaluating, share: $0 / 2)) })
    let answers = try writer.answers(
      to: judged.map(\.tokens), tokens: section.answerTokens, sampler: Sampler(temperature: section.temperature, seed: seed),
      isStopped: { WorkerProcess.stopWasAsked }, progress: { report(.phase(.evaluating, share: 0.5 + $0 / 2)) })
    return ModelAnswers(samples: texts, judged: answers)
  }

  // MARK: judging

  /// Names of tools that may be called: the config's, else those that the references call.
  private var knownTools: [String] {
    let named = ToolDefinition.all(inputs.configuration.tools).map(\.name)
    if !named.isEmpty { return named }
    var seen: Set<String> = []
    return judged.compactMap(expectedTool).filter { seen.insert($0).inserted }
  }

  private func expectedTool(_ prompt: Prompt) -> String? {
    prompt.expectedTool ?? prompt.reference.flatMap { ToolCallJudgement.call(in: $0)?["name"]?.string }
  }

  func judge(_ answers: [String]) -> [ToolCallJudgement] {
    let known = knownTools
    return zip(judged, answers).map { ToolCallJudgement(answer: $1, expected: expectedTool($0), known: known) }
  }

  func details(before: [String]?, after: [String]) -> [EvaluationRecord.Detail] {
    zip(judge(after), judged.indices).map { judgement, index in
      var detail = EvaluationRecord.Detail(
        prompt: judged[index].text, reference: judged[index].reference,
        before: before.flatMap { $0.indices.contains(index) ? $0[index] : nil }, response: after[index])
      detail.expectedTool = judgement.expected
      detail.predictedTool = judgement.predicted
      detail.isToolRight = judgement.isToolRight
      detail.isFormatRight = judgement.isFormatRight
      return detail
    }
  }
}
