import CKernels
import Glibc

/// The dynamic mask of Doge's attention: one number m = exp(A · softplus(dt)) for each key and head of keys, where dt is a linear map
/// of the values. It is added to the scores, and of the keys that a query may see, the `window` with the greatest m are kept.
/// Formulas as in transformers 5.23, models/doge. Where masks are equal, as all are in a new model, the nearest keys are kept;
/// transformers leaves it open which.
package struct DynamicMask {
  /// Element t of head g of sequence b is base[b · batchStride + g · headStride + t].
  package let base: UnsafeMutablePointer<Float>
  package let batchStride: Int
  package let headStride: Int
  /// Most keys that a query looks at.
  package let window: Int
  /// The least kept mask of each query and its place, (batch, heads of keys, queries) each; unused where all keys are kept.
  package let least: UnsafeMutablePointer<Float>
  package let leastKey: UnsafeMutablePointer<Int32>

  package init(
    _ base: UnsafeMutablePointer<Float>, batchStride: Int, headStride: Int, window: Int, least: UnsafeMutablePointer<Float>,
    leastKey: UnsafeMutablePointer<Int32>
  ) {
    self.base = base
    self.batchStride = batchStride
    self.headStride = headStride
    self.window = window
    self.least = least
    self.leastKey = leastKey
  }

  func at(_ batch: Int, _ head: Int) -> UnsafeMutablePointer<Float> { base + batch * batchStride + head * headStride }

  /// Whether some query sees more keys than are kept.
  func chooses(_ g: CausalAttention.Geometry) -> Bool { g.keys > window }

  /// What `choose` found of a block's queries; nothing where all keys are kept.
  func least(
    _ block: CausalAttention.Block, _ g: CausalAttention.Geometry
  ) -> (UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Int32>?) {
    guard chooses(g) else { return (nil, nil) }
    let row = (block.sequence * g.keyValueHeads + block.group) * g.queries + block.firstQuery
    return (least + row, leastKey + row)
  }

  /// m of `length` new keys, behind `past` others; dt (batch, length, heads), a (heads).
  package func fill(
    _ dt: UnsafePointer<Float>, a: UnsafePointer<Float>, batch: Int, length: Int, heads: Int, past: Int = 0, on team: ThreadTeam
  ) {
    team.run(tasks: batch * heads) { task, _ in
      let b = task / heads, head = task % heads
      ck_dynamic_mask(at(b, head) + past, dt + b * length * heads + head, a[head], length, heads)
    }
  }

  /// The gradient of `fill` without a past: dDt (batch, length, heads) assigned, dA (heads) += where given; dm (batch, heads, length).
  package func backward(
    dDt: UnsafeMutablePointer<Float>, dA: UnsafeMutablePointer<Float>?, dm: UnsafePointer<Float>, dt: UnsafePointer<Float>,
    a: UnsafePointer<Float>, batch: Int, length: Int, heads: Int, on team: ThreadTeam
  ) {
    // A task owns a head, so that its sum over the batch has one order.
    team.run(tasks: heads) { head, _ in
      for b in 0..<batch {
        let rows = b * length * heads + head
        let sum = ck_dynamic_mask_backward(
          dDt + rows, dm + (b * heads + head) * length, at(b, head), dt + rows, a[head], length, heads)
        if let dA { dA[head] += sum }
      }
    }
  }

  /// Floats of scratch memory that `choose` wants.
  static func scratchCount(window: Int, on team: ThreadTeam) -> Int { team.count * 2 * window }

  /// Finds the least kept mask of each query.
  func choose(
    _ g: CausalAttention.Geometry, first: UnsafePointer<Int32>?, scratch: UnsafeMutablePointer<Float>, on team: ThreadTeam
  ) {
    team.run(tasks: g.batch * g.keyValueHeads) { task, worker in
      let b = task / g.keyValueHeads
      UnsafeMutableRawPointer(scratch + worker * 2 * window).withMemoryRebound(to: UInt64.self, capacity: window) { heap in
        ck_dynamic_mask_keep(
          least + task * g.queries, leastKey + task * g.queries, heap, at(b, task % g.keyValueHeads), first.map { $0 + b * g.queries },
          g.past, g.queries, window)
      }
    }
  }

  /// The plain version in double: m of one dt.
  package static func plain(dt: Double, a: Double) -> Double { exp(a * log1p(exp(dt))) }
}
