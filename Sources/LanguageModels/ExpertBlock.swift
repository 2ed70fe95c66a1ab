import Kernels

/// What a layer of Doge's mixture of experts has beside its gated MLP, for all layers of a workspace: the router and the experts that
/// it chooses. N = rows, n = keys of the router, k = chosen experts.
final class ExpertBlock {
  private let shape: ExpertShape
  private let plan: WorkspacePlan
  private let slots: Slots
  private let arena: Arena
  private var balance: RouterBalance?

  private struct Slots {
    var layout = ArenaLayout()
    /// (layers, N, 2n)
    let logits: LayerSlot
    /// (layers, N, k), of indices
    let experts: LayerSlot
    /// (layers, N, k)
    let weights: LayerSlot
    let inner: LayerSlot
    /// (N, 2n)
    let dLogits: ArenaSlot
    /// (N, k)
    let dInner: ArenaSlot
    let active: ArenaSlot
    /// (N, h): the router's share of its input's gradient.
    let dInput: ArenaSlot
    let scratch: ArenaSlot
  }

  init(_ shape: ExpertShape, layers: Int, _ plan: WorkspacePlan) throws(ArenaError) {
    self.shape = shape
    self.plan = plan
    slots = Self.slots(shape, layers, plan)
    arena = try Arena(slots.layout)
    if shape.balanceFactor != nil {
      balance = try RouterBalance(shape.mixture, experts: shape.count, capacity: plan.rows)
    }
  }

  static func byteCount(_ shape: ExpertShape, layers: Int, _ plan: WorkspacePlan) -> Int {
    slots(shape, layers, plan).layout.byteCount
      + (shape.balanceFactor == nil ? 0 : RouterBalance.byteCount(shape.mixture, capacity: plan.rows))
  }

  private static func slots(_ shape: ExpertShape, _ layers: Int, _ plan: WorkspacePlan) -> Slots {
    var layout = ArenaLayout()
    let n = plan.rows, scores = n * 2 * shape.mixture.keys, chosen = n * shape.mixture.chosen
    // Kept even where a layer is made again: the balance of experts counts every token once.
    func layered(_ count: Int) -> LayerSlot { LayerSlot(&layout, floats: count, layers: layers, plan, isResidual: true) }
    func backward(_ count: Int) -> ArenaSlot { layout.floats(plan.isTraining ? count : 0) }
    var slots = Slots(
      logits: layered(scores), experts: layered(chosen), weights: layered(chosen), inner: layered(chosen), dLogits: backward(scores),
      dInner: backward(chosen), active: backward(chosen), dInput: backward(n * shape.mixture.width),
      scratch: layout.floats(shape.mixture.scratchCount(on: plan.team)))
    slots.layout = layout
    return slots
  }

  /// Before the first layer of a pass.
  func reset() { balance?.reset(on: plan.team) }

  /// out (N, h) += the experts of x (N, h).
  func forward(
    _ layer: Int, _ parameters: RotaryTransformer.ExpertParameters, out: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>,
    _ run: ProjectionPass
  ) {
    let logits = slots.logits.at(layer, in: arena), experts = slots.experts.indices(layer, in: arena)
    let weights = slots.weights.at(layer, in: arena)
    run.forward(parameters.router, logits, x)
    shape.mixture.choose(
      experts: experts, weights: weights, logits: logits, tokens: run.rows, scratch: arena.floats(slots.scratch), on: plan.team)
    balance?.add(logits: logits, experts: experts, tokens: run.rows, on: plan.team)
    shape.mixture.forward(
      out, inner: slots.inner.at(layer, in: arena), x, experts: experts, weights: weights, down: run.parameter(parameters.down),
      up: run.parameter(parameters.up), tokens: run.rows, on: plan.team)
  }

  /// The loss that keeps the experts in balance, times its factor; 0 where the model has none.
  var balanceLoss: Double { (balance?.loss ?? 0) * (shape.balanceFactor ?? 0) }

  /// dx (N, h) +=, and the gradient of the experts' outputs; `dout` (N, h) is the gradient of what `forward` added.
  ///
  /// - balanceScale: what the balance's gradient is multiplied with.
  func backwardInput(
    _ layer: Int, _ parameters: RotaryTransformer.ExpertParameters, dx: UnsafeMutablePointer<Float>, dout: UnsafePointer<Float>,
    balanceScale: Double, _ run: ProjectionPass
  ) {
    let logits = slots.logits.at(layer, in: arena), experts = slots.experts.indices(layer, in: arena)
    let dLogits = arena.floats(slots.dLogits), active = arena.floats(slots.active), dInput = arena.floats(slots.dInput)
    shape.mixture.backward(
      dx: dx, dLogits: dLogits, dInner: arena.floats(slots.dInner), active: active, dout: dout,
      inner: slots.inner.at(layer, in: arena), experts: experts, weights: slots.weights.at(layer, in: arena),
      down: run.parameter(parameters.down), up: run.parameter(parameters.up), tokens: run.rows, on: plan.team)
    if let dUp = run.gradient(parameters.up) {
      shape.mixture.scatter(dUp, factors: active, dout, experts: experts, tokens: run.rows, on: plan.team)
    }
    if let balance, balanceScale > 0 {
      balance.backward(
        dLogits: dLogits, logits: logits, factor: balanceScale * (shape.balanceFactor ?? 0), tokens: run.rows, on: plan.team)
    }
    run.backwardInput(parameters.router, dInput, dLogits)
    Elementwise.accumulate(dx, dInput, count: run.rows * shape.mixture.width, on: plan.team)
  }

  /// The gradients of the router and of the experts' inputs, from what `backwardInput` left and x (N, h).
  func backwardWeight(
    _ layer: Int, _ parameters: RotaryTransformer.ExpertParameters, _ x: UnsafePointer<Float>, _ run: ProjectionPass
  ) {
    run.backwardWeight(parameters.router, arena.floats(slots.dLogits), x)
    if let dDown = run.gradient(parameters.down) {
      shape.mixture.scatter(
        dDown, factors: arena.floats(slots.dInner), x, experts: slots.experts.indices(layer, in: arena), tokens: run.rows, on: plan.team)
    }
  }
}
