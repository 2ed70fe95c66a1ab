import CKernels
import Glibc

/// The routed half of Doge's cross-domain mixture of experts: n² experts of one neuron each, of which a token takes the k with the
/// greatest sums xᵢ + yⱼ of two rows of n scores. out += Σ wₑ silu(downₑ · x) upₑ, w the softmax over the k sums, expert i·n + j.
/// Formulas as in transformers 5.23, models/doge; a division of w by its sum (`norm_topk_prob`) is one by 1 and left out.
package struct ExpertMixture: Sendable, Equatable {
  /// How the router's output (tokens, 2n) is cut into the two rows of each token.
  package enum Split: String, Sendable, CaseIterable {
    /// As transformers does: read as (2, tokens, n), so that a token is routed by the scores of others, later ones included.
    case hf
    /// Each token by its own scores: what transformers does with one token at a time.
    case fixed
  }

  /// n
  package let keys: Int
  /// k
  package let chosen: Int
  package let width: Int
  package let split: Split

  package init(keys: Int, chosen: Int, width: Int, split: Split) {
    precondition(chosen <= keys * keys, "\(chosen) of \(keys * keys) experts")
    self.keys = keys
    self.chosen = chosen
    self.width = width
    self.split = split
  }

  /// Where the n x-scores and the n y-scores of a token lie in the router's output.
  @inline(__always) func places(_ token: Int, of tokens: Int) -> (x: Int, y: Int) {
    split == .fixed ? (2 * token * keys, (2 * token + 1) * keys) : (token * keys, (tokens + token) * keys)
  }

  /// Floats of scratch memory that `choose` wants.
  package func scratchCount(on team: ThreadTeam) -> Int { team.count * workerScratch }

  /// Candidates of 8 bytes: both rows, and the sums with (i + 1)(j + 1) ≤ k, of which there are at most k (1 + ln k).
  private var workerScratch: Int { 2 * (2 * keys + chosen * (2 + Int(log(Double(chosen))))) }

  /// experts and weights (tokens, k) from logits (tokens, 2n), the greatest sum first.
  package func choose(
    experts: UnsafeMutablePointer<Int32>, weights: UnsafeMutablePointer<Float>, logits: UnsafePointer<Float>, tokens: Int,
    scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    let block = ThreadTeam.rowBlock(width: 8 * (keys + chosen))
    team.run(tasks: (tokens + block - 1) / block) { task, worker in
      for token in task * block..<min(task * block + block, tokens) {
        let (x, y) = places(token, of: tokens)
        ck_experts_choose(
          experts + token * chosen, weights + token * chosen, logits + x, logits + y, keys, chosen, scratch + worker * workerScratch)
      }
    }
  }

  /// out (tokens, width) +=, inner (tokens, k) = downₑ · x; tables (experts, width).
  package func forward(
    _ out: UnsafeMutablePointer<Float>, inner: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, experts: UnsafePointer<Int32>,
    weights: UnsafePointer<Float>, down: UnsafePointer<Float>, up: UnsafePointer<Float>, tokens: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: tokens, size: ThreadTeam.rowBlock(width: 2 * chosen * width)) { block in
      for token in block {
        ck_experts_forward(
          out + token * width, inner + token * chosen, x + token * width, experts + token * chosen, weights + token * chosen, down, up,
          chosen, width)
      }
    }
  }

  /// dx (tokens, width) +=; dLogits (tokens, 2n) assigned; dInner and active (tokens, k) assigned, which `scatter` turns into the
  /// gradients of the tables: dDown from dInner and x, dUp from active and dout.
  package func backward(
    dx: UnsafeMutablePointer<Float>, dLogits: UnsafeMutablePointer<Float>, dInner: UnsafeMutablePointer<Float>,
    active: UnsafeMutablePointer<Float>, dout: UnsafePointer<Float>, inner: UnsafePointer<Float>, experts: UnsafePointer<Int32>,
    weights: UnsafePointer<Float>, down: UnsafePointer<Float>, up: UnsafePointer<Float>, tokens: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: tokens, size: ThreadTeam.rowBlock(width: 3 * chosen * width)) { block in
      for token in block {
        let (x, y) = places(token, of: tokens)
        (dLogits + x).update(repeating: 0, count: keys)
        (dLogits + y).update(repeating: 0, count: keys)
        ck_experts_backward(
          dx + token * width, dInner + token * chosen, active + token * chosen, dLogits + x, dLogits + y, dout + token * width,
          inner + token * chosen, experts + token * chosen, weights + token * chosen, down, up, keys, chosen, width)
      }
    }
  }

  /// dTable[experts[token, j]] += factors[token, j] · y[token]. A task owns a strip of columns and walks all tokens in order, so that
  /// no two threads meet and the sum has one order.
  package func scatter(
    _ dTable: UnsafeMutablePointer<Float>, factors: UnsafePointer<Float>, _ y: UnsafePointer<Float>, experts: UnsafePointer<Int32>,
    tokens: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: width, size: 64) { strip in
      for token in 0..<tokens {
        for slot in token * chosen..<(token + 1) * chosen {
          ck_accumulate_scaled(
            dTable + Int(experts[slot]) * width + strip.lowerBound, y + token * width + strip.lowerBound, factors[slot], strip.count)
        }
      }
    }
  }

  /// The plain version in double of one token: what the experts add. `down` and `up` (n², width).
  package func plain(x: [Double], scores: (x: [Double], y: [Double]), down: [Double], up: [Double]) -> [Double] {
    let sums = (0..<keys * keys).map { scores.x[$0 / keys] + scores.y[$0 % keys] }
    let best = sums.indices.sorted { (-sums[$0], $0) < (-sums[$1], $1) }.prefix(chosen)
    let total = best.reduce(0) { $0 + exp(sums[$1]) }
    var out = [Double](repeating: 0, count: width)
    for expert in best {
      let inner = (0..<width).reduce(0) { $0 + down[expert * width + $1] * x[$1] }
      let active = inner / (1 + exp(-inner)) * exp(sums[expert]) / total
      for i in 0..<width { out[i] += active * up[expert * width + i] }
    }
    return out
  }
}
