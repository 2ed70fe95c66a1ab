import Domain
import Kernels
import LanguageModels
import Platform
import SystemPackage

/// An evaluation on request, in a worker: a model that is here is measured on a dataset, and answers its prompts. Nothing is trained and
/// nothing is kept on the way: after an interruption it begins again.
package struct EvaluationRun {
  private let order: TrainOrder
  private let files: any FileSystem
  private let clock: WallClock
  private let report: (WorkerEvent) -> Void
  private let job: JobLayout

  package init(order: TrainOrder, files: any FileSystem, clock: WallClock, report: @escaping (WorkerEvent) -> Void) {
    self.order = order
    self.files = files
    self.clock = clock
    self.report = report
    job = JobLayout(folder: FilePath(order.folder))
  }

  /// - Parameter isStopped: asked at every batch.
  /// - Throws: `Problem` for what the user can mend.
  package func run(isStopped: @escaping () -> Bool) throws -> WorkerExit {
    try TrainingRun.explaining {
      try evaluate(isStopped)
      return .done
    }
  }

  private func evaluate(_ isStopped: @escaping () -> Bool) throws {
    guard let evaluation = order.evaluation, let base = order.baseModel else {
      throw Problem("evaluation.order", "the order of '\(order.job)' names no model to evaluate", mend: "Report this fault.")
    }
    let start = clock.monotonic()
    let inputs = try RunPreparation(order: order, files: files, clock: clock, report: report).prepare()
    let team = ThreadTeam(count: order.threads)
    let shape = RunShape(
      parameters: inputs.modelConfiguration.decoder.layout.count, trainSequences: 0, trainTokens: 0, evalTokens: inputs.work.evalTokens,
      epochs: 0, steps: 0, resumedFrom: 0)
    func load(_ path: String) throws -> LanguageModel {
      let model = try LanguageModel.load(FilePath(path), on: team)
      model.precision = Precision.chosen(wantsBFloat16: inputs.configuration.training.bf16)
      return model
    }
    let reference = try inputs.work.reference(
      ReferenceSetting(
        configuration: inputs.configuration, run: inputs.identity, steps: 0, job: job, files: files, clock: clock,
        startModel: { try load(evaluation.reference ?? base) }, report: report, isStopped: isStopped))
    let model = try load(base)
    let now = Timestamp(nanoseconds: clock.now())
    let log = try RunLog(job, files: files, from: .init(), withEvents: false, startedAt: now, now: now)
    let remarks = evaluation.remarks + inputs.remarks
    try log.say(
      "Evaluation \(order.job): \(evaluation.model) on \(source(inputs)), \(Figures.grouped(inputs.work.evalCount)) \(inputs.work.unit) of \(Figures.grouped(inputs.work.evalTokens)) tokens, as \(inputs.configuration.training.method.rawValue) reads them"
    )
    for remark in remarks {
      try log.say("Note: \(remark)")
      report(.warning(remark))
    }
    let objective = try inputs.work.objective(
      ObjectiveSetting(
        configuration: inputs.configuration, tokenizer: inputs.tokenizer, model: model, shape: shape, job: job, files: files, clock: clock,
        reference: reference, startModel: { try load(base) }, allowsCommands: order.allowsRewardCommands ?? false,
        say: { try log.say($0) }))
    let row = try measure(objective, inputs, isStopped)
    try log.note(row)
    report(.evaluated(row))
    let questions = Questions(inputs, report: report)
    let answers = try questions.ask(model)
    let record = record(row, inputs, shape, questions, answers, remarks, seconds: Double(clock.monotonic() - start) / 1e9)
    let page = EvaluationPage(record: record, questions: questions, answers: answers)
    try files.publish(page.markdown().utf8, to: job.samples)
    try files.publish(try PublishedJSON.bytes(of: record), to: job.evaluation)
    try log.say("Done: " + page.figures.map { "\($0.title) \(Figures.fixed($0.value, 4))" }.joined(separator: ", "))
    try log.close()
  }

  private func measure(_ objective: any Objective, _ inputs: RunInputs, _ isStopped: () -> Bool) throws -> MetricsRow {
    let start = clock.monotonic()
    var told = start
    report(.phase(.evaluating, share: 0))
    let outcome = try objective.evaluate(step: 0, limit: inputs.configuration.evaluation.maximumTokens) { share in
      if isStopped() { throw CancellationError() }
      guard clock.monotonic() - told > 200_000_000 else { return }
      told = clock.monotonic()
      report(.phase(.evaluating, share: share))
    }
    var row = MetricsRow(step: 0, epoch: 0)
    row.time = Timestamp(nanoseconds: clock.now())
    row.evalRuntime = Double(clock.monotonic() - start) / 1e9
    if let outcome { row.take(outcome) }
    return row
  }

  /// "rows", or "the split 'test' of rows".
  private func source(_ inputs: RunInputs) -> String {
    let split = inputs.measuredSplit
    return split.map { "the split '\($0)' of \(order.train.name)" } ?? order.train.name.text
  }

  private func record(
    _ row: MetricsRow, _ inputs: RunInputs, _ shape: RunShape, _ questions: Questions, _ answers: ModelAnswers, _ remarks: [String],
    seconds: Double
  ) -> EvaluationRecord {
    let section = inputs.configuration.evaluation
    var metrics = EvaluationRecord.Metrics(row)
    metrics.take(questions.judge(answers.judged), wanted: Set(section.metrics))
    var record = EvaluationRecord(
      job: order.job, createdAt: Timestamp(nanoseconds: clock.now()), baseModel: order.evaluation?.model ?? "",
      testSet: .init(
        source: source(inputs), sequences: inputs.work.evalCount, tokens: inputs.work.evalTokens, prompts: questions.judged.count),
      generation: questions.judged.isEmpty
        ? nil
        : .init(temperature: section.temperature, maximumNewTokens: section.answerTokens, seed: inputs.configuration.seed),
      metrics: .init(before: nil, after: metrics, best: nil), curves: .init(rows: []),
      statistics: .init(
        method: inputs.configuration.training.method.rawValue, parameters: shape.parameters, steps: 0, epochs: 0, trainSequences: 0,
        trainTokens: 0, tokensSeen: 0, firstLoss: nil, finalLoss: nil, bestStep: nil, trainRuntime: 0,
        tokensPerSecond: Double(row.evalTokens ?? 0) / max(row.evalRuntime ?? seconds, 1e-9)),
      details: questions.details(before: nil, after: answers.judged))
    record.isOnRequest = true
    record.remarks = remarks.isEmpty ? nil : remarks
    return record
  }
}

