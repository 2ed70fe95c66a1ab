import Domain
import Kernels
import LanguageModels
import Platform
import Tokenizers

/// Sampled answers and their rewards: every `num_iterations` steps a batch of answers is sampled, then trained on.
final class GroupObjective: Objective {
  let work: GroupWork
  let setting: ObjectiveSetting
  let training: TrainingSection
  let jury: RewardJury
  private let loss: GroupLoss
  private let pass: ModelPass
  /// The frozen model: the one that trains without its adapter, or a copy of its beginning.
  private let reference: ModelPass?
  private var rollout: Rollout?

  var generations: Int { training.group.generations ?? 8 }
  private var iterations: Int { training.group.iterations ?? 1 }
  var newTokens: Int { training.preference.maximumCompletionLength ?? 256 }
  var temperature: Double { training.group.temperature ?? 1 }
  /// Answers a step.
  private var perStep: Int { training.batchSize * training.accumulationSteps }

  init(_ work: GroupWork, _ setting: ObjectiveSetting) throws {
    self.work = work
    self.setting = setting
    training = setting.training
    let group = training.group, beta = training.preference.beta ?? 0
    loss = GroupLoss(
      epsilonLow: group.epsilon ?? 0.2, epsilonHigh: group.epsilonHigh ?? group.epsilon ?? 0.2, beta: beta,
      correctsBias: group.correctsBias ?? true)
    jury = try RewardJury(work.rewards, answer: { [train = work.train] in train.answer(of: $0) }, folder: setting.job.folder)
    let shape = work.passes(training)[0], temperature = group.temperature ?? 1
    let (rows, length) = (shape.rows, shape.length)
    pass = try ModelPass(
      setting.model, rows: rows, length: length, purpose: .training, recomputing: training.gradientCheckpointing, temperature: temperature)
    if beta == 0 {
      reference = nil
    } else if setting.model.adapter != nil {
      reference = try ModelPass(
        setting.model, rows: rows, length: length, purpose: .scoring, temperature: temperature, withoutAdapter: true)
    } else {
      reference = try ModelPass(try setting.startModel(), rows: rows, length: length, purpose: .scoring, temperature: temperature)
    }
  }

  func accumulate(step: Int, into gradients: ParameterStore) throws -> StepOutcome {
    var measures = Measures()
    let start = setting.clock.monotonic()
    if step % iterations == 0 { rollout = try sample(generation: step / iterations, step: step, &measures) }
    guard var rollout, rollout.generation == step / iterations else {
      throw Problem(
        "checkpoint.damaged", "the checkpoint lacks the answers that step \(step + 1) goes on with",
        mend: "Delete it (checkpoints/ in the job's folder) and resume the job: it goes on from the one before.")
    }
    let tally = try pass(over: &rollout, step: step, into: gradients)
    self.rollout = rollout
    tally.note(&measures)
    measures.add("step_time", Double(setting.clock.monotonic() - start) / 1e9)
    let tokens = rollout.answers.reduce(0) { $0 + $1.prompt.count + $1.tokens.count }
    return StepOutcome(loss: tally.loss, weight: 1, tokens: tokens, measures: measures, accuracy: jury.accuracy(measures))
  }

  /// Forward and back over the answers, whose probabilities are noted in them when they are looked at first.
  private func pass(over rollout: inout Rollout, step: Int, into gradients: ParameterStore) throws -> GroupTally {
    var tally = GroupTally(rollout, training)
    for index in 0..<training.accumulationSteps {
      let first = index * training.batchSize
      let range = first..<first + training.batchSize
      let batch = microBatch(rollout.answers[range])
      let key = Dropout.Key(
        seed: UInt64(setting.configuration.seed), step: UInt32(truncatingIfNeeded: step * training.accumulationSteps + index))
      if let reference, rollout.answers[first].reference == nil {
        try reference.score(batch) { scores in
          for row in 0..<scores.batch {
            let answer = first + scores.first + row
            rollout.answers[answer].reference = Self.logProbabilities(scores, row, rollout.answers[answer])
          }
        }
      }
      try pass.accumulate(
        batch, into: gradients, auxiliaryShare: 1 / Double(training.accumulationSteps),
        dropout: training.preference.disablesDropout == true ? nil : key
      ) { scores in
        var weights = [Float](repeating: 0, count: scores.batch * scores.length)
        for row in 0..<scores.batch {
          let number = first + scores.first + row
          // In the first iteration the weights are those that sampled: the ratio is 1.
          if step % iterations == 0 { rollout.answers[number].old = Self.logProbabilities(scores, row, rollout.answers[number]) }
          tally.judge(rollout.answers[number], number, scores, row, loss, into: &weights)
        }
        return weights
      }
    }
    return tally
  }

  private func microBatch(_ answers: ArraySlice<Rollout.Answer>) -> MicroBatch {
    WholeSequences.microBatch(
      answers.map { answer in
        let all = answer.prompt + answer.tokens
        return Sample(
          tokens: Array(all.dropLast()),
          targets: all.indices.dropFirst().map { $0 < answer.prompt.count ? MicroBatch.ignored : all[$0] })
      })
  }

