import Kernels

/// What the projections of a pass have beside their weights where an adapter trains: y += s · B A dropout(x), forward beside backward.
/// N = rows, R = rows of all A of a projection.
final class LoRABlock {
  private let adapter: LoRALayout
  private let scale: Float
  private let plan: WorkspacePlan
  private let slots: Slots
  private let arena: Arena

  private struct Slots {
    var layout = ArenaLayout()
    /// For each adapted projection (N, R): s · A dropout(x), kept for backward.
    let inner: [ArenaSlot?]
    /// (N, greatest R)
    let dInner: ArenaSlot
    /// (N, greatest inputs): what dropout leaves of x, or of its gradient; empty without dropout.
    let dropped: ArenaSlot
    /// (r, greatest outputs of a module): B with its rows and columns exchanged.
    let turned: ArenaSlot
  }

  /// The projection whose gradient of inner is in `dInner`, while one of the two that want it has still to come.
  private var pending: Int?

  init(_ adapter: LoRALayout, _ projections: [Projection], _ plan: WorkspacePlan) throws(ArenaError) {
    self.adapter = adapter
    self.plan = plan
    scale = Float(adapter.settings.scale)
    slots = Self.slots(adapter, projections, plan)
    arena = try Arena(slots.layout)
  }

  static func byteCount(_ adapter: LoRALayout, _ projections: [Projection], _ plan: WorkspacePlan) -> Int {
    slots(adapter, projections, plan).layout.byteCount
  }

  private static func slots(_ adapter: LoRALayout, _ projections: [Projection], _ plan: WorkspacePlan) -> Slots {
    var layout = ArenaLayout()
    let ranks = adapter.sites.map { $0?.rank ?? 0 }, greatest = ranks.max() ?? 0
    let widest = zip(projections, ranks).reduce(0) { $1.1 > 0 ? max($0, $1.0.inputs) : $0 }
    let outputs = adapter.sites.compactMap { $0?.parts.map(\.outputs.count).max() }.max() ?? 0
    // Where nothing is kept for backward, one buffer serves all.
    let shared = plan.isTraining ? nil : layout.floats(plan.rows * greatest)
    var slots = Slots(
      inner: ranks.map { $0 == 0 ? nil : shared ?? layout.floats(plan.rows * $0) },
      dInner: layout.floats(plan.isTraining ? plan.rows * greatest : 0),
      dropped: layout.floats(plan.isTraining && adapter.settings.dropout > 0 ? plan.rows * widest : 0),
      turned: layout.floats(adapter.settings.rank * outputs))
    slots.layout = layout
    return slots
  }

  /// y (N, outputs) += s · B A dropout(x).
  func forward(
    _ projection: Projection, _ y: UnsafeMutablePointer<Float>, _ x: LowRank.Rows, parameters: UnsafePointer<Float>, rows: Int,
    dropout: Dropout.Key?
  ) {
    pending = nil
    guard let site = adapter.sites[projection.index], let slot = slots.inner[projection.index] else { return }
    let inner = arena.floats(slot), rank = adapter.settings.rank, team = plan.team
    LowRank.shrink(
      inner, strideY: site.rank, dropped(projection, x, rows, dropout), strideX: projection.inputs, parameters + site.a, scale: scale,
      rows: rows, inputs: projection.inputs, rank: site.rank, on: team)
    for part in site.parts {
      let to = y + part.outputs.lowerBound, outputs = part.outputs.count
      if rows <= MatrixProduct.skinnyRows {  // to turn B around would cost more than the product
        MatrixProduct.multiply(
          .nt, to, inner + part.start, parameters + part.b, m: rows, n: outputs, k: rank, strideC: projection.outputs,
          strideA: site.rank, accumulate: true, on: team)
      } else {
        LowRank.expand(
          to, strideY: projection.outputs, inner + part.start, strideX: site.rank, turned(part, parameters), rows: rows, outputs: outputs,
          rank: rank, on: team)
      }
    }
  }

