import Domain
import LanguageModels
import Platform

/// Real steps, forward and back, that change nothing: gradients go into a store of their own, and the optimizer's step is measured on
/// other numbers. Everything that is drawn by lot is computed from the seed and the step, so that the run begins with the bits that it
/// would have begun with.
struct Rehearsal {
  /// A step that takes longer than this is rehearsed once.
  private static let longStep = 10.0
  /// Seconds after which no other step is rehearsed, and how many are at most.
  private static let budget = 1.0
  private static let mostSteps = 8
  private static let leastSteps = 3

  let objective: any Objective
  let model: LanguageModel
  let training: TrainingSection
  /// Of the run.
  let steps: Int
  let clock: WallClock

  struct Outcome: Equatable {
    var cost: StepCost
    var passes: Int
  }

  func run() throws -> Outcome {
    let gradients = try ParameterStore(model.trained.layout)
    let optimizer = try OptimizerCost.seconds(training, numbers: gradients.count, on: model.team, clock)
    // The first makes buffers, kernels and packed weights; what it costs is no other step's, unless there is no time for others.
    var costs = [try step(0, gradients)]
    let start = clock.monotonic()
    if costs[0].step <= Self.longStep, !WorkerProcess.stopWasAsked {
      costs = []
      // From all over the run: batches differ in length.
      for index in 0..<Self.mostSteps {
        costs.append(try step(index * steps / Self.mostSteps, gradients))
        let spent = Double(clock.monotonic() - start) / 1e9
        if WorkerProcess.stopWasAsked || (costs.count >= Self.leastSteps && spent > Self.budget) { break }
      }
    }
    let count = Double(costs.count)
    return Outcome(
      cost: StepCost(
        step: costs.reduce(0) { $0 + $1.step } / count + optimizer, sampling: costs.reduce(0) { $0 + $1.sampling } / count),
      passes: costs.count)
  }

  private func step(_ step: Int, _ gradients: ParameterStore) throws -> StepCost {
    // As after a step of the optimizer: copies of the weights for products in bf16 are made anew. The weights are what they were.
    model.trained.hasChanged()
    return try objective.rehearse(step: step, into: gradients, clock: clock)
  }
}
