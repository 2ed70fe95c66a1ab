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

  /// How often in a whole run of so many steps and epochs: at the end always, and before the first step where any are wanted.
  func count(steps: Int, epochs: Double) -> Int {
    let wholeEpochs = Int(epochs + 1e-9)
    return switch self {
    case .never: 1
    case .everySteps(let every): 1 + steps / every + (steps % every == 0 ? 0 : 1)
    case .everyEpoch: 1 + wholeEpochs + (epochs - Double(wholeEpochs) > 1e-9 ? 1 : 0)
    }
  }
}
