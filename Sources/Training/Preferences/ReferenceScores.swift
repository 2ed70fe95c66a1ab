import Domain
import LanguageModels
import Platform

/// `reference.json`: ln p of every answer under the frozen reference, summed over its tokens, computed once before the first step.
///
/// Why once, and not by a frozen model beside the one that trains: it costs one pass forward over the pairs that the run looks at, however
/// many epochs it has, where a second model would cost as much in each epoch and its whole memory besides. With an adapter it is the
/// same: the model with the adapter off is the model before the run. A resumed run reads the file, and so has the same reference.
struct ReferenceScores: Codable, Sendable, Equatable {
  struct Pair: Codable, Sendable, Equatable {
    var chosen: Double
    var rejected: Double
  }

  var schema = "dropforge.reference/1"
  /// The run that it belongs to.
  var run: String
  var seconds: Double
  /// By the pairs' numbers; nil for those that the run never looks at.
  var train: [Pair?]
  var eval: [Pair?]

  /// Reads what was computed before, or computes it with the model as it is before the first step.
  static func make(_ work: PreferenceWork, _ setting: ReferenceSetting) throws -> ReferenceScores {
    let path = setting.job.reference
    if setting.files.exists(path),
      let known = try? PublishedJSON.decode(ReferenceScores.self, from: try setting.files.contents(of: path)),  // damaged: made anew
      known.run == setting.run, known.train.count == work.train.total, known.eval.count == work.eval.total
    {
      return known
    }
    let start = setting.clock.monotonic()
    setting.report(.phase(.reference, share: 0))
    let training = setting.configuration.training
    let model = try setting.startModel()
    // Of the first epoch those that come up, of a longer run all.
    let seen = min(work.train.count, setting.steps * training.batchSize * training.accumulationSteps)
    let pairs = (0..<seen).map { work.train.pair($0, epoch: 0) }
    let held = work.eval.isEmpty ? [] : (0..<work.eval.count).map { work.eval.pair($0, epoch: 0) }
    var scores = ReferenceScores(
      run: setting.run, seconds: 0, train: Array(repeating: nil, count: work.train.total),
      eval: Array(repeating: nil, count: work.eval.total))
    let total = Double(pairs.count + held.count)
    var told = start
    func tick(_ done: Int) throws {
      if setting.isStopped() { throw CancellationError() }
      guard setting.clock.monotonic() - told > 200_000_000 else { return }
      told = setting.clock.monotonic()
      setting.report(.phase(.reference, share: Double(done) / max(total, 1)))
    }
    try score(pairs, work.train, model, training, into: &scores.train) { try tick($0) }
    try score(held, work.eval, model, training, into: &scores.eval) { try tick(pairs.count + $0) }
    scores.seconds = Double(setting.clock.monotonic() - start) / 1e9
    try setting.files.publish(try PublishedJSON.line(of: scores), to: path)
    return scores
  }

  private static func score(
    _ pairs: [PreferencePair], _ source: PreferencePairs, _ model: LanguageModel, _ training: TrainingSection, into scores: inout [Pair?],
    tick: (Int) throws -> Void
  ) throws {
    guard !pairs.isEmpty else { return }
    let pass = try PreferenceObjective.scoring(model, source, training), size = training.evalBatchSize ?? training.batchSize
    for start in stride(from: 0, to: pairs.count, by: size) {
      let batch = Array(pairs[start..<min(start + size, pairs.count)])
      try pass.score(PreferencePairs.microBatch(batch, withPrompts: false)) { found in
        for row in stride(from: 0, to: found.batch, by: 2) {
          let pair = batch[(found.first + row) / 2]
          scores[pair.number] = Pair(
            chosen: AnswerScores(found, row: row, pair.chosen).sum, rejected: AnswerScores(found, row: row + 1, pair.rejected).sum)
        }
      }
      try tick(start + batch.count)
    }
  }
}
