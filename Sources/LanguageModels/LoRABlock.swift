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
  }

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
    // Where nothing is kept for backward, one buffer serves all.
    let shared = plan.isTraining ? nil : layout.floats(plan.rows * greatest)
    var slots = Slots(
      inner: ranks.map { $0 == 0 ? nil : shared ?? layout.floats(plan.rows * $0) },
      dInner: layout.floats(plan.isTraining ? plan.rows * greatest : 0),
      dropped: layout.floats(plan.isTraining && adapter.settings.dropout > 0 ? plan.rows * widest : 0))
    slots.layout = layout
    return slots
  }

  /// y (N, outputs) += s · B A dropout(x).
  func forward(
    _ projection: Projection, _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, parameters: UnsafePointer<Float>, rows: Int,
    dropout: Dropout.Key?
  ) {
    guard let site = adapter.sites[projection.index], let slot = slots.inner[projection.index] else { return }
    let inner = arena.floats(slot), rank = adapter.settings.rank, team = plan.team
    MatrixProduct.multiply(
      .nt, inner, dropped(projection, x, rows, dropout), parameters + site.a, m: rows, n: site.rank, k: projection.inputs, on: team)
    Elementwise.scale(inner, inner, by: scale, count: rows * site.rank, on: team)
    for part in site.parts {
      MatrixProduct.multiply(
        .nt, y + part.outputs.lowerBound, inner + part.start, parameters + part.b, m: rows, n: part.outputs.count, k: rank,
        strideC: projection.outputs, strideA: site.rank, accumulate: true, on: team)
    }
  }

  /// dx (N, inputs) += the adapter's share.
  func backwardInput(
    _ projection: Projection, _ dx: UnsafeMutablePointer<Float>, _ dy: UnsafePointer<Float>, parameters: UnsafePointer<Float>, rows: Int,
    dropout: Dropout.Key?
  ) {
    guard let site = adapter.sites[projection.index] else { return }
    let dInner = innerGradient(projection, site, dy, parameters, rows)
    let inputs = projection.inputs, dropout = self.dropout(projection, dropout)
    guard let dropout else {
      MatrixProduct.multiply(
        .nn, dx, dInner, parameters + site.a, m: rows, n: inputs, k: site.rank, accumulate: true, on: plan.team)
      return
    }
    let share = arena.floats(slots.dropped)
    MatrixProduct.multiply(.nn, share, dInner, parameters + site.a, m: rows, n: inputs, k: site.rank, on: plan.team)
    dropout.apply(share, share, count: rows * inputs, on: plan.team)
    Elementwise.accumulate(dx, share, count: rows * inputs, on: plan.team)
  }

  /// The gradients of A and B (+=) from dy and x.
  func backwardWeight(
    _ projection: Projection, _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, parameters: UnsafePointer<Float>,
    gradients: UnsafeMutablePointer<Float>, rows: Int, dropout: Dropout.Key?
  ) {
    guard let site = adapter.sites[projection.index], let slot = slots.inner[projection.index] else { return }
    let inner = arena.floats(slot), rank = adapter.settings.rank, team = plan.team
    for part in site.parts {
      MatrixProduct.multiply(
        .tn, gradients + part.b, dy + part.outputs.lowerBound, inner + part.start, m: part.outputs.count, n: rank, k: rows,
        strideA: projection.outputs, strideB: site.rank, accumulate: true, on: team)
    }
    MatrixProduct.multiply(
      .tn, gradients + site.a, innerGradient(projection, site, dy, parameters, rows), dropped(projection, x, rows, dropout), m: site.rank,
      n: projection.inputs, k: rows, accumulate: true, on: team)
  }

  /// (N, R): s · dy B.
  private func innerGradient(
    _ projection: Projection, _ site: LoRALayout.Site, _ dy: UnsafePointer<Float>, _ parameters: UnsafePointer<Float>, _ rows: Int
  ) -> UnsafeMutablePointer<Float> {
    let dInner = arena.floats(slots.dInner), rank = adapter.settings.rank
    for part in site.parts {
      MatrixProduct.multiply(
        .nn, dInner + part.start, dy + part.outputs.lowerBound, parameters + part.b, m: rows, n: rank, k: part.outputs.count,
        strideC: site.rank, strideA: projection.outputs, on: plan.team)
    }
    Elementwise.scale(dInner, dInner, by: scale, count: rows * site.rank, on: plan.team)
    return dInner
  }

  /// Modules of one projection share what is dropped of their input.
  private func dropped(
    _ projection: Projection, _ x: UnsafePointer<Float>, _ rows: Int, _ key: Dropout.Key?
  ) -> UnsafePointer<Float> {
    guard let dropout = dropout(projection, key) else { return x }
    let dropped = arena.floats(slots.dropped)
    dropout.apply(dropped, x, count: rows * projection.inputs, on: plan.team)
    return UnsafePointer(dropped)
  }

  /// Sites of the model's own dropouts are numbered from 0, these from 2²⁴.
  private func dropout(_ projection: Projection, _ key: Dropout.Key?) -> Dropout? {
    key.flatMap { Dropout(probability: adapter.settings.dropout, key: $0, site: 1 << 24 + UInt32(projection.index)) }
  }
}
