import Domain

/// The lines of `log.txt`: `Epoch 2/3 [Step 45/100] - loss: 0.2340 - lr: 5e-05 - accuracy: 0.892`.
enum LogLine {
  /// What a method says beside the loss, with three decimals.
  struct Figure: Equatable {
    var name: String
    var value: Double

    init(_ name: String, _ value: Double) {
      self.name = name
      self.value = value
    }
  }

  static func step(epoch: Int, epochs: Int, step: Int, steps: Int, loss: Double, lr: Double, others: [Figure]) -> String {
    "\(place(epoch, epochs, step, steps)) - loss: \(Figures.fixed(loss, 4)) - lr: \(Figures.general(lr))\(list(others))"
  }

  static func evaluation(epoch: Int, epochs: Int, step: Int, steps: Int, loss: Double?, others: [Figure]) -> String {
    "\(place(epoch, epochs, step, steps))\(loss.map { " - eval_loss: \(Figures.fixed($0, 4))" } ?? "")\(list(others))"
  }

  private static func place(_ epoch: Int, _ epochs: Int, _ step: Int, _ steps: Int) -> String {
    "Epoch \(epoch)/\(epochs) [Step \(step)/\(steps)]"
  }

  private static func list(_ figures: [Figure]) -> String { figures.map { " - \($0.name): \(Figures.fixed($0.value, 3))" }.joined() }
}
