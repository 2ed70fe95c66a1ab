import Glibc
import Kernels
import Testing

struct DrawTests {
  @Test func the_greatest_is_the_first_among_equals() {
    for count in [1, 5, 16, 33, 1_000] {
      var logits = numbers(count, "logits")
      func greatest() -> Int { logits.withUnsafeBufferPointer { Draw.greatest($0) } }
      let plain = logits.indices.reduce(0) { logits[$1] > logits[$0] ? $1 : $0 }
      #expect(greatest() == plain)
      logits[count - 1] = 50
      #expect(greatest() == count - 1)
      logits[count / 2] = 50
      #expect(greatest() == count / 2)
    }
  }

  /// Against the plain sums in double: a draw anywhere but within rounding of a border finds the same token.
  @Test(arguments: [1, 255, 256, 257, 3_000])
  func a_draw_finds_the_token_at_its_part_of_the_distribution(_ count: Int) {
    let logits = numbers(count, "logits", deviation: 2), scale = 0.7
    let greatest = logits.max() ?? 0
    let weights = logits.map { exp((Double($0) - Double(greatest)) * scale) }
    let total = weights.reduce(0, +)
    var before = 0.0
    for (token, weight) in weights.enumerated() {
      if weight > 1e-5 * total {
        let middle = (before + weight / 2) / total
        let found = logits.withUnsafeBufferPointer { Draw.draw($0, greatest: greatest, scale: Float(scale), at: middle) }
        #expect(found == token)
      }
      before += weight
    }
    let first = logits.withUnsafeBufferPointer { Draw.draw($0, greatest: greatest, scale: Float(scale), at: 0) }
    #expect(first == 0)
  }

}
