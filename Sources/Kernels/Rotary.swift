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
    cosine.reserveCapacity(length * frequencies.count)
    sine.reserveCapacity(length * frequencies.count)
    for position in 0..<length {
      for frequency in frequencies {
        let angle = Double(Float(position) * frequency)
        cosine.append(Float(cos(angle)))
        sine.append(Float(sin(angle)))
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
