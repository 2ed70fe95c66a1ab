import Kernels

/// The buffers of GPT-2, N = rows, h = hidden, H = heads, I = intermediate.
package final class GPT2Workspace: DecoderWorkspace, ResidualBranches {
  struct Slots {
    var layout = ArenaLayout()
    /// (layers + 1, N, h): the residual stream before each layer and after the last.
    let x: LayerSlot
    /// (layers, N, h): the residual stream between attention and MLP.
    let middle: LayerSlot
    /// (layers + 1, N, 2): mean and 1/deviation, of the attention norms and the final one.
    let attentionStatistics: LayerSlot
    let mlpStatistics: LayerSlot
    /// (layers, N, 3 h)
    let qkv: LayerSlot
    /// (layers, N, h)
    let attended: LayerSlot
    /// (layers, batch, H, length)
    let lse: LayerSlot
    /// (layers, N, I): before the activation.
    let inner: LayerSlot
    /// (N, h): a norm's output; in backward its gradient, and that of the attended values.
    let normed: ArenaSlot
    /// (N, I)
    let activated: ArenaSlot
    /// (N, h): the gradient of the residual stream.
    let dx: ArenaSlot
    /// (N, h): the gradient of a branch, after its dropout.
    let dbranch: ArenaSlot
    /// (N, max(I, 3 h)): the gradient of inner or of qkv.
    let dwide: ArenaSlot
    /// bf16, where the kernels round what goes into products: (N, h) a norm's output and the gradient of the residual stream, (N, I), and
    /// the gradient of inner or of qkv.
    let roundedNormed, roundedDx, roundedActivated, roundedWide: ArenaSlot
    let attentionScratch: ArenaSlot
    let normScratch: ArenaSlot
  }

  static func slots(_ model: GPT2, _ plan: WorkspacePlan) -> Slots {
    let d = model.dimensions, h = d.hiddenSize, n = plan.rows, training = plan.isTraining, wide = max(d.intermediateSize, 3 * h)
    let rounds = roundsOperands(plan)
    var layout = ArenaLayout()
    func rounded(_ count: Int) -> ArenaSlot { layout.reserve(UInt16.self, rounds ? count : 0) }
    func layered(_ count: Int, _ layers: Int, isExact: Bool = false, isResidual: Bool = false) -> LayerSlot {
      LayerSlot(&layout, floats: count, layers: layers, plan, isExact: isExact, isResidual: isResidual)
    }
    var slots = Slots(
      x: layered(n * h, d.layerCount + 1, isResidual: true), middle: layered(n * h, d.layerCount, isExact: true),
      attentionStatistics: layered(2 * n, d.layerCount + 1, isExact: true),
      mlpStatistics: layered(2 * n, d.layerCount, isExact: true), qkv: layered(n * 3 * h, d.layerCount),
      attended: layered(n * h, d.layerCount),
      lse: layered(n * d.headCount, d.layerCount, isExact: true),
      inner: layered(n * d.intermediateSize, d.layerCount), normed: layout.floats(n * h),
      activated: layout.floats(n * d.intermediateSize), dx: layout.floats(training ? n * h : 0),
      dbranch: layout.floats(training && model.residualDropout > 0 ? n * h : 0),
      dwide: layout.floats(training ? n * wide : 0), roundedNormed: rounded(n * h), roundedDx: rounded(n * h),
      roundedActivated: rounded(n * d.intermediateSize), roundedWide: rounded(n * wide),
      attentionScratch: layout.floats(
        CausalAttention.scratchCount(keys: plan.keys, headSize: d.headSize, products: plan.products, on: plan.team)),
      normScratch: layout.floats(training ? max(LayerNorm.scratchCount(width: h), rounds ? Bias.scratchCount(width: wide) : 0) : 0))
    slots.layout = layout
    return slots
  }

  /// Whether the kernels before a product round its operands for it, and backward finds them as forward rounded them: in training
  /// with products in bf16, but not beside an adapter that drops of its input, which reads the same buffers in f32.
  private static func roundsOperands(_ plan: WorkspacePlan) -> Bool {
    plan.isTraining && plan.keeping == .rounded && (plan.adapter?.settings.dropout ?? 0) == 0
  }

  let model: GPT2
  let plan: WorkspacePlan
  let slots: Slots
  let arena: Arena
  private let adapter: LoRABlock?
  private let roundsOperands: Bool

  init(_ model: GPT2, _ plan: WorkspacePlan) throws(ArenaError) {
    self.model = model
    self.plan = plan
    slots = Self.slots(model, plan)
    roundsOperands = Self.roundsOperands(plan)
    arena = try Arena(slots.layout)
    adapter = try plan.adapter.map { layout throws(ArenaError) in try LoRABlock(layout, model.layout.projections, plan) }
  }

  // Forward.

  package func forward(
    _ input: PassInput, parameters: PassParameters, cache: KeyValueCache?
  ) -> UnsafeMutablePointer<Float> {
    let d = model.dimensions, h = d.hiddenSize, n = input.rows, team = plan.team
    let run = ProjectionPass(input, parameters, adapter: adapter, on: team), p = parameters.model
    let normed = arena.floats(slots.normed), first = slots.x.at(0, in: arena)
    Embedding.gather(first, table: p + model.tokenEmbedding, indices: input.tokens, rows: n, width: h, on: team)
    Embedding.gather(normed, table: p + model.positionEmbedding, indices: input.positions, rows: n, width: h, on: team)
    Elementwise.accumulate(first, normed, count: n * h, on: team)
    dropout(model.embeddingDropout, input, Site.embedding)?.apply(first, first, count: n * h, on: team)
    for index in model.layers.indices {
      if roundsOperands {
        forwardRounded(layer: index, input, run)
      } else {
        forward(layer: index, input, run, cache)
      }
      for slot in kept { slot.keep(index, in: arena, on: team) }
    }
    normalise(
      normed, slots.attentionStatistics.at(d.layerCount, in: arena), slots.x.at(d.layerCount, in: arena),
      adding: roundsOperands ? skipped(to: d.layerCount) : nil, model.finalNorm, p, n)
    return normed
  }

  /// One layer, from x to the next x; `isAgain` where backward wants its activations once more.
  private func forward(layer index: Int, _ input: PassInput, _ run: ProjectionPass, _ cache: KeyValueCache?, isAgain: Bool = false) {
    let d = model.dimensions, h = d.hiddenSize, n = input.rows, team = plan.team, layer = model.layers[index], p = run.parameters.model
    let normed = arena.floats(slots.normed), activated = arena.floats(slots.activated)
    let x = slots.x.at(index, in: arena), middle = slots.middle.at(index, in: arena), next = slots.x.at(index + 1, in: arena)
    let inner = slots.inner.at(index, in: arena)
    normalise(normed, slots.attentionStatistics.at(index, in: arena), x, layer.attentionNorm, p, n)
    run.forward(layer.qkv, slots.qkv.at(index, in: arena), normed)
    attend(input, index, cache)
    run.forward(layer.attentionOutput, middle, slots.attended.at(index, in: arena))
    dropout(model.residualDropout, input, Site.attentionOutput(index))?.apply(middle, middle, count: n * h, on: team)
    normalise(normed, slots.mlpStatistics.at(index, in: arena), middle, adding: x, layer.mlpNorm, p, n)
    run.forward(layer.up, inner, normed)
    if isAgain { return }  // backward makes the rest itself
    GELU.forward(activated, inner, count: n * d.intermediateSize, on: team)
    run.forward(layer.down, next, activated)
    dropout(model.residualDropout, input, Site.mlpOutput(index))?.apply(next, next, count: n * h, on: team)
    Elementwise.accumulate(next, middle, count: n * h, on: team)
  }

  /// The buffers that a layer puts away rounded.
  private var kept: [LayerSlot] { roundsOperands ? [slots.qkv] : [slots.qkv, slots.attended, slots.inner] }

  /// Brings a layer's activations back for its backward pass.
  private func restore(_ index: Int, _ input: PassInput, _ run: ProjectionPass) {
    switch plan.keeping {
    case .floats: break
    case .rounded: for slot in kept { slot.restore(index, in: arena, on: plan.team) }
    case .recomputed: forward(layer: index, input, run, nil, isAgain: true)
    }
  }

  func normalise(
    _ y: UnsafeMutablePointer<Float>, rounded: UnsafeMutablePointer<UInt16>? = nil, _ statistics: UnsafeMutablePointer<Float>,
    _ x: UnsafeMutablePointer<Float>, adding residual: UnsafePointer<Float>? = nil, _ norm: GPT2.Norm, _ p: Weights, _ rows: Int
  ) {
    LayerNorm.forward(
      y, rounded: rounded, statistics: statistics, x, adding: residual, weight: p + norm.weight, bias: p + norm.bias,
      epsilon: Float(model.normEpsilon),
      rows: rows, width: model.dimensions.hiddenSize, on: plan.team)
  }

  func attend(_ input: PassInput, _ layer: Int, _ cache: KeyValueCache?) {
    let (q, k, v) = heads(slots.qkv.at(layer, in: arena), input.length)
    cache?.append(k, v, layer: layer, length: input.length)
    CausalAttention.forward(
      rows(slots.attended.at(layer, in: arena), input.length), lse: slots.lse.at(layer, in: arena), q, cache?.keys(layer) ?? k,
      cache?.values(layer) ?? v, geometry(input, layer, past: cache?.length ?? 0), first: input.firstKeys,
      dropout: dropout(model.attentionDropout, input, Site.attention(layer)), products: plan.products,
      scratch: arena.floats(slots.attentionScratch), on: plan.team)
  }

  // Backward: the same steps from the last to the first.

  package var hiddenGradient: UnsafeMutablePointer<Float> { arena.floats(slots.normed) }

  package func backward(_ input: PassInput, parameters: PassParameters, gradients: PassGradients) {
    let d = model.dimensions, h = d.hiddenSize, n = input.rows, team = plan.team
    let run = ProjectionPass(input, parameters, gradients: gradients, adapter: adapter, on: team)
    let dnormed = arena.floats(slots.normed), dactivated = arena.floats(slots.activated), dx = arena.floats(slots.dx)
    let dwide = arena.floats(slots.dwide)
    Elementwise.clear(dx, count: n * h, on: team)
    normaliseBackward(
      dnormed, slots.x.at(d.layerCount, in: arena), slots.attentionStatistics.at(d.layerCount, in: arena), model.finalNorm, run)
    for (index, layer) in model.layers.enumerated().reversed() {
      if roundsOperands {
        backwardRounded(layer: index, input, run)
        continue
      }
      restore(index, input, run)
      let dmlp = branch(dx, input, Site.mlpOutput(index))
      run.backwardInput(layer.down, dactivated, dmlp)
      GELU.backward(
        dx: dwide, dyThenY: dactivated, slots.inner.at(index, in: arena), count: n * d.intermediateSize, on: team)
      run.backwardWeight(layer.down, dmlp, dactivated)
      run.backwardInput(layer.up, dnormed, dwide)
      normaliseBackward(dnormed, slots.middle.at(index, in: arena), slots.mlpStatistics.at(index, in: arena), layer.mlpNorm, run)
      run.backwardWeight(layer.up, dwide, dnormed)

      let dattention = branch(dx, input, Site.attentionOutput(index))
      run.backwardWeight(layer.attentionOutput, dattention, slots.attended.at(index, in: arena))
      run.backwardInput(layer.attentionOutput, dnormed, dattention)
      attendBackward(input, index, dattended: dnormed, dqkv: dwide)
      run.backwardInput(layer.qkv, dnormed, dwide)
      normaliseBackward(
        dnormed, slots.x.at(index, in: arena), slots.attentionStatistics.at(index, in: arena), layer.attentionNorm, run)
      run.backwardWeight(layer.qkv, dwide, dnormed)
    }
    guard let dTokens = run.gradient(model.tokenEmbedding), let dPositions = run.gradient(model.positionEmbedding) else { return }
    dropout(model.embeddingDropout, input, Site.embedding)?.apply(dx, dx, count: n * h, on: team)
    Embedding.scatterAdd(dTable: dTokens, dx, indices: input.tokens, rows: n, width: h, on: team)
    Embedding.scatterAdd(dTable: dPositions, dx, indices: input.positions, rows: n, width: h, on: team)
  }

  /// The gradient of the residual stream plus that of a norm of it; `dy` holds the norm's output afterwards. Where operands are rounded
  /// by the kernels, that output is in `roundedNormed` instead, and the gradient in `roundedDx` too.
  func normaliseBackward(
    _ dy: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ statistics: UnsafePointer<Float>, _ norm: GPT2.Norm,
    _ run: ProjectionPass
  ) {
    LayerNorm.backward(
      dx: arena.floats(slots.dx), dWeight: run.gradient(norm.weight), dBias: run.gradient(norm.bias), dyThenY: dy, x,
      statistics: statistics, weight: run.parameter(norm.weight), bias: run.parameter(norm.bias), rows: run.rows,
      width: model.dimensions.hiddenSize, scratch: arena.floats(slots.normScratch),
      rounded: roundsOperands ? RoundedResults(dx: rounded(slots.roundedDx), y: rounded(slots.roundedNormed)) : nil, on: plan.team)
  }

  func attendBackward(
    _ input: PassInput, _ layer: Int, dattended: UnsafeMutablePointer<Float>, dqkv: UnsafeMutablePointer<Float>
  ) {
    let (q, k, v) = heads(slots.qkv.at(layer, in: arena), input.length), (dq, dk, dv) = heads(dqkv, input.length)
    CausalAttention.backward(
      dq: dq, dk: dk, dv: dv, dout: rows(dattended, input.length), out: rows(slots.attended.at(layer, in: arena), input.length),
      lse: slots.lse.at(layer, in: arena), q, k, v, geometry(input, layer, past: 0), first: input.firstKeys,
      dropout: dropout(model.attentionDropout, input, Site.attention(layer)), products: plan.products,
      scratch: arena.floats(slots.attentionScratch), on: plan.team)
  }

  // Where attention finds its operands, and dropout its decisions.

  private func geometry(_ input: PassInput, _ layer: Int, past: Int) -> CausalAttention.Geometry {
    let d = model.dimensions
    let scale = (model.scalesAttention ? 1 / Float(d.headSize).squareRoot() : 1) / (model.scalesAttentionByLayer ? Float(layer + 1) : 1)
    return CausalAttention.Geometry(
      batch: input.batch, queries: input.length, keys: past + input.length, heads: d.headCount, keyValueHeads: d.headCount,
      headSize: d.headSize, scale: scale)
  }

  private func heads(
    _ qkv: UnsafeMutablePointer<Float>, _ length: Int
  ) -> (q: CausalAttention.Heads, k: CausalAttention.Heads, v: CausalAttention.Heads) {
    let h = model.dimensions.hiddenSize
    func part(_ number: Int) -> CausalAttention.Heads {
      CausalAttention.Heads(qkv + number * h, rowStride: 3 * h, batchStride: length * 3 * h)
    }
    return (part(0), part(1), part(2))
  }

  private func rows(_ attended: UnsafeMutablePointer<Float>, _ length: Int) -> CausalAttention.Heads {
    let h = model.dimensions.hiddenSize
    return CausalAttention.Heads(attended, rowStride: h, batchStride: length * h)
  }

  enum Site {
    static let embedding: UInt32 = 0
    static func attention(_ layer: Int) -> UInt32 { UInt32(3 * layer + 1) }
    static func attentionOutput(_ layer: Int) -> UInt32 { UInt32(3 * layer + 2) }
    static func mlpOutput(_ layer: Int) -> UInt32 { UInt32(3 * layer + 3) }
  }
}

extension GPT2Workspace {
  var residual: ResidualBuffers {
    ResidualBuffers(
      dbranch: slots.dbranch, roundedDx: slots.roundedDx, width: model.dimensions.hiddenSize, dropout: model.residualDropout)
  }
}
