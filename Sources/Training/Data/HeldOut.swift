import Domain

/// Which sequences of a dataset are kept for evaluation: chosen by lot from the seed, the same for every run with it.
struct HeldOut: Sendable, Equatable {
  private let count: Int
  private let chosen: Set<Int>
  /// For many sequences a lot for each: a set of them all would cost memory.
  private let threshold: UInt64?
  private let seed: UInt64

  /// - Parameters:
  ///   - count: sequences in all.
  ///   - share: of them, 0 to below 1; at least one is kept where the share is above 0 and there are two.
  init(count: Int, share: Double, seed: UInt64) {
    self.count = count
    self.seed = seed
    if share <= 0 || count < 2 {
      chosen = []
      threshold = nil
    } else if count <= 100_000 {
      let number = min(count - 1, max(1, Int((Double(count) * share).rounded())))
      let order = ShuffledOrder(count: count, seed: seed ^ 0x0E7A_1D0E, epoch: 0)
      chosen = Set((0..<number).map { order[$0] })
      threshold = nil
    } else {
      chosen = []
      threshold = UInt64(share * Double(UInt64.max))
    }
  }

  func contains(_ sequence: Int) -> Bool {
    guard let threshold else { return chosen.contains(sequence) }
    var state = seed ^ UInt64(sequence) &* 0x9E37_79B9_7F4A_7C15
    return ShuffledOrder.splitMix(&state) < threshold
  }
}
