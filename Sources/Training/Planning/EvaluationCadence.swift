import Domain

/// When the held-out part is measured while a run trains.
enum EvaluationCadence: Equatable {
  case never
  case everySteps(Int)
  case everyEpoch

  init(_ configuration: Configuration) {
    let training = configuration.training
    let steps = training.evalSteps ?? configuration.evaluation.evalSteps
    self =
      switch training.evalStrategy {
      case .no?: .never
      case .epoch?: .everyEpoch
      case .steps?, nil: steps.map(Self.everySteps) ?? .everyEpoch
      }
  }

  /// How often in a whole run: at the end always, and before the first step where any are wanted.
  ///
  /// - epoch: passes over the data after so many steps.
  func count(steps: Int, epoch: (Int) -> Double) -> Int {
    switch self {
    case .never: return 1
    case .everySteps(let every): return 1 + steps / every + (steps % every == 0 ? 0 : 1)
    case .everyEpoch:
      let (whole, before) = (Int(epoch(steps) + 1e-9), Int(epoch(steps - 1) + 1e-9))
      // The last step may be the one that ends an epoch.
      return 1 + whole + (whole > before ? 0 : 1)
    }
  }
}
