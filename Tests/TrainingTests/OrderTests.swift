import Testing

@testable import Training

/// What is drawn by lot is computed from seed and place: a resumed run draws the same.
struct OrderTests {
  @Test(arguments: [1, 2, 3, 4, 5, 16, 17, 1_000, 4_097])
  func an_order_has_each_number_once(count: Int) {
    for epoch in 0..<3 {
      let order = ShuffledOrder(count: count, seed: 42, epoch: epoch)
      #expect((0..<count).map { order[$0] }.sorted() == Array(0..<count))
    }
  }

  /// The values of an implementation of its own in another language: checkpoints of older versions are gone on from.
  @Test func the_orders_stay_what_they_are() {
    func order(_ seed: UInt64, _ epoch: Int) -> [Int] {
      let order = ShuffledOrder(count: 10, seed: seed, epoch: epoch)
      return (0..<10).map { order[$0] }
    }
    #expect(order(42, 0) == [1, 9, 4, 5, 7, 0, 3, 2, 6, 8])
    #expect(order(42, 1) == [8, 7, 0, 6, 1, 4, 3, 5, 2, 9])
    #expect(order(43, 0) == [6, 3, 4, 8, 7, 1, 2, 0, 9, 5])
  }

  /// Neighbours of one epoch are none of the next, by and large.
  @Test func another_epoch_or_seed_is_another_order() {
    let count = 2_000
    func order(_ seed: UInt64, _ epoch: Int) -> [Int] {
      let order = ShuffledOrder(count: count, seed: seed, epoch: epoch)
      return (0..<count).map { order[$0] }
    }
    let first = order(1, 0)
    for other in [order(1, 1), order(2, 0)] {
      #expect(zip(first, other).count { $0 == $1 } < 20)
      #expect(zip(first, first.dropFirst()).count { abs($0 - $1) == 1 } < 20)
    }
  }
}
