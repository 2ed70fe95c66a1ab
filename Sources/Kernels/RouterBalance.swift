import CKernels

/// The auxiliary loss that keeps experts in balance, Fedus et al., arXiv 2101.03961, over all layers together, as transformers' Doge
/// has it: E · Σₑ fₑ Pₑ, where fₑ is the part of all choices that took expert e, and Pₑ the mean over tokens of the softmax over all
/// sums. That softmax is a product of two, over the x- and over the y-scores, so that no n² numbers a token are ever made.
package struct RouterBalance {
  private let mixture: ExpertMixture
  private let experts: Int
  private let slots: (counts: ArenaSlot, probabilities: ArenaSlot, x: ArenaSlot, y: ArenaSlot, product: ArenaSlot)
  private let arena: Arena
  /// Tokens, over all layers so far.
  private var tokens = 0

  /// - experts: E, which is n² here.
  /// - capacity: most tokens of a pass.
  package init(_ mixture: ExpertMixture, experts: Int, capacity: Int) throws(ArenaError) {
    self.mixture = mixture
    self.experts = experts
    let (layout, slots) = Self.layout(mixture, capacity: capacity)
    arena = try Arena(layout)
    self.slots = slots
  }

  package static func byteCount(_ mixture: ExpertMixture, capacity: Int) -> Int { layout(mixture, capacity: capacity).0.byteCount }

  private static func layout(
    _ mixture: ExpertMixture, capacity: Int
  ) -> (ArenaLayout, (ArenaSlot, ArenaSlot, ArenaSlot, ArenaSlot, ArenaSlot)) {
    var layout = ArenaLayout()
    let n = mixture.keys
    let slots = (
      layout.floats(n * n), layout.floats(n * n), layout.floats(capacity * n), layout.floats(capacity * n), layout.floats(capacity * n)
    )
    return (layout, slots)
  }

  /// Before the first layer of a pass.
  package mutating func reset(on team: ThreadTeam) {
    tokens = 0
    Elementwise.clear(arena.floats(slots.counts), count: mixture.keys * mixture.keys, on: team)
    Elementwise.clear(arena.floats(slots.probabilities), count: mixture.keys * mixture.keys, on: team)
  }

  /// Counts a layer in.
  package mutating func add(
    logits: UnsafePointer<Float>, experts chosen: UnsafePointer<Int32>, tokens new: Int, on team: ThreadTeam
  ) {
    let counts = arena.floats(slots.counts), n = mixture.keys
    for slot in 0..<new * mixture.chosen { counts[Int(chosen[slot])] += 1 }
    softmax(logits, new, team)
    MatrixProduct.multiply(
      .tn, arena.floats(slots.probabilities), arena.floats(slots.x), arena.floats(slots.y), m: n, n: n, k: new, accumulate: true, on: team)
    tokens += new
  }

  /// The loss of the layers counted in.
  package var loss: Double {
    let counts = arena.floats(slots.counts), probabilities = arena.floats(slots.probabilities), all = Double(tokens)
    guard tokens > 0 else { return 0 }
    var sum = 0.0
    for expert in 0..<mixture.keys * mixture.keys { sum += Double(counts[expert]) * Double(probabilities[expert]) }
    return Double(experts) * sum / (all * Double(mixture.chosen)) / all
  }

  /// dLogits (tokens, 2n) of a layer += factor · the loss's gradient; the counts have none. After all layers were counted in.
  package func backward(
    dLogits: UnsafeMutablePointer<Float>, logits: UnsafePointer<Float>, factor: Double, tokens layerTokens: Int, on team: ThreadTeam
  ) {
    let n = mixture.keys, x = arena.floats(slots.x), y = arena.floats(slots.y), product = arena.floats(slots.product)
    let counts = arena.floats(slots.counts), all = Double(tokens)
    let scale = Float(factor * Double(experts) / (all * Double(mixture.chosen)) / all)
    softmax(logits, layerTokens, team)
    for isX in [true, false] {
      let own = isX ? x : y
      MatrixProduct.multiply(isX ? .nt : .nn, product, isX ? y : x, counts, m: layerTokens, n: n, k: n, on: team)
      team.forEachBlock(of: layerTokens, size: ThreadTeam.rowBlock(width: n)) { block in
        for token in block {
          let places = mixture.places(token, of: layerTokens)
          ck_softmax_backward(dLogits + (isX ? places.x : places.y), own + token * n, product + token * n, scale, n)
        }
      }
    }
  }

  private func softmax(_ logits: UnsafePointer<Float>, _ tokens: Int, _ team: ThreadTeam) {
    let n = mixture.keys, x = arena.floats(slots.x), y = arena.floats(slots.y)
    team.forEachBlock(of: tokens, size: ThreadTeam.rowBlock(width: 2 * n)) { block in
      for token in block {
        let places = mixture.places(token, of: tokens)
        ck_softmax(x + token * n, logits + places.x, n)
        ck_softmax(y + token * n, logits + places.y, n)
      }
    }
  }
}
