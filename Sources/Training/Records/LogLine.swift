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
    "\(place(epoch, epochs, step, steps)) - loss: \(number(loss, 4)) - lr: \(Figures.general(lr))\(list(others))"
  }

  static func evaluation(epoch: Int, epochs: Int, step: Int, steps: Int, loss: Double?, others: [Figure]) -> String {
    "\(place(epoch, epochs, step, steps))\(loss.map { " - eval_loss: \(number($0, 4))" } ?? "")\(list(others))"
  }

  private static func place(_ epoch: Int, _ epochs: Int, _ step: Int, _ steps: Int) -> String {
    "Epoch \(epoch)/\(epochs) [Step \(step)/\(steps)]"
  }

  private static func list(_ figures: [Figure]) -> String { figures.map { " - \($0.name): \(number($0.value, 3))" }.joined() }

  /// With so many decimals, and no sign where they are all 0.
  static func number(_ value: Double, _ decimals: Int) -> String {
    let text = Figures.fixed(value, decimals)
    return text.hasPrefix("-") && text.allSatisfy({ "-0.".contains($0) }) ? String(text.dropFirst()) : text
  }
}
