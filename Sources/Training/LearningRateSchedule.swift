import Domain

#if canImport(Glibc)
  import Glibc
#endif

/// The learning rate at each step, as a share of the peak. Formulas of transformers' `optimization.py`; the values are held
/// against its own in the tests.
struct LearningRateSchedule: Sendable, Equatable {
  let kind: SchedulerKind
  let peak: Double
  /// Optimizer steps in all, and those of the linear warm-up.
  let steps: Int
  let warmup: Int
  /// Lowest rate of the cosine as a share of the peak.
  let floor: Double

  init(kind: SchedulerKind, peak: Double, steps: Int, warmup: Int, floor: Double) {
    self.kind = kind
    self.peak = peak
    self.steps = steps
    self.warmup = warmup
    self.floor = floor
  }

  init(_ training: TrainingSection, steps: Int) {
    let warmup: Int
    if let given = training.warmupSteps {
      warmup = given < 1 ? Int((given * Double(steps)).rounded(.up)) : Int(given)
    } else if training.scheduler == .constant {
      warmup = 0
    } else {
      warmup = Int(((training.warmupRatio ?? 0) * Double(steps)).rounded(.up))
    }
    self.init(kind: training.scheduler, peak: training.learningRate, steps: steps, warmup: warmup, floor: training.minimumRateRatio ?? 0)
  }

  /// The rate of a step, counted from 0. With a warm-up the first step has rate 0, as in transformers.
  func rate(at step: Int) -> Double { peak * share(at: step) }

  func share(at step: Int) -> Double {
    // 1. constant knows no warm-up
    if kind == .constant { return 1 }
    // 2. linear warm-up
    if step < warmup { return Double(step) / Double(max(1, warmup)) }
    let progress = Double(step - warmup) / Double(max(1, steps - warmup))
    // 3. and down from there
    switch kind {
    case .constant, .constantWithWarmup: return 1
    case .linear: return max(0, Double(steps - step) / Double(max(1, steps - warmup)))
    case .cosine, .cosineWithMinimum:
      let cosine = max(0, 0.5 * (1 + cos(.pi * progress)))
      return cosine * (1 - floor) + floor
    }
  }
}
