import Kernels

/// The buffers of a RotaryTransformer and its passes, N = rows, h = hidden, H and G = heads of queries and of keys, d = head size,
/// I = intermediate.
package final class RotaryTransformerWorkspace: DecoderWorkspace, ResidualBranches {
  struct Slots {
    var layout = ArenaLayout()
    /// (layers + 1, N, h): the residual stream before each layer and after the last.
    let x: LayerSlot
    /// (layers, N, h): the residual stream between attention and MLP.
    let middle: LayerSlot
    /// (layers + 1, N): 1/root mean square, of the input norms and the final one.
    let inputScale: LayerSlot
    let postScale: LayerSlot
    /// (layers, N, (H + 2G) d): after rotation, unless heads are normalised.
    let qkv: LayerSlot
    /// (N, (H + 2G) d): where heads are normalised, queries and keys after norm and rotation. Backward makes them again from qkv.
    let turned: ArenaSlot
    /// (layers, N, H d)
    let attended: LayerSlot
    /// (layers, batch, H, length)
    let lse: LayerSlot
    /// (layers, N, 2 I)
    let gateUp: LayerSlot
    /// (N, h): a norm's output; in backward its gradient, and that of the attended values.
    let normed: ArenaSlot
    /// (N, I)
    let inner: ArenaSlot
    /// (N, h): the gradient of the residual stream.
    let dx: ArenaSlot
    /// (N, h): the gradient of a branch, after its dropout.
    let dbranch: ArenaSlot
    /// (N, max(2 I, (H + 2G) d)): the gradient of gateUp or of qkv.
    let dwide: ArenaSlot
    /// bf16, where the kernels round what goes into products: (N, h) a norm's output and the gradient of the residual stream, (N, I),
    /// and the gradient of gateUp or of qkv.
    let roundedNormed, roundedDx, roundedInner, roundedWide: ArenaSlot
    let attentionScratch: ArenaSlot
    let normScratch: ArenaSlot
    /// (N): the first key of each position in layers whose window slides.
    let windowFirsts: ArenaSlot
  }

  static func slots(_ model: RotaryTransformer, _ plan: WorkspacePlan) -> Slots {
    let d = model.dimensions, n = plan.rows, training = plan.isTraining
    let queries = d.headCount * d.headSize, wide = queries + 2 * d.keyValueHeadCount * d.headSize
    let rounds = roundsOperands(model, plan)
    var layout = ArenaLayout()
    func rounded(_ count: Int) -> ArenaSlot { layout.reserve(UInt16.self, rounds ? count : 0) }
    func layered(_ count: Int, _ layers: Int, isExact: Bool = false, isResidual: Bool = false) -> LayerSlot {
      LayerSlot(&layout, floats: count, layers: layers, plan, isExact: isExact, isResidual: isResidual)
    }
    var slots = Slots(
      x: layered(n * d.hiddenSize, d.layerCount + 1, isResidual: true), middle: layered(n * d.hiddenSize, d.layerCount, isExact: true),
      inputScale: layered(n, d.layerCount + 1, isExact: true), postScale: layered(n, d.layerCount, isExact: true),
      qkv: layered(n * wide, d.layerCount),
      turned: layout.floats(model.blocks.normalisesHeads ? n * wide : 0),
      attended: layered(n * queries, d.layerCount), lse: layered(n * d.headCount, d.layerCount, isExact: true),
      gateUp: layered(n * 2 * d.intermediateSize, d.layerCount), normed: layout.floats(n * max(d.hiddenSize, queries)),
      inner: layout.floats(n * d.intermediateSize), dx: layout.floats(training ? n * d.hiddenSize : 0),
      dbranch: layout.floats(training && model.blocks.branchDropout > 0 ? n * d.hiddenSize : 0),
      dwide: layout.floats(training ? n * max(2 * d.intermediateSize, wide) : 0),
      roundedNormed: rounded(n * d.hiddenSize), roundedDx: rounded(n * d.hiddenSize), roundedInner: rounded(n * d.intermediateSize),
      roundedWide: rounded(n * max(2 * d.intermediateSize, wide)),
      attentionScratch: layout.floats(attentionScratch(model, plan)),
      normScratch: layout.floats(
        training ? max(RMSNorm.scratchCount(width: d.hiddenSize), HeadNorm.scratchCount(headSize: d.headSize)) : 0),
      windowFirsts: layout.reserve(Int32.self, model.blocks.window == nil ? 0 : n))
    slots.layout = layout
    return slots
  }

  /// Whether the kernels before a product round its operands for it, and backward finds them as forward rounded them: in training
  /// with products in bf16, but not beside what reads the same buffers in f32, as an adapter does that drops of its input.
  private static func roundsOperands(_ model: RotaryTransformer, _ plan: WorkspacePlan) -> Bool {
    plan.isTraining && plan.keeping == .rounded && (plan.adapter?.settings.dropout ?? 0) == 0 && model.blocks.experts == nil
      && !model.blocks.mlpBias
  }

  private static func attentionScratch(_ model: RotaryTransformer, _ plan: WorkspacePlan) -> Int {
    let (keys, headSize, products) = (plan.keys, model.dimensions.headSize, plan.products)
    guard let window = model.blocks.maskWindow else {
      return CausalAttention.scratchCount(keys: keys, headSize: headSize, products: products, on: plan.team)
    }
    return DynamicMaskAttention.scratchCount(keys: keys, headSize: headSize, window: window, products: products, on: plan.team)
  }

  static func byteCount(_ model: RotaryTransformer, _ plan: WorkspacePlan) -> Int {
    slots(model, plan).layout.byteCount
      + (plan.adapter.map { LoRABlock.byteCount($0, model.layout.projections, plan) } ?? 0)
      + (model.blocks.maskWindow == nil ? 0 : DynamicMaskBlock.byteCount(model.dimensions, plan))
      + (model.blocks.experts.map { ExpertBlock.byteCount($0, layers: model.dimensions.layerCount, plan) } ?? 0)
  }

  let model: RotaryTransformer
  let plan: WorkspacePlan
  let slots: Slots
  let arena: Arena
  /// What Doge has beyond Llama.
  let mask: DynamicMaskBlock?
  let experts: ExpertBlock?
  let adapter: LoRABlock?
  let roundsOperands: Bool
  private var rotary: RotaryCache

  init(_ model: RotaryTransformer, _ plan: WorkspacePlan) throws(ArenaError) {
    self.model = model
    self.plan = plan
    slots = Self.slots(model, plan)
    roundsOperands = Self.roundsOperands(model, plan)
    arena = try Arena(slots.layout)
    mask = try model.blocks.maskWindow.map { window throws(ArenaError) in try DynamicMaskBlock(model.dimensions, window: window, plan) }
    experts = try model.blocks.experts.map { shape throws(ArenaError) in
      try ExpertBlock(shape, layers: model.dimensions.layerCount, plan)
    }
    adapter = try plan.adapter.map { layout throws(ArenaError) in try LoRABlock(layout, model.layout.projections, plan) }
    rotary = RotaryCache(model.rotary, headSize: model.dimensions.headSize, length: min(plan.keys, 4096))
  }

  // Forward.

  package func forward(
    _ input: PassInput, parameters: PassParameters, cache: KeyValueCache?
  ) -> UnsafeMutablePointer<Float> {
    let d = model.dimensions, h = d.hiddenSize, n = input.rows, epsilon = Float(model.normEpsilon), team = plan.team
    let run = ProjectionPass(input, parameters, adapter: adapter, on: team), p = parameters.model
    let normed = arena.floats(slots.normed), table = rotary.table(for: input)
    slideWindow(input, past: cache?.length ?? 0)
    experts?.reset()
    Embedding.gather(slots.x.at(0, in: arena), table: p + model.embedding, indices: input.tokens, rows: n, width: h, on: team)
    for index in model.layers.indices {
      if roundsOperands {
        forwardRounded(layer: index, input, table, run)
      } else {
        forward(layer: index, input, table, run, cache)
      }
      for slot in kept { slot.keep(index, in: arena, on: team) }
    }
    RMSNorm.forward(
      normed, rstd: slots.inputScale.at(d.layerCount, in: arena), slots.x.at(d.layerCount, in: arena), adding: skipped(to: d.layerCount),
      weight: p + model.finalNorm, epsilon: epsilon, rows: n, width: h, on: team)
    return normed
  }

  /// What the norm before a layer adds to the branch of the layer before it: the residual stream that skipped that branch. Nil where it is
  /// added already.
  func skipped(to index: Int) -> UnsafePointer<Float>? {
    guard index > 0, model.layers[index - 1].gates == nil else { return nil }
    return UnsafePointer(slots.middle.at(index - 1, in: arena))
  }

  /// One layer, from x to the next x, which without gates wants what skipped its MLP added; `isAgain` where backward wants its
  /// activations once more.
  private func forward(
    layer index: Int, _ input: PassInput, _ table: RotaryTable, _ run: ProjectionPass, _ cache: KeyValueCache?, isAgain: Bool = false
  ) {
    let d = model.dimensions, h = d.hiddenSize, n = input.rows, epsilon = Float(model.normEpsilon), team = plan.team
    let normed = arena.floats(slots.normed), inner = arena.floats(slots.inner), layer = model.layers[index], p = run.parameters.model
    let x = slots.x.at(index, in: arena), middle = slots.middle.at(index, in: arena), next = slots.x.at(index + 1, in: arena)
    let qkv = slots.qkv.at(index, in: arena), gateUp = slots.gateUp.at(index, in: arena)
    RMSNorm.forward(
      normed, rstd: slots.inputScale.at(index, in: arena), x, adding: isAgain ? nil : skipped(to: index), weight: p + layer.inputNorm,
      epsilon: epsilon, rows: n, width: h, on: team)
    run.forward(layer.qkv, qkv, normed)
    attend(input, index, turn(qkv, layer, table, input, run), qkv, cache, run)
    run.forward(layer.output, middle, slots.attended.at(index, in: arena))
    dropout(model.blocks.branchDropout, input, Site.attentionOutput(index, of: d))?.apply(middle, middle, count: n * h, on: team)
    if let gates = layer.gates { ResidualGate.forward(middle, x, gate: p + gates.attention, rows: n, width: h, on: team) }
    RMSNorm.forward(
      normed, rstd: slots.postScale.at(index, in: arena), middle, adding: layer.gates == nil ? x : nil, weight: p + layer.postNorm,
      epsilon: epsilon, rows: n, width: h, on: team)
    run.forward(layer.gateUp, gateUp, normed)
    if isAgain { return }  // backward makes the rest itself
    SwiGLU.forward(inner, gateUp: gateUp, rows: n, width: d.intermediateSize, on: team)
    run.forward(layer.down, next, inner)
    if let parameters = layer.experts { experts?.forward(index, parameters, out: next, normed, run) }
    dropout(model.blocks.branchDropout, input, Site.mlpOutput(index, of: d))?.apply(next, next, count: n * h, on: team)
    if let gates = layer.gates { ResidualGate.forward(next, middle, gate: p + gates.mlp, rows: n, width: h, on: team) }
  }

  /// The buffers that a layer puts away rounded.
  private var kept: [LayerSlot] { roundsOperands ? [slots.qkv] : [slots.qkv, slots.attended, slots.gateUp] }

  /// Brings a layer's activations back for its backward pass.
  private func restore(_ index: Int, _ input: PassInput, _ table: RotaryTable, _ run: ProjectionPass) {
    switch plan.keeping {
    case .floats: break
    case .rounded: for slot in kept { slot.restore(index, in: arena, on: plan.team) }
    case .recomputed: forward(layer: index, input, table, run, nil, isAgain: true)
    }
  }

  package var auxiliaryLoss: Double { experts?.balanceLoss ?? 0 }

  // Backward: the same steps from the last to the first.

  package var hiddenGradient: UnsafeMutablePointer<Float> { arena.floats(slots.normed) }

  package func backward(_ input: PassInput, parameters: PassParameters, gradients: PassGradients) {
    let d = model.dimensions, h = d.hiddenSize, n = input.rows, team = plan.team
    let run = ProjectionPass(input, parameters, gradients: gradients, adapter: adapter, on: team)
    let dnormed = arena.floats(slots.normed), dinner = arena.floats(slots.inner), dx = arena.floats(slots.dx)
    let dwide = arena.floats(slots.dwide), table = rotary.table(for: input)
    Elementwise.clear(dx, count: n * h, on: team)
    normaliseBackward(dnormed, slots.x.at(d.layerCount, in: arena), slots.inputScale.at(d.layerCount, in: arena), model.finalNorm, run)
    for (index, layer) in model.layers.enumerated().reversed() {
      if roundsOperands {
        backwardRounded(layer: index, input, table, run)
        continue
      }
      restore(index, input, table, run)
      let dmlp = branch(dx, input, Site.mlpOutput(index, of: d)), middle = slots.middle.at(index, in: arena)
      run.backwardInput(layer.down, dinner, dmlp)
      SwiGLU.backward(
        dGateUp: dwide, dhThenH: dinner, gateUp: slots.gateUp.at(index, in: arena), rows: n, width: d.intermediateSize, on: team)
      run.backwardWeight(layer.down, dmlp, dinner)
      run.backwardInput(layer.gateUp, dnormed, dwide)
      if let parameters = layer.experts {
        experts?.backwardInput(index, parameters, dx: dnormed, dout: dmlp, balanceScale: input.auxiliaryScale, run)
      }
      gateBackward(dx, middle, layer.gates?.mlp, run)
      normaliseBackward(dnormed, middle, slots.postScale.at(index, in: arena), layer.postNorm, run)
      run.backwardWeight(layer.gateUp, dwide, dnormed)
      if let parameters = layer.experts { experts?.backwardWeight(index, parameters, dnormed, run) }

      let dattention = branch(dx, input, Site.attentionOutput(index, of: d)), x = slots.x.at(index, in: arena)
      run.backwardWeight(layer.output, dattention, slots.attended.at(index, in: arena))
      run.backwardInput(layer.output, dnormed, dattention)
      attendBackward(input, index, table, dattended: dnormed, dqkv: dwide, run)
      gateBackward(dx, x, layer.gates?.attention, run)
      run.backwardInput(layer.qkv, dnormed, dwide)
      normaliseBackward(dnormed, x, slots.inputScale.at(index, in: arena), layer.inputNorm, run)
      run.backwardWeight(layer.qkv, dwide, dnormed)
    }
    guard let dEmbedding = run.gradient(model.embedding) else { return }
    Embedding.scatterAdd(
      dTable: dEmbedding, dx, indices: input.tokens, ignoring: model.specialTokens.padding, rows: n, width: h, on: team)
  }

  /// The gradient of the residual stream plus that of a norm of it; `dy` holds the norm's output afterwards. Where operands are rounded
  /// by the kernels, that output is in `roundedNormed` instead, and the gradient in `roundedDx` too.
  func normaliseBackward(
    _ dy: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ scale: UnsafePointer<Float>, _ weight: Int, _ run: ProjectionPass
  ) {
    RMSNorm.backward(
      dx: arena.floats(slots.dx), dWeight: run.gradient(weight), dyThenY: dy, x, rstd: scale, weight: run.parameter(weight), rows: run.rows,
      width: model.dimensions.hiddenSize, scratch: arena.floats(slots.normScratch),
      rounded: roundsOperands ? RoundedResults(dx: rounded(slots.roundedDx), y: rounded(slots.roundedNormed)) : nil, on: plan.team)
  }

  /// The gradient of the residual stream through a skipped path with a factor; without one it passes unchanged.
  func gateBackward(_ dx: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ gate: Int?, _ run: ProjectionPass) {
    guard let gate else { return }
    ResidualGate.backward(
      dyThenDx: dx, dGate: run.gradient(gate), x, gate: run.parameter(gate), rows: run.rows, width: model.dimensions.hiddenSize,
      scratch: arena.floats(slots.normScratch), on: plan.team)
  }

  /// Dropout's sites: attention's of each layer, then the branches'.
  enum Site {
    static func attention(_ layer: Int) -> UInt32 { UInt32(layer) }
    static func attentionOutput(_ layer: Int, of d: ModelDimensions) -> UInt32 { UInt32(d.layerCount + 2 * layer) }
    static func mlpOutput(_ layer: Int, of d: ModelDimensions) -> UInt32 { UInt32(d.layerCount + 2 * layer + 1) }
  }
}

extension RotaryTransformerWorkspace {
  var residual: ResidualBuffers {
    ResidualBuffers(
      dbranch: slots.dbranch, roundedDx: slots.roundedDx, width: model.dimensions.hiddenSize, dropout: model.blocks.branchDropout)
  }
}
