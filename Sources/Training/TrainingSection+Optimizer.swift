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
}
