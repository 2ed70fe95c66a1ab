import Domain
import Kernels
import LanguageModels
import Platform

/// What the optimizer's step costs on this machine: measured on numbers of its own, so that nothing of the run is touched.
enum OptimizerCost {
  /// More than the processor's caches hold, and little beside a model that is larger.
  private static let most = 1 << 22
  private static let columns = 1_024

  /// Seconds for the norm of the gradients and a step over so many numbers.
  static func seconds(_ training: TrainingSection, numbers: Int, on team: ThreadTeam, _ clock: WallClock) throws -> Double {
    let size = min(numbers, most)
    var layout = ParameterLayout()
    _ = layout.add("weight", size >= 2 * columns ? [size / columns, columns] : [size], .zeros)
    let parameters = try ParameterStore(layout), gradients = try ParameterStore(layout)
    let optimizer = try training.makeOptimizer(for: layout)
    var seconds = 0.0
    // The first time pages are touched; the second is what a step costs.
    for step in 1...2 {
      let start = clock.monotonic()
      _ = gradients.norm(on: team)
      optimizer.update(parameters, gradients: gradients, step: step, learningRate: 0, gradientScale: 1, on: team)
      seconds = Double(clock.monotonic() - start) / 1e9
    }
    return seconds * Double(numbers) / Double(max(layout.count, 1))
  }
}
