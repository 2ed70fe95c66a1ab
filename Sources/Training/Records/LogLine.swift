import Domain

/// The lines of `log.txt`: `Epoch 2/3 [Step 45/100] - loss: 0.2340 - lr: 5e-05 - accuracy: 0.892`.
enum LogLine {
  static func step(epoch: Int, epochs: Int, step: Int, steps: Int, loss: Double, lr: Double, accuracy: Double) -> String {
    "Epoch \(epoch)/\(epochs) [Step \(step)/\(steps)] - loss: \(Figures.fixed(loss, 4)) - lr: \(Figures.general(lr)) - accuracy: \(Figures.fixed(accuracy, 3))"
  }

  static func evaluation(epoch: Int, epochs: Int, step: Int, steps: Int, loss: Double, perplexity: Double, accuracy: Double) -> String {
    "Epoch \(epoch)/\(epochs) [Step \(step)/\(steps)] - eval_loss: \(Figures.fixed(loss, 4)) - eval_perplexity: \(Figures.fixed(perplexity, 3)) - eval_accuracy: \(Figures.fixed(accuracy, 3))"
  }
}
