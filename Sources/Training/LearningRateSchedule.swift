import Domain

#if canImport(Glibc)
  import Glibc
#endif

/// The learning rate at each step, as a share of the peak. Formulas of transformers' `optimization.py`; the values are held
/// against its own in the tests.
struct LearningRateSchedule: Sendable, Equatable {
  let kind: SchedulerKind
  let peak: Double
  /// Optimizer steps in all, and those of the warm-up.
  let steps: Int
  let warmup: Int
  /// Lowest rate as a share of the peak.
  let floor: Double
  /// Of the cosines: waves, or times from the peak.
  var cycles = 0.5
  /// Of the polynomial: exponent, and the last rate as a share of the peak.
  var power = 1.0
  var end = 0.0
  /// Of warm-up, stable, decay.
  var decay = 0
  var stable: Int?
  var warmupShape = RampShape.linear
  var decayShape = RampShape.cosine

  init(kind: SchedulerKind, peak: Double, steps: Int, warmup: Int, floor: Double) {
    self.kind = kind
    self.peak = peak
    self.steps = steps
    self.warmup = warmup
    self.floor = floor
    cycles = kind == .cosineWithRestarts ? 1 : 0.5
  }

  init(_ training: TrainingSection, steps: Int) {
    let settings = training.schedule
    let warmup: Int
    if let given = training.warmupSteps {
      warmup = given < 1 ? Int((given * Double(steps)).rounded(.up)) : Int(given)
    } else if training.scheduler == .constant {
      warmup = 0
    } else {
      warmup = Int(((training.warmupRatio ?? 0) * Double(steps)).rounded(.up))
    }
    let floor = settings.minimumRate.map { $0 / training.learningRate } ?? training.minimumRateRatio ?? 0
    self.init(kind: training.scheduler, peak: training.learningRate, steps: steps, warmup: warmup, floor: floor)
    cycles = settings.cycles ?? cycles
    power = settings.power ?? 1
    end = (settings.endRate ?? 1e-7) / training.learningRate
    let last = settings.decaySteps ?? 0.1
    decay = last < 1 ? Int((last * Double(steps)).rounded(.up)) : Int(last)
    stable = settings.stableSteps
    warmupShape = settings.warmupShape ?? .linear
    decayShape = settings.decayShape ?? .cosine
  }

  /// The rate of a step, counted from 0. With a warm-up the first step has rate 0, as in transformers.
  func rate(at step: Int) -> Double { peak * share(at: step) }

  func share(at step: Int) -> Double {
    // 1. constant knows no warm-up
    if kind == .constant { return 1 }
    if kind == .warmupStableDecay { return warmupStableDecay(step) }
    // 2. linear warm-up
    if step < warmup { return Double(step) / Double(max(1, warmup)) }
    let progress = Double(step - warmup) / Double(max(1, steps - warmup))
    // 3. and down from there
    switch kind {
    case .constant, .constantWithWarmup, .warmupStableDecay: return 1
    case .linear: return max(0, Double(steps - step) / Double(max(1, steps - warmup)))
    case .cosine, .cosineWithMinimum:
      let cosine = max(0, 0.5 * (1 + cos(.pi * cycles * 2 * progress)))
      return cosine * (1 - floor) + floor
    case .cosineWithRestarts:
      return progress >= 1 ? 0 : max(0, 0.5 * (1 + cos(.pi * (cycles * progress).truncatingRemainder(dividingBy: 1))))
    case .polynomial:
      if step > steps { return end }
      return (1 - end) * pow(1 - progress, power) + end
    }
  }

  /// transformers' get_wsd_schedule: up, level, down to the lowest rate, where it stays. Its warm-up begins at the lowest rate too.
  private func warmupStableDecay(_ step: Int) -> Double {
    let level = stable ?? steps - warmup - decay
    if step < warmup {
      let progress = Double(step) / Double(max(1, warmup))
      let share =
        switch warmupShape {
        case .linear: progress
        case .cosine: 0.5 * (1 - cos(.pi * progress))
        case .root: 1 - (1 - progress).squareRoot()
        }
      return max(0, share * (1 - floor) + floor)
    }
    if step < warmup + level { return 1 }
    guard step < warmup + level + decay else { return floor }
    let progress = Double(step - warmup - level) / Double(max(1, decay))
    let share =
      switch decayShape {
      case .linear: 1 - progress
      case .cosine: 0.5 * (1 + cos(.pi * progress))
      case .root: 1 - progress.squareRoot()
      }
    return max(0, share * (1 - floor) + floor)
  }
}
