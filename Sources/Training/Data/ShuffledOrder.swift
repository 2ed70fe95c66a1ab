/// An order of the numbers 0..<count that is drawn by lot, without a table: the k-th number is computed from k, so that a
/// run can be taken up at any step and a dataset of any size costs no memory.
///
/// A four-round Feistel network over the next power of four, walked until it hits the range ("Ciphers with Arbitrary Finite
/// Domains", Black and Rogaway 2002, cycle walking). Not secret, only well mixed.
struct ShuffledOrder: Sendable, Equatable {
  let count: Int
  private let keys: [UInt64]
  private let halfBits: UInt64

  init(count: Int, seed: UInt64, epoch: Int) {
    self.count = count
    var state = seed &+ UInt64(epoch) &* 0x9E37_79B9_7F4A_7C15
    keys = (0..<4).map { _ in Self.splitMix(&state) }
    let bits = UInt64(64 - max(count - 1, 1).leadingZeroBitCount)
    halfBits = max(1, (bits + 1) / 2)
  }

  /// The number at place `index` of the order.
  subscript(index: Int) -> Int {
    precondition(index >= 0 && index < count)
    var value = UInt64(index)
    repeat { value = permute(value) } while value >= UInt64(count)
    return Int(value)
  }

  private func permute(_ value: UInt64) -> UInt64 {
    let mask = (UInt64(1) << halfBits) - 1
    var left = value >> halfBits
    var right = value & mask
    for key in keys {
      var state = right ^ key
      (left, right) = (right, left ^ (Self.splitMix(&state) & mask))
    }
    return left << halfBits | right
  }

  /// SplitMix64, Steele, Lea and Flood 2014.
  static func splitMix(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
