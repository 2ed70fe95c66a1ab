/// Seconds that a step takes, and what part of them is sampling answers.
struct StepCost: Equatable {
  var step: Double
  /// Of one round of sampling, which several steps may train on.
  var sampling = 0.0
}
