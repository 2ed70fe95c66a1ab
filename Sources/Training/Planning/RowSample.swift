import Domain
import SystemPackage

/// Some of the rows of a run that has many more, to plan it by before all of them are tokens.
///
/// The first rows stand for all. Where they are shorter or longer than the others, the plan that follows when the tokens are made
/// corrects it.
struct RowSample {
  /// Tokens of so many bytes, and a tokenizer trained on them, are there within a second or two.
  package static let usualBytes = 2 << 20
  /// Of fewer rows than this nothing can be told.
  private static let leastRows = 40

  let sources: RunSources
  /// Rows that are read in all, and those of the sample.
  let total: Int
  let rows: Int
  /// How many times as much all rows are as the sample: of what is trained on, and of what is held out.
  let factor: Double
  let evalFactor: Double

  /// nil where all rows are quickly read.
  ///
  /// - always: a plan is wanted in any case; of few rows the sample is all of them.
  init?(_ sources: RunSources, bytes: Int, always: Bool) {
    let data = sources.configuration.data
    let limit = data.rowLimit ?? .max
    func count(_ source: DataSource, _ split: String) -> (rows: Int, bytes: Int) {
      source.ingest.splits.first { $0.name == split }.map { ($0.rows, $0.bytes) } ?? (0, 0)
    }
    let trained = sources.parts.map { (count($0.source, $0.source.trainSplit), $0.ratio) }
    // Of a mixture as many rows as its shares allow; else all, or as many as the config wants.
    let natural = trained.map { Double($0.0.rows) / $0.1 }.min() ?? 0
    let total = max(1, min(limit, Int(natural)))
    let bytesOfRow = trained.reduce(0.0) { $0 + $1.1 * Double($1.0.bytes) / Double(max($1.0.rows, 1)) }
    let needsTokenizer = sources.configuration.tokenizer.name == "train"
    // Three times as much takes no longer than sampling and reading it all.
    let isLong = bytesOfRow * Double(total) > Double(bytes) * (needsTokenizer ? 1.5 : 3)
    guard isLong || always else { return nil }
    rows = min(total, max(Self.leastRows, Int(Double(bytes) / max(bytesOfRow, 1))))
    self.total = total
    factor = Double(total) / Double(rows)
    var sampled = sources
    sampled.configuration.data.maximumSamples = rows
    var evalFactor = factor
    for index in sampled.parts.indices {
      let source = sampled.parts[index].source
      guard let named = source.namedEvalSplit else { continue }
      // A part by lot stands for it: it would be read whole.
      sampled.parts[index].source.onlySplit = source.trainSplit
      let held = Double(rows) * data.heldOutShare
      if held > 0 { evalFactor = Double(count(source, named).rows) / held }
    }
    if let eval = sources.eval {
      let all = min(limit, count(eval, eval.trainSplit).rows)
      evalFactor = Double(all) / Double(max(1, min(all, rows)))
    }
    self.evalFactor = evalFactor
    self.sources = sampled
  }
}

/// A method's work on a sample, with the figures that all rows would give.
struct ScaledWork: MethodWork {
  let sample: any MethodWork
  let extent: RowSample

  private func scaled(_ count: Int, _ factor: Double) -> Int { Int((Double(count) * factor).rounded()) }

  var trainCount: Int { max(1, scaled(sample.trainCount, extent.factor)) }
  var samplesPerStep: Double { sample.samplesPerStep }
  var unit: String { sample.unit }
  var length: Int { sample.length }
  var trainTokens: Int { scaled(sample.trainTokens, extent.factor) }
  var evalTokens: Int { scaled(sample.evalTokens, extent.evalFactor) }
  var evalCount: Int { scaled(sample.evalCount, extent.evalFactor) }
  var remarks: [String] { [] }
  var samplePrompts: [[Int32]] { [] }
  var heldOut: HeldOutSequences? { nil }

  /// Equal rows are rarer among few: nothing is said of them.
  var rows: JobPlan.Rows {
    var rows = sample.rows
    rows.read = extent.total
    rows.usable = rows.usable.map { min(extent.total, scaled($0, extent.factor)) }
    rows.empty = rows.empty.map { scaled($0, extent.factor) }
    rows.refused = rows.refused.map { scaled($0, extent.factor) }
    rows.truncated = rows.truncated.map { scaled($0, extent.factor) }
    rows.dropped = rows.dropped.map { scaled($0, extent.factor) }
    rows.duplicate = nil
    return rows
  }

  func objective(_ setting: ObjectiveSetting) throws -> any Objective { try sample.objective(setting) }
  func passes(_ training: TrainingSection) -> [PassShape] { sample.passes(training) }
  func referencePass(_ training: TrainingSection) -> PassShape? { sample.referencePass(training) }
  func sampling(_ training: TrainingSection) -> (batch: Int, capacity: Int)? { sample.sampling(training) }

  func evaluationSeconds(_ cost: StepCost, _ configuration: Configuration) -> Double {
    let most = configuration.evaluation.maximumTokens ?? .max
    let share = Double(min(evalTokens, most)) / Double(max(1, min(sample.evalTokens, most)))
    return sample.evaluationSeconds(cost, configuration) * share
  }

  func referenceSeconds(_ cost: StepCost, _ configuration: Configuration, steps: Int) -> Double {
    sample.referenceSeconds(cost, configuration, steps: steps) * (steps > sample.trainCount ? extent.factor : 1)
  }
}
