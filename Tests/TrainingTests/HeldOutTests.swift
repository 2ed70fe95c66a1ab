import Testing

@testable import Training

/// What is held out, and that nothing equal to it is trained on.
struct HeldOutTests {
  private func differing(_ count: Int) -> [UInt64] { (0..<count).map { UInt64($0) &* 0x9E37_79B9_7F4A_7C15 } }

  @Test(arguments: [(10, 0.1, 1), (10, 0.25, 3), (2, 0.01, 1), (2, 0.99, 1), (1_000, 0.05, 50)])
  func so_many_sequences_are_held_out(count: Int, share: Double, expected: Int) {
    #expect(HeldOut.drawn(differing(count), share: share, seed: 3).count == expected)
  }

  @Test(arguments: [(1, 0.5), (0, 0.5), (100, 0)])
  func nothing_is_held_out_where_nothing_would_be_left_or_none_is_wanted(count: Int, share: Double) {
    #expect(HeldOut.drawn(differing(count), share: share, seed: 3).isEmpty)
  }

  @Test func equal_sequences_are_on_one_side() {
    let fingerprints = (0..<300).map { UInt64($0 % 40) }
    for seed in 0..<20 as Range<UInt64> {
      let held = HeldOut.drawn(fingerprints, share: 0.1, seed: seed)
      let (inside, outside) = (
        Set(held.map { fingerprints[$0] }), Set(fingerprints.indices.filter { !held.contains($0) }.map { fingerprints[$0] })
      )
      #expect(inside.isDisjoint(with: outside) && !inside.isEmpty && !outside.isEmpty)
      #expect((25...45).contains(held.count), "\(held.count) of 300 are held out, a tenth was wanted")
    }
  }

  @Test func a_group_that_is_far_more_than_the_share_stays_to_be_trained_on() {
    let fingerprints = [UInt64](repeating: 7, count: 90) + (100..<110).map { UInt64($0) }
    for seed in 0..<20 as Range<UInt64> {
      #expect(HeldOut.drawn(fingerprints, share: 0.05, seed: seed).isDisjoint(with: 0..<90))
    }
  }

  @Test func of_few_groups_the_smallest_is_held_out_and_of_one_nothing() {
    #expect(HeldOut.drawn([1, 1, 1, 1, 2, 2, 2, 1, 1, 1], share: 0.1, seed: 3) == [4, 5, 6])
    #expect(HeldOut.drawn([5, 5, 5, 5], share: 0.1, seed: 3).isEmpty)
  }

  @Test func of_very_many_about_the_share_is_held_out() {
    let count = differing(200_000).count { HeldOut.contains(fingerprint: $0, share: 0.01, seed: 3) }
    #expect(count > 1_800 && count < 2_200)
  }

  @Test func the_same_seed_holds_out_the_same() {
    let chosen = { (seed: UInt64) in HeldOut.drawn(differing(50), share: 0.2, seed: seed) }
    #expect(chosen(3) == chosen(3) && chosen(3) != chosen(4))
  }
}
