import Kernels

/// What Doge's attention has beyond Llama's, for all layers of a workspace: the map of values to a number a key, and the mask made of
/// it. N = rows, G = heads of keys, d = head size.
final class DynamicMaskBlock {
  private let dimensions: ModelDimensions
  private let window: Int
  private let plan: WorkspacePlan
  private let slots: Slots
  private let arena: Arena

  private struct Slots {
    var layout = ArenaLayout()
    /// (N, G d): values close together; in backward their gradient.
    let values: ArenaSlot
    /// (layers, N, G)
    let dt: LayerSlot
    /// (layers, batch, G, length): the mask; with a cache it lies there.
    let mask: LayerSlot
    /// (layers, batch, G, length): the least kept mask of each query, and its place.
    let least: LayerSlot
    let leastKey: LayerSlot
    /// (batch, G, length)
    let dMask: ArenaSlot
    /// (N, G)
    let dDt: ArenaSlot
  }

  init(_ dimensions: ModelDimensions, window: Int, _ plan: WorkspacePlan) throws(ArenaError) {
    self.dimensions = dimensions
    self.window = window
    self.plan = plan
    slots = Self.slots(dimensions, plan)
    arena = try Arena(slots.layout)
  }

  static func byteCount(_ dimensions: ModelDimensions, _ plan: WorkspacePlan) -> Int { slots(dimensions, plan).layout.byteCount }

  private static func slots(_ d: ModelDimensions, _ plan: WorkspacePlan) -> Slots {
    var layout = ArenaLayout()
    let count = plan.rows * d.keyValueHeadCount
    func layered() -> LayerSlot { LayerSlot(&layout, floats: count, layers: d.layerCount, plan, isExact: true) }
    var slots = Slots(
      values: layout.floats(count * d.headSize), dt: layered(), mask: layered(), least: layered(), leastKey: layered(),
      dMask: layout.floats(plan.isTraining ? count : 0), dDt: layout.floats(plan.isTraining ? count : 0))
    slots.layout = layout
    return slots
  }

  /// The mask of a layer's keys, those of a cache included: v (batch, length, G, d) are the new keys' values.
  func fill(
    _ layer: Int, _ parameters: RotaryTransformer.MaskParameters, values v: CausalAttention.Heads, _ input: PassInput,
    _ run: ProjectionPass, cache: KeyValueCache?
  ) -> DynamicMask {
    let dt = slots.dt.at(layer, in: arena), heads = dimensions.keyValueHeadCount, mask = mask(layer, input, cache)
    run.forward(parameters.dt, dt, packed(v, input))
    mask.fill(
      dt, a: run.parameter(parameters.a), batch: input.batch, length: input.length, heads: heads, past: cache?.length ?? 0, on: plan.team)
    return mask
  }

  /// The mask that `fill` made last for the layer.
  func mask(_ layer: Int, _ input: PassInput, _ cache: KeyValueCache? = nil) -> DynamicMask {
    let heads = dimensions.keyValueHeadCount, stride = cache?.capacity ?? input.length
    return DynamicMask(
      cache?.masks(layer) ?? slots.mask.at(layer, in: arena), batchStride: heads * stride, headStride: stride, window: window,
      least: slots.least.at(layer, in: arena), leastKey: slots.leastKey.indices(layer, in: arena))
  }

  /// Where attention puts the mask's gradient, (batch, G, length).
  var maskGradient: UnsafeMutablePointer<Float> { arena.floats(slots.dMask) }

  /// From the mask's gradient back to the values: dv +=.
  func backward(
    _ layer: Int, _ parameters: RotaryTransformer.MaskParameters, values v: CausalAttention.Heads, dv: CausalAttention.Heads,
    _ input: PassInput, _ run: ProjectionPass
  ) {
    let dDt = arena.floats(slots.dDt), width = dimensions.keyValueHeadCount * dimensions.headSize
    mask(layer, input).backward(
      dDt: dDt, dA: run.gradient(parameters.a), dm: maskGradient, dt: slots.dt.at(layer, in: arena), a: run.parameter(parameters.a),
      batch: input.batch, length: input.length, heads: dimensions.keyValueHeadCount, on: plan.team)
    run.backwardWeight(parameters.dt, dDt, packed(v, input))
    let dValues = arena.floats(slots.values)
    run.backwardInput(parameters.dt, dValues, dDt)
    Elementwise.accumulateRows(dv.base, stride: dv.rowStride, dValues, rows: input.rows, width: width, on: plan.team)
  }

  private func packed(_ v: CausalAttention.Heads, _ input: PassInput) -> UnsafeMutablePointer<Float> {
    let values = arena.floats(slots.values)
    Elementwise.packRows(
      values, v.base, stride: v.rowStride, rows: input.rows, width: dimensions.keyValueHeadCount * dimensions.headSize, on: plan.team)
    return values
  }
}
