import CKernels
import Glibc

/// Random numbers without state: number `index` of stream `stream` under a seed is the same whoever asks, in any order.
/// Philox4x32-7 (Salmon et al., SC11).
package struct CounterRandom: Sendable {
  package let seed: UInt64
  package let stream: UInt64

  package init(seed: UInt64, stream: UInt64) {
    self.seed = seed
    self.stream = stream
  }

  /// A stream of its own for a name (FNV-1a), so that what a tensor is filled with does not depend on its neighbours.
  package init(seed: UInt64, name: String) {
    self.init(seed: seed, stream: name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
  }

  /// Four independent words of 32 bits.
  @inline(__always)
  package func words(at index: UInt64) -> (UInt32, UInt32, UInt32, UInt32) {
    var output: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
    let counter = (
      UInt32(truncatingIfNeeded: index), UInt32(index >> 32), UInt32(truncatingIfNeeded: stream), UInt32(stream >> 32)
    )
    let key = (UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32))
    withUnsafeBytes(of: counter) { counter in
      withUnsafeBytes(of: key) { key in
        withUnsafeMutableBytes(of: &output) { output in
          ck_philox(
            output.baseAddress!.assumingMemoryBound(to: UInt32.self),  // a tuple of words is never empty
            counter.baseAddress!.assumingMemoryBound(to: UInt32.self), key.baseAddress!.assumingMemoryBound(to: UInt32.self))
        }
      }
    }
    return output
  }

  /// Uniform in [0, 1), 53 bits.
  package func uniform(at index: UInt64) -> Double {
    let (low, high, _, _) = words(at: index)
    return Double((UInt64(high) << 32 | UInt64(low)) >> 11) * 0x1p-53
  }

  /// Two independent normals of mean 0 and deviation 1: Box and Muller's transform in double.
  package func normals(at index: UInt64) -> (Double, Double) {
    let (a, b, c, d) = words(at: index)
    let first = (Double((UInt64(b) << 32 | UInt64(a)) >> 11) + 1) * 0x1p-53  // in (0, 1]: its logarithm is finite
    let second = Double((UInt64(d) << 32 | UInt64(c)) >> 11) * 0x1p-53
    let radius = (-2 * log(first)).squareRoot(), angle = 2 * Double.pi * second
    return (radius * cos(angle), radius * sin(angle))
  }

  /// x (count) = uniform in [-bound, bound).
  package func fillUniform(_ x: UnsafeMutablePointer<Float>, count: Int, bound: Double, on team: ThreadTeam) {
    team.forEachBlock(of: count, size: 4096) { block in
      for index in block { x[index] = Float((2 * uniform(at: UInt64(index)) - 1) * bound) }
    }
  }

  /// x (count) = mean 0, the given deviation.
  package func fillNormal(_ x: UnsafeMutablePointer<Float>, count: Int, deviation: Double, on team: ThreadTeam) {
    team.forEachBlock(of: count, size: 4096) { block in
      for index in stride(from: block.lowerBound, to: block.upperBound, by: 2) {
        let (first, second) = normals(at: UInt64(index / 2))
        x[index] = Float(first * deviation)
        if index + 1 < block.upperBound { x[index + 1] = Float(second * deviation) }
      }
    }
  }
}
