import Domain
import Kernels
import LanguageModels

extension TrainingSection {
  /// The optimizer that the section asks for, its memory still empty.
  func makeOptimizer(for layout: ParameterLayout) throws(ModelError) -> any Optimizer {
    switch optimizer {
    case .adamw: try AdamWOptimizer(AdamW(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay), for: layout)
    case .adafactor: try AdafactorOptimizer(Adafactor(weightDecay: weightDecay), for: layout)
    case .lion: try LionOptimizer(Lion(beta1: beta1, beta2: beta2, weightDecay: weightDecay), for: layout)
    }
  }

  /// Bytes that the optimizer's memory will take.
  func optimizerByteCount(for layout: ParameterLayout) -> Int {
    switch optimizer {
    case .adamw: 8 * layout.count
    case .lion: 4 * layout.count
    case .adafactor: 4 * AdafactorOptimizer.layout(for: layout).count
    }
  }
}