  private static func logProbabilities(_ scores: TokenScores, _ row: Int, _ answer: Rollout.Answer) -> [Float] {
    let start = row * scores.length + answer.prompt.count - 1
    return Array(scores.logProbabilities[start..<start + answer.tokens.count])
  }

  // MARK: sampling

  private func prompts(ofGeneration generation: Int) -> [GroupPrompts.Prompt] {
    let count = perStep / generations, first = generation * count
    let prompts = (first..<first + count).map { work.train.prompt($0 % work.train.count, epoch: $0 / work.train.count) }
    return prompts.flatMap { prompt in (0..<generations).map { _ in prompt } }
  }

  /// Samples once and goes forward and back once. Nobody judges the answers: a reward may be a program, whose effects are not ours;
  /// their advantages are 1 and −1 in turn.
  func rehearse(step: Int, into gradients: ParameterStore, clock: WallClock) throws -> StepCost {
    let generation = step / iterations, start = clock.monotonic()
    let answers = try complete(prompts(ofGeneration: generation), lot: UInt64(generation))
    let sampled = clock.monotonic()
    var rollout = Rollout(
      generation: generation,
      answers: answers.enumerated().map { index, answer in
        Rollout.Answer(
          prompt: answer.prompt.tokens, tokens: answer.completion.tokens, hasEnded: answer.completion.hasEnded,
          advantage: index % 2 == 0 ? 1 : -1)
      })
    _ = try pass(over: &rollout, step: generation * iterations, into: gradients)
    let sampling = Double(sampled - start) / 1e9
    return StepCost(step: sampling / Double(iterations) + Double(clock.monotonic() - sampled) / 1e9, sampling: sampling)
  }

  var timeSpread: (range: ClosedRange<Double>, remark: String?) {
    (0.4...3, "Answers get longer or shorter as the model learns, and what rewards take is not in it.")
  }

  /// What is drawn by lot depends on the seed, the generation and the answer's place alone.
  private func sample(generation: Int, step: Int, _ measures: inout Measures) throws -> Rollout {
    let answers = try complete(prompts(ofGeneration: generation), lot: UInt64(generation))
    let verdict = jury.judge(answers)
    try verdict.complaints.forEach { try setting.say("Step \(step + 1): \($0)") }
    let scale = GroupAdvantage.Scale(rawValue: training.group.scale?.rawValue ?? "") ?? .group
    let advantage = GroupAdvantage.compute(verdict.rewards, group: generations, scale: scale)
    note(answers, verdict, &measures)
    measures.add("frac_reward_zero_std", advantage.shareWithoutSpread)
    try keep(answers, verdict, advantage.advantages, step: step + 1)
    return Rollout(
      generation: generation,
      answers: zip(answers, advantage.advantages).map { answer, advantage in
        Rollout.Answer(
          prompt: answer.prompt.tokens, tokens: answer.completion.tokens, hasEnded: answer.completion.hasEnded, advantage: advantage)
      })
  }

  func complete(_ prompts: [GroupPrompts.Prompt], lot: UInt64) throws -> [SampledAnswer] {
    let longest = prompts.map(\.tokens.count).max() ?? 0
    let session = try DecodingSession(setting.model, batch: prompts.count, capacity: longest + newTokens)
    var state = UInt64(setting.configuration.seed) ^ lot &* 0xA24B_AED4_963E_E407
    let topK = training.group.topK ?? 0
    let sampler = Sampler(
      temperature: temperature, topK: topK > 0 ? topK : nil, topP: training.group.topP ?? 1, seed: ShuffledOrder.splitMix(&state))
    let ends = TextGeneration(model: setting.model, tokenizer: setting.tokenizer).ends
    let completions = try session.complete(prompts.map(\.tokens), newTokens: newTokens, sampler: sampler, ends: ends)
    return zip(prompts, completions).map { prompt, completion in
      let text = completion.tokens.dropLast(completion.hasEnded ? 1 : 0).map(UInt32.init)
      return SampledAnswer(
        prompt: prompt, promptText: setting.tokenizer.decode(prompt.tokens.map(UInt32.init)), completion: completion,
        text: setting.tokenizer.decode(Array(text)))
    }
  }

  // MARK: resuming

  func save(to checkpoint: CheckpointLayout) throws {
    guard iterations > 1, let rollout else { return }
    try setting.files.writeWhole(ContiguousArray(try PublishedJSON.line(of: rollout)), to: checkpoint.rollout)
  }

  func load(from checkpoint: CheckpointLayout) throws {
    guard setting.files.exists(checkpoint.rollout) else { return }
    rollout = try PublishedJSON.decode(Rollout.self, from: try setting.files.contents(of: checkpoint.rollout))
  }
}

/// An answer as it was sampled.
struct SampledAnswer {
  var prompt: GroupPrompts.Prompt
  var promptText: String
  var completion: DecodingSession.Completion
  var text: String
}
