import Domain

/// Which sequences of a dataset are kept for evaluation: chosen by lot from the seed, the same for every run with it. Equal sequences
/// are on one side: what a model is tested on it has not read.
enum HeldOut {
  /// Up to so many sequences the share is met as nearly as whole groups of equal ones allow; beyond, each group has a lot of its own,
  /// which needs no table.
  static let mostInTable = 100_000

  /// Numbers of the sequences that are held out.
  ///
  /// - Parameters:
  ///   - fingerprints: of every sequence; equal ones stand for equal sequences.
  ///   - share: of them, 0 to below 1; at least one is held out where the share is above 0 and there are two that differ.
  static func drawn(_ fingerprints: [UInt64], share: Double, seed: UInt64) -> Set<Int> {
    let count = fingerprints.count
    guard share > 0, count >= 2 else { return [] }
    let wanted = min(count - 1, max(1, Int((Double(count) * share).rounded())))
    var groups: [UInt64: [Int]] = [:]
    for (index, fingerprint) in fingerprints.enumerated() { groups[fingerprint, default: []].append(index) }
    guard groups.count >= 2 else { return [] }
    let order = ShuffledOrder(count: count, seed: seed ^ 0x0E7A_1D0E, epoch: 0)
    var held: Set<Int> = []
    var smallest: [Int]?
    for place in 0..<count where held.count < wanted {
      let index = order[place]
      guard !held.contains(index), let group = groups[fingerprints[index]] else { continue }
      if group.count < smallest?.count ?? .max { smallest = group }
      // A large group would be far more than the share.
      if held.count + group.count <= wanted + wanted / 2 { held.formUnion(group) }
    }
    return held.isEmpty ? Set(smallest ?? []) : held
  }

  /// Whether a sequence is held out that has this fingerprint, where there are too many for a table.
  static func contains(fingerprint: UInt64, share: Double, seed: UInt64) -> Bool {
    var state = seed ^ fingerprint
    return share > 0 && ShuffledOrder.splitMix(&state) < UInt64(share * Double(UInt64.max))
  }
}
