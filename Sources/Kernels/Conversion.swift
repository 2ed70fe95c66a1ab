import CKernels

/// Between f32 and the 16-bit forms of floating point that weights are stored in.
package enum Conversion {
  /// y = x, exactly.
  package static func bfloat16ToFloat(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<UInt16>, count: Int) {
    ck_bf16_to_f32(y, x, count)
  }

  /// y = x, exactly; IEEE 754 binary16.
  package static func float16ToFloat(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<UInt16>, count: Int) {
    ck_f16_to_f32(y, x, count)
  }

  /// Rounds to the nearest, ties to even; NaN stays NaN.
  package static func floatToBFloat16(_ y: UnsafeMutablePointer<UInt16>, _ x: UnsafePointer<Float>, count: Int) {
    ck_f32_to_bf16(y, x, count)
  }

  /// The same on a team.
  package static func floatToBFloat16(_ y: UnsafeMutablePointer<UInt16>, _ x: UnsafePointer<Float>, count: Int, on team: ThreadTeam) {
    team.forEachBlock(of: count, size: 2 * ThreadTeam.elementBlock) { block in
      ck_f32_to_bf16(y + block.lowerBound, x + block.lowerBound, block.count)
    }
  }

  /// y = x, exactly, on a team.
  package static func bfloat16ToFloat(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<UInt16>, count: Int, on team: ThreadTeam) {
    team.forEachBlock(of: count, size: 2 * ThreadTeam.elementBlock) { block in
      ck_bf16_to_f32(y + block.lowerBound, x + block.lowerBound, block.count)
    }
  }
}