  /// dx (N, inputs) += the adapter's share.
  func backwardInput(
    _ projection: Projection, _ dx: UnsafeMutablePointer<Float>, _ dy: LowRank.Rows, parameters: UnsafePointer<Float>, rows: Int,
    dropout: Dropout.Key?
  ) {
    guard let site = adapter.sites[projection.index] else { return }
    let dInner = innerGradient(projection, site, dy, parameters, rows)
    let inputs = projection.inputs, dropout = self.dropout(projection, dropout)
    func add(to dx: UnsafeMutablePointer<Float>) {
      LowRank.expand(
        dx, strideY: inputs, dInner, strideX: site.rank, parameters + site.a, rows: rows, outputs: inputs, rank: site.rank, on: plan.team)
    }
    guard let dropout else { return add(to: dx) }
    let share = arena.floats(slots.dropped)
    Elementwise.clear(share, count: rows * inputs, on: plan.team)
    add(to: share)
    dropout.apply(share, share, count: rows * inputs, on: plan.team)
    Elementwise.accumulate(dx, share, count: rows * inputs, on: plan.team)
  }

  /// The gradients of A and B (+=) from dy and x.
  func backwardWeight(
    _ projection: Projection, _ dy: LowRank.Rows, _ x: LowRank.Rows, parameters: UnsafePointer<Float>,
    gradients: UnsafeMutablePointer<Float>, rows: Int, dropout: Dropout.Key?
  ) {
    guard let site = adapter.sites[projection.index], let slot = slots.inner[projection.index] else { return }
    let inner = arena.floats(slot), rank = adapter.settings.rank, team = plan.team
    for part in site.parts {
      LowRank.gradient(
        gradients + part.b, isTransposed: true, inner + part.start, strideX: site.rank, dy + part.outputs.lowerBound,
        strideY: projection.outputs, rows: rows, columns: part.outputs.count, rank: rank, on: team)
    }
    LowRank.gradient(
      gradients + site.a, isTransposed: false, innerGradient(projection, site, dy, parameters, rows), strideX: site.rank,
      dropped(projection, x, rows, dropout), strideY: projection.inputs, rows: rows, columns: projection.inputs, rank: site.rank, on: team)
  }

  /// (N, R): s · dy B. Made once for the two that want it, the gradient of the input and that of A, whichever comes first.
  private func innerGradient(
    _ projection: Projection, _ site: LoRALayout.Site, _ dy: LowRank.Rows, _ parameters: UnsafePointer<Float>, _ rows: Int
  ) -> UnsafeMutablePointer<Float> {
    let dInner = arena.floats(slots.dInner)
    if pending == projection.index {
      pending = nil
      return dInner
    }
    pending = projection.index
    for part in site.parts {
      LowRank.shrink(
        dInner + part.start, strideY: site.rank, dy + part.outputs.lowerBound, strideX: projection.outputs, turned(part, parameters),
        scale: scale, rows: rows, inputs: part.outputs.count, rank: adapter.settings.rank, on: plan.team)
    }
    return dInner
  }

  /// B (outputs, r) as (r, outputs).
  private func turned(_ part: LoRALayout.Part, _ parameters: UnsafePointer<Float>) -> UnsafePointer<Float> {
    let turned = arena.floats(slots.turned)
    LowRank.transpose(turned, parameters + part.b, rows: part.outputs.count, columns: adapter.settings.rank)
    return UnsafePointer(turned)
  }

  /// Modules of one projection share what is dropped of their input.
  private func dropped(_ projection: Projection, _ x: LowRank.Rows, _ rows: Int, _ key: Dropout.Key?) -> LowRank.Rows {
    guard let dropout = dropout(projection, key) else { return x }
    guard case .exact(let x) = x else { preconditionFailure("an adapter drops of numbers that are not rounded") }
    let dropped = arena.floats(slots.dropped)
    dropout.apply(dropped, x, count: rows * projection.inputs, on: plan.team)
    return .exact(UnsafePointer(dropped))
  }

  /// Sites of the model's own dropouts are numbered from 0, these from 2²⁴.
  private func dropout(_ projection: Projection, _ key: Dropout.Key?) -> Dropout? {
    key.flatMap { Dropout(probability: adapter.settings.dropout, key: $0, site: 1 << 24 + UInt32(projection.index)) }
  }
}