/// `samples.md` of an evaluation on request: the figures, and what the model answers.
struct EvaluationPage {
  let record: EvaluationRecord
  let questions: Questions
  let answers: ModelAnswers

  /// What was measured, with the names that the figures have for people.
  var figures: [(title: String, value: Double)] {
    (EvaluationRecord.Metrics.measured + EvaluationRecord.Metrics.judged).compactMap { title, path in
      record.metrics.after?[keyPath: path].map { (title, $0) }
    }
  }

  func markdown() -> String {
    var text = """
      # Evaluation \(record.job)

      \(record.baseModel) on \(record.testSet.source): \(Figures.grouped(record.testSet.sequences)) \(record.testSet.sequences == 1 ? "sequence" : "sequences"), \(Figures.grouped(record.testSet.tokens)) tokens.

      | measure | value |
      |---|--:|

      """
    for figure in figures { text += "| \(figure.title) | \(Figures.fixed(figure.value, 4)) |\n" }
    for remark in record.remarks ?? [] { text += "\n\(remark)\n" }
    for (index, prompt) in questions.samples.enumerated() {
      text += "\n## \(index + 1)\n\n**Prompt**\n\n\(Fence.around(prompt.text))\n\n**Answer**\n\n\(Fence.around(answers.samples[index]))\n"
      if let reference = prompt.reference { text += "\n**In the data**\n\n\(Fence.around(reference))\n" }
    }
    return text
  }
}
