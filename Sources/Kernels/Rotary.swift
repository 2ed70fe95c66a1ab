import CKernels
import Glibc

/// How the frequencies of rotary positions are stretched for lengths beyond those of training. Formulas as in transformers'
/// modeling_rope_utils.py.
package enum RotaryScaling: Sendable, Equatable {
  case none
  /// Every frequency divided by `factor`: Chen et al., arXiv 2306.15595.
  case linear(factor: Double)
  /// "Dynamic NTK": beyond `maximum` positions the base grows with the length.
  case dynamic(factor: Double, maximum: Int)
  /// Llama 3.1: long wavelengths divided by `factor`, short ones kept, a ramp between; `original` is the length of training.
  case llama3(factor: Double, lowFrequency: Double, highFrequency: Double, original: Int)
  /// Slow pairs divided by `factor`, fast ones kept, a ramp over the pairs between; cosines and sines are scaled: Peng et al., arXiv
  /// 2309.00071.
  case yarn(YarnScaling)

  /// What cosines and sines are multiplied with.
  var amplitude: Double {
    if case .yarn(let yarn) = self { yarn.attentionFactor } else { 1 }
  }
}

/// The numbers of YaRN's scaling.
package struct YarnScaling: Sendable, Equatable {
  package var factor: Double
  /// What cosines and sines are multiplied with.
  package var attentionFactor: Double
  /// Turns over the length of training from which on a pair is kept, and up to which it is divided.
  package var fastTurns: Double
  package var slowTurns: Double
  /// The length of training.
  package var original: Int
  /// Whether the ramp begins and ends at whole pairs.
  package var truncates: Bool

  /// - attentionFactor: nil for 0.1 ln(factor) + 1.
  package init(
    factor: Double, attentionFactor: Double? = nil, fastTurns: Double = 32, slowTurns: Double = 1, original: Int, truncates: Bool = true
  ) {
    self.factor = factor
    self.attentionFactor = attentionFactor ?? Self.amplitude(factor, times: 1)
    self.fastTurns = fastTurns
    self.slowTurns = slowTurns
    self.original = original
    self.truncates = truncates
  }

  package static func amplitude(_ factor: Double, times: Double) -> Double { factor <= 1 ? 1 : 0.1 * times * log(factor) + 1 }

  /// The pair that makes so many turns over the length of training.
  private func pair(turns: Double, headSize: Int, base: Double) -> Double {
    Double(headSize) * log(Double(original) / (turns * 2 * .pi)) / (2 * log(base))
  }

  /// The part of a pair's frequency that is kept, 0...1.
  func kept(_ pair: Int, headSize: Int, base: Double) -> Float {
    var low = self.pair(turns: fastTurns, headSize: headSize, base: base),
      high = self.pair(turns: slowTurns, headSize: headSize, base: base)
    if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    low = max(low, 0)
    high = min(high, Double(headSize - 1))
    if low == high { high += 0.001 }
    return 1 - min(max((Float(pair) - Float(low)) / Float(high - low), 0), 1)
  }
}

/// Cosines and sines of rotary position embedding, Su et al., arXiv 2104.09864, pairs half-split: element i turns with i + size/2.
package struct RotaryTable: Sendable {
  package let headSize: Int
  package let length: Int
  /// (length, headSize/2)
  let cosine: [Float]
  let sine: [Float]

  /// Angles are products of f32 numbers as in transformers, so that far positions agree; their cosines are taken in double.
  package init(headSize: Int, base: Double, scaling: RotaryScaling, length: Int) {
    precondition(headSize > 0 && headSize % 2 == 0, "rotary positions turn pairs: a head size of \(headSize) is odd")
    let frequencies = Self.frequencies(headSize: headSize, base: base, scaling: scaling, length: length)
    var cosine: [Float] = []
    var sine: [Float] = []
    let amplitude = Float(scaling.amplitude)
    cosine.reserveCapacity(length * frequencies.count)
    sine.reserveCapacity(length * frequencies.count)
    for position in 0..<length {
      for frequency in frequencies {
        let angle = Double(Float(position) * frequency)
        cosine.append(Float(cos(angle)) * amplitude)
        sine.append(Float(sin(angle)) * amplitude)
      }
    }
    self.headSize = headSize
    self.length = length
    self.cosine = cosine
    self.sine = sine
  }

  /// Radians a position, (headSize/2). `length` is the number of positions in use; only dynamic scaling looks at it.
  package static func frequencies(headSize: Int, base: Double, scaling: RotaryScaling, length: Int) -> [Float] {
    var base = base
    if case .dynamic(let factor, let maximum) = scaling, length > maximum {
      let growth = factor * Double(length) / Double(maximum) - (factor - 1)
      base *= pow(growth, Double(headSize) / Double(headSize - 2))
    }
    return (0..<headSize / 2).map { pair in
      let frequency = 1 / Float(pow(base, Double(Float(2 * pair) / Float(headSize))))
      switch scaling {
      case .none, .dynamic: return frequency
      case .linear(let factor): return frequency / Float(factor)
      case .llama3(let factor, let low, let high, let original):
        let wavelength = 2 * Float.pi / frequency
        if wavelength > Float(Double(original) / low) { return frequency / Float(factor) }
        if wavelength < Float(Double(original) / high) { return frequency }
        let smooth = (Float(original) / wavelength - Float(low)) / Float(high - low)
        return (1 - smooth) * frequency / Float(factor) + smooth * frequency
      case .yarn(let yarn):
        let kept = yarn.kept(pair, headSize: headSize, base: base)
        return frequency / Float(yarn.factor) * (1 - kept) + frequency * kept
      }
    }
  }

  /// Turns `heads` heads of each row of x in place; row r stands at positions[r], which must be below `length`.
  package func forward(
    _ x: UnsafeMutablePointer<Float>, rowStride: Int, heads: Int, positions: UnsafePointer<Int32>, rows: Int, on team: ThreadTeam
  ) { turn(x, rowStride, heads, positions, rows, sign: 1, team) }

  /// The gradient of a rotation is the inverse rotation, in place on dx.
  package func backward(
    _ dx: UnsafeMutablePointer<Float>, rowStride: Int, heads: Int, positions: UnsafePointer<Int32>, rows: Int, on team: ThreadTeam
  ) { turn(dx, rowStride, heads, positions, rows, sign: -1, team) }

  private func turn(
    _ x: UnsafeMutablePointer<Float>, _ rowStride: Int, _ heads: Int, _ positions: UnsafePointer<Int32>, _ rows: Int, sign: Float,
    _ team: ThreadTeam
  ) {
    cosine.withUnsafeBufferPointer { cosine in
      sine.withUnsafeBufferPointer { sine in
        team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: heads * headSize)) { block in
          ck_rotary(
            x + block.lowerBound * rowStride, block.count, rowStride, heads, headSize, positions + block.lowerBound,
            cosine.baseAddress, sine.baseAddress, sign)
        }
      }
    }
  }

  /// The plain version in double: one head turned to a position.
  package static func plain(_ head: [Double], position: Int, frequencies: [Float]) -> [Double] {
    let half = head.count / 2
    var turned = head
    for i in 0..<half {
      let angle = Double(Float(position) * frequencies[i])
      turned[i] = head[i] * cos(angle) - head[half + i] * sin(angle)
      turned[half + i] = head[half + i] * cos(angle) + head[i] * sin(angle)
    }
    return turned
  }
}
