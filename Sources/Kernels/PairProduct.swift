import CKernels

/// Small products of bf16 operands on the thread that asks, C (m, n) = A B or C += A B, sums in f32. Operands lie in pairs along the sum,
/// 32 bits a pair, the earlier number in the lower half; widths are multiples of 16.
package enum PairProduct {
  /// Where A's pairs lie: pair p of row i is base[i · row + p · pair].
  package struct Left {
    let base: UnsafePointer<UInt32>
    let row: Int
    let pair: Int

    /// (rows, pairs), as `alongRows` leaves them.
    package static func along(_ base: UnsafePointer<UInt32>, pairs: Int) -> Left { Left(base: base, row: pairs, pair: 1) }

    /// The transpose of what `acrossRows` leaves: its columns are the rows here.
    package static func transposed(_ base: UnsafePointer<UInt32>, stride: Int) -> Left { Left(base: base, row: 1, pair: stride) }
  }

  /// B's pair p of column j is b[p · strideB + j].
  @inline(__always)
  package static func multiply(
    _ c: UnsafeMutablePointer<Float>, strideC: Int, _ a: Left, _ b: UnsafePointer<UInt32>, strideB: Int, m: Int, n: Int, pairs: Int,
    accumulate: Bool = false
  ) {
    ck_pair_product(c, a.base, b, m, n, pairs, strideC, a.row, a.pair, strideB, accumulate ? 1 : 0)
  }

  /// x (rows, width) · scale, rounded; neighbours in a row are pairs: y (rows, width / 2).
  @inline(__always)
  package static func alongRows(
    _ y: UnsafeMutablePointer<UInt32>, _ x: UnsafePointer<Float>, rows: Int, width: Int, strideX: Int, scale: Float = 1
  ) {
    ck_pairs_along_rows(y, x, rows, width, strideX, scale)
  }

  /// The same with neighbours in a column as pairs: y ((rows + 1) / 2, width) in rows that lie `strideY` apart; a last odd row is paired
  /// with zeros.
  @inline(__always)
  package static func acrossRows(
    _ y: UnsafeMutablePointer<UInt32>, strideY: Int, _ x: UnsafePointer<Float>, rows: Int, width: Int, strideX: Int, scale: Float = 1
  ) {
    ck_pairs_across_rows(y, x, rows, width, strideX, strideY, scale)
  }

  /// Neighbours in a row are pairs, and the whole is transposed: y (width / 2, rows).
  @inline(__always)
  package static func turned(
    _ y: UnsafeMutablePointer<UInt32>, strideY: Int, _ x: UnsafePointer<Float>, rows: Int, width: Int, strideX: Int
  ) {
    ck_pairs_turned(y, x, rows, width, strideX, strideY)
  }
}
