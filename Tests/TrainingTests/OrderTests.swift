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

  @Test(arguments: [(10, 0.1, 1), (10, 0.25, 3), (2, 0.01, 1), (2, 0.99, 1), (1_000, 0.05, 50)])
  func so_many_sequences_are_held_out(count: Int, share: Double, expected: Int) {
    let held = HeldOut(count: count, share: share, seed: 3)
    #expect((0..<count).count { held.contains($0) } == expected)
  }

  @Test(arguments: [(1, 0.5), (0, 0.5), (100, 0)])
  func nothing_is_held_out_where_nothing_would_be_left_or_none_is_wanted(count: Int, share: Double) {
    let held = HeldOut(count: count, share: share, seed: 3)
    #expect(!(0..<count).contains { held.contains($0) })
  }

  @Test func of_very_many_about_the_share_is_held_out() {
    let held = HeldOut(count: 200_000, share: 0.01, seed: 3)
    let count = (0..<200_000).count { held.contains($0) }
    #expect(count > 1_800 && count < 2_200)
  }

  @Test func the_same_seed_holds_out_the_same() {
    #expect(HeldOut(count: 50, share: 0.2, seed: 3) == HeldOut(count: 50, share: 0.2, seed: 3))
    let chosen = { (seed: UInt64) in (0..<50).filter { HeldOut(count: 50, share: 0.2, seed: seed).contains($0) } }
    #expect(chosen(3) == chosen(3) && chosen(3) != chosen(4))
  }
}
