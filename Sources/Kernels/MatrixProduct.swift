import CDNNL
import CKernels

/// Row-major products of f32 matrices, C = op(A) op(B) or C += op(A) op(B).
///
/// oneDNN's `dnnl_sgemm` carries them: on two threads it reaches 97 to 100 % of the processor's multiply-add peak at the shapes
/// of a training step, where its own f32 matmul primitive reaches a third without packed weights.
package enum MatrixProduct {
  package enum Form: Sendable, CaseIterable {
    /// C (m, n) = A (m, k) B (k, n)
    case nn
    /// C (m, n) = A (m, k) B (n, k)ᵀ
    case nt
    /// C (m, n) = A (k, m)ᵀ B (k, n)
    case tn
  }

  /// Below this many multiply-adds a second thread costs more than it brings.
  static let singleThreadLimit = 1 << 18

  /// Up to so many rows a product is bound by reading the weight: decoding.
  package static let skinnyRows = 16

  /// Floats of B that a task of such a product reads: they stay in a core's own cache while A has more rows than registers.
  private static let skinnyFloats = 1 << 17

  /// C (m, n) = A (m, k) B (n, k)ᵀ for few rows; a task is a run of B's rows, and each thread gets as many. A result's sum does not
  /// depend on the run it is in.
  private static func skinny(
    _ c: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, m: Int, n: Int, k: Int, strideC: Int,
    on team: ThreadTeam
  ) {
    WorkClock.count(.products) {
      let runs = (n * k + skinnyFloats - 1) / skinnyFloats, isSmall = n * k <= skinnyFloats / 4
      let tasks = isSmall ? 1 : (runs + team.count - 1) / team.count * team.count
      team.forEachBlock(of: n, size: ((n + tasks - 1) / tasks + 15) / 16 * 16) { block in
        ck_skinny_product(c + block.lowerBound, a, b + block.lowerBound * k, m, block.count, k, strideC)
      }
    }
  }

  /// C (+)= op(A) op(B). Strides are the distances of rows in elements; where they are left out, rows lie close together.
  @inline(__always)
  package static func multiply(
    _ form: Form, _ c: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, m: Int, n: Int, k: Int,
    strideC: Int? = nil, strideA: Int? = nil, strideB: Int? = nil, accumulate: Bool = false, on team: ThreadTeam
  ) {
    if form == .nt, m <= skinnyRows, !accumulate, strideA ?? k == k, strideB ?? k == k {
      return skinny(c, a, b, m: m, n: n, k: k, strideC: strideC ?? n, on: team)
    }
    WorkClock.count(.products) {
      ck_set_product_threads(m * n * k <= singleThreadLimit ? 1 : Int32(team.count))
      inRegion(form, c, a, b, m: m, n: n, k: k, strideC: strideC, strideA: strideA, strideB: strideB, accumulate: accumulate)
    }
  }

  /// The same inside a task of a `ThreadTeam`, where the product stays on the task's thread.
  @inline(__always)
  package static func inRegion(
    _ form: Form, _ c: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, m: Int, n: Int, k: Int,
    strideC: Int? = nil, strideA: Int? = nil, strideB: Int? = nil, accumulate: Bool = false
  ) {
    let transposeA = CChar(UInt8(ascii: form == .tn ? "T" : "N"))
    let transposeB = CChar(UInt8(ascii: form == .nt ? "T" : "N"))
    let status = dnnl_sgemm(
      transposeA, transposeB, dnnl_dim_t(m), dnnl_dim_t(n), dnnl_dim_t(k), 1, a, dnnl_dim_t(strideA ?? (form == .tn ? m : k)), b,
      dnnl_dim_t(strideB ?? (form == .nt ? k : n)), accumulate ? 1 : 0, c, dnnl_dim_t(strideC ?? n))
    // Sizes and strides are ours, so a refusal is a mistake in this program and no input's fault.
    precondition(status == dnnl_success, "dnnl_sgemm refused \(form) \(m)×\(n)×\(k) with status \(status.rawValue)")
  }

  /// The plain version, rows close together: the proof of the fast one.
  package static func plain(
    _ form: Form, _ c: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, m: Int, n: Int, k: Int,
    accumulate: Bool = false
  ) {
    for i in 0..<m {
      for j in 0..<n {
        var sum = 0.0
        for p in 0..<k {
          let left = form == .tn ? a[p * m + i] : a[i * k + p]
          let right = form == .nt ? b[j * k + p] : b[p * n + j]
          sum += Double(left) * Double(right)
        }
        c[i * n + j] = Float(sum) + (accumulate ? c[i * n + j] : 0)
      }
    }
  }
}
