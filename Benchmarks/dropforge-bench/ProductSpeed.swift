import Kernels

/// The best that this machine makes of matrix products, in operations a second: what the share of a step is taken of.
enum ProductSpeed {
  /// The shapes of the cases' layers; the quickest of several runs of each counts.
  private static let shapes = [(4096, 3072, 768), (4096, 2048, 384), (4096, 384, 1024)]

  static func best(_ precision: Precision, on team: ThreadTeam) -> Double {
    var best = 0.0
    for (m, n, k) in shapes {
      let linear = Linear(inputs: k, outputs: n, layout: .outputsByInputs, weight: 0)
      let x = [Float](repeating: 0.5, count: m * k), w = [Float](repeating: 0.25, count: n * k)
      var y = [Float](repeating: 0, count: m * n)
      w.withUnsafeBufferPointer { w in
        guard let base = w.baseAddress else { return }
        let products = precision == .bfloat16 ? BFloat16Products(parameters: n * k, on: team) : nil
        let weights = Weights(base, products: products)
        WorkClock.isCounting = true
        for _ in 0..<12 {
          _ = WorkClock.take()
          linear.forward(&y, x, parameters: weights, rows: m, on: team)
          best = max(best, Double(2 * m * n * k) / (WorkClock.take()[.products] ?? .infinity))
        }
        WorkClock.isCounting = false
      }
    }
    return best
  }
}
