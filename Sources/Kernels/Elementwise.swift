import CKernels

/// Additions, products and copies of whole buffers.
package enum Elementwise {
  /// y = a + b; y may be one of them. The residual connection, whose gradient passes unchanged to both.
  package static func add(
    _ y: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: count, size: ThreadTeam.elementBlock) { block in
      ck_add(y + block.lowerBound, a + block.lowerBound, b + block.lowerBound, block.count)
    }
  }

  /// y += x
  package static func accumulate(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, count: Int, on team: ThreadTeam) {
    team.forEachBlock(of: count, size: ThreadTeam.elementBlock) { block in
      ck_accumulate(y + block.lowerBound, x + block.lowerBound, block.count)
    }
  }

  /// y = x · factor; y may be x.
  package static func scale(
    _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, by factor: Float, count: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: count, size: ThreadTeam.elementBlock) { block in
      ck_scale(y + block.lowerBound, x + block.lowerBound, factor, block.count)
    }
  }

  /// y (rows, width) = the rows of x, which lie `stride` apart.
  package static func packRows(
    _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, stride: Int, rows: Int, width: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: width)) { block in
      for row in block { (y + row * width).update(from: x + row * stride, count: width) }
    }
  }

  /// The rows of y, which lie `stride` apart, += x (rows, width).
  package static func accumulateRows(
    _ y: UnsafeMutablePointer<Float>, stride: Int, _ x: UnsafePointer<Float>, rows: Int, width: Int, on team: ThreadTeam
  ) {
    team.forEachBlock(of: rows, size: ThreadTeam.rowBlock(width: width)) { block in
      for row in block { ck_accumulate(y + row * stride, x + row * width, width) }
    }
  }

  package static func clear(_ y: UnsafeMutablePointer<Float>, count: Int, on team: ThreadTeam) {
    team.forEachBlock(of: count, size: 4 * ThreadTeam.elementBlock) { block in
      (y + block.lowerBound).update(repeating: 0, count: block.count)
    }
  }

  /// y = exp(x), relative error below 2e-7 on [-87, 88], clamped outside.
  package static func exp(_ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, count: Int, on team: ThreadTeam) {
    team.forEachBlock(of: count, size: ThreadTeam.elementBlock) { block in
      ck_exp(y + block.lowerBound, x + block.lowerBound, block.count)
    }
  }
}
