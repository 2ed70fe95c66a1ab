import Glibc
import Kernels

/// How the next token is chosen from logits. Temperature first, then top-k, then top-p: the order of transformers' generate.
package struct Sampler: Sendable, Equatable {
  /// 0 takes the most likely token; smaller is more certain, 1 leaves the model's distribution.
  package var temperature: Double
  /// The most likely k tokens are kept; nil keeps all.
  package var topK: Int?
  /// The most likely tokens are kept until their probabilities reach it; 1 keeps all.
  package var topP: Double
  package var seed: UInt64

  package init(temperature: Double = 1, topK: Int? = nil, topP: Double = 1, seed: UInt64 = 0) {
    precondition(temperature >= 0 && temperature.isFinite, "a temperature is 0 or more, not \(temperature)")
    precondition((topK ?? 1) >= 1, "top-k keeps at least one token, not \(topK ?? 0)")
    precondition(topP > 0 && topP <= 1, "top-p lies in (0, 1], not \(topP)")
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.seed = seed
  }

  package static let greedy = Sampler(temperature: 0)

  /// The token for position `index` of sequence `sequence`: the same seed, sequence, index and logits give the same token.
  package func sample(_ logits: UnsafeBufferPointer<Float>, sequence: Int, index: Int) -> Int32 {
    precondition(!logits.isEmpty)
    let best = Draw.greatest(logits)
    if temperature == 0 { return Int32(best) }

    let draw = CounterRandom(seed: seed, stream: UInt64(sequence)).uniform(at: UInt64(index))
    if topK ?? logits.count >= logits.count, topP == 1 { return drawn(logits, draw, best) }

    // Unnormalised probabilities, the greatest 1.
    let greatest = Double(logits[best])
    var weights = logits.map { exp((Double($0) - greatest) / temperature) }
    var candidates = Array(weights.indices)
    if let topK, topK < candidates.count {
      candidates = Self.mostLikely(candidates, weights, topK)
      let kept = Set(candidates)
      for token in weights.indices where !kept.contains(token) { weights[token] = 0 }
    }
    if topP < 1 { candidates = Self.nucleus(candidates, weights, topP) }

    candidates.sort()  // one order of summing, whatever selected them
    let total = candidates.reduce(0) { $0 + weights[$1] }
    var rest = draw * total
    for token in candidates {
      rest -= weights[token]
      if rest < 0 { return Int32(token) }
    }
    return Int32(best)  // rounding used up the last candidate
  }

  /// From the whole distribution, the common case: exponentials by vectors, sums of a block of tokens first.
  private func drawn(_ logits: UnsafeBufferPointer<Float>, _ draw: Double, _ best: Int) -> Int32 {
    let draw = Draw.draw(logits, greatest: logits[best], scale: Float(1 / temperature), at: draw)
    return Int32(draw ?? best)  // rounding used up the last token
  }

  /// The k most likely; among equals the smaller number.
  private static func mostLikely(_ candidates: [Int], _ weights: [Double], _ k: Int) -> [Int] {
    // Kept in order, the least likely last: few of a vocabulary's tokens get in, so that this beats sorting all.
    var kept: [Int] = []
    for token in candidates where kept.count < k || weights[token] > weights[kept[kept.count - 1]] {
      if kept.count == k { kept.removeLast() }
      var (low, high) = (0, kept.count)
      while low < high {
        let middle = (low + high) / 2
        if weights[kept[middle]] >= weights[token] { low = middle + 1 } else { high = middle }
      }
      kept.insert(token, at: low)
    }
    return kept
  }

  /// The fewest most likely tokens whose probabilities reach p.
  private static func nucleus(_ candidates: [Int], _ weights: [Double], _ p: Double) -> [Int] {
    let total = candidates.reduce(0) { $0 + weights[$1] }
    // Tokens below (1 - p) / n of the total cannot make up more than 1 - p together, so that none of them is needed: only the few
    // above are sorted.
    let least = (1 - p) * total / Double(candidates.count)
    let order = candidates.filter { weights[$0] >= least }.sorted { (weights[$0], $1) > (weights[$1], $0) }
    var kept: [Int] = []
    var sum = 0.0
    for token in order {
      kept.append(token)
      sum += weights[token]
      if sum >= p * total { break }
    }
    return kept
  }
}
