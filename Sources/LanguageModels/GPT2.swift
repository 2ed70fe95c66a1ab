// GPT-2: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"; fields, names and order of operations as in
// transformers 5.23, models/gpt2. x = dropout(wte[token] + wpe[position]); x += dropout(c_proj Attention(c_attn n)) with n = LayerNorm(x);
// x += dropout(c_proj gelu(c_fc n)) with n = LayerNorm(x); LayerNorm; head. Weights of projections are Conv1D: stored (inputs, outputs).

import Kernels
import StrictJSON

package struct GPT2: Decoder {
  package static let className = "GPT2LMHeadModel"

  package let dimensions: ModelDimensions
  package let specialTokens: SpecialTokens
  package let normEpsilon: Double
  package let initializerRange: Double
  package let activation: String
  package let embeddingDropout: Double
  package let residualDropout: Double
  package let attentionDropout: Double
  package let scalesAttention: Bool
  package let scalesAttentionByLayer: Bool

  package let layout: ParameterLayout
  package let headWeight: Int
  let tokenEmbedding: Int
  let positionEmbedding: Int
  let layers: [Layer]
  let finalNorm: Norm

  /// Offsets of a layer norm's parameters.
  struct Norm: Sendable {
    let weight: Int
    let bias: Int
  }

  struct Layer: Sendable {
    let attentionNorm: Norm
    /// Queries, keys and values side by side: 3 · hidden outputs.
    let qkv: Projection
    let attentionOutput: Projection
    let mlpNorm: Norm
    let up: Projection
    let down: Projection
  }

  // The configuration.

  package init(reading fields: ConfigurationFields) throws(ModelError) {
    // "gelu_pytorch_tanh" is the same formula under another name.
    try fields.require("activation_function", default: "gelu_new", among: ["gelu_new", "gelu_pytorch_tanh"])
    if try fields.bool("add_cross_attention", default: false) {
      throw fields.invalid("add_cross_attention is true: this is half of an encoder-decoder model, which is not supported.")
    }
    let hidden = try fields.int("n_embd", default: 768), heads = try fields.int("n_head", default: 12)
    guard hidden % heads == 0 else { throw fields.invalid("n_embd is \(hidden), which is no multiple of n_head, \(heads).") }
    let vocabulary = try fields.int("vocab_size", default: 50_257, atMost: 1 << 24)
    dimensions = ModelDimensions(
      vocabularySize: vocabulary, hiddenSize: hidden, intermediateSize: try fields.int("n_inner", default: 4 * hidden),
      layerCount: try fields.int("n_layer", default: 12, atMost: 4096), headCount: heads, keyValueHeadCount: heads,
      headSize: hidden / heads, maximumPositions: try fields.int("n_positions", default: 1024), positionsAreLearned: true,
      tiesEmbeddings: try fields.bool("tie_word_embeddings", default: true))
    specialTokens = try SpecialTokens(
      reading: fields, default: SpecialTokens(begin: 50_256, end: [50_256]), vocabularySize: vocabulary)
    normEpsilon = try fields.double("layer_norm_epsilon", default: 1e-5, in: 0...1)
    initializerRange = try fields.double("initializer_range", default: 0.02, in: 0...1)
    activation = try fields.string("activation_function", default: "gelu_new")
    embeddingDropout = try fields.dropout("embd_pdrop", default: 0.1)
    residualDropout = try fields.dropout("resid_pdrop", default: 0.1)
    attentionDropout = try fields.dropout("attn_pdrop", default: 0.1)
    scalesAttention = try fields.bool("scale_attn_weights", default: true)
    scalesAttentionByLayer = try fields.bool("scale_attn_by_inverse_layer_idx", default: false)
    (layout, tokenEmbedding, positionEmbedding, layers, finalNorm, headWeight) = Self.parameters(dimensions, deviation: initializerRange)
  }

  package var configurationMembers: [(String, JSONNode)] {
    let d = dimensions
    return [
      ("vocab_size", .number(d.vocabularySize)), ("n_embd", .number(d.hiddenSize)), ("n_inner", .number(d.intermediateSize)),
      ("n_layer", .number(d.layerCount)), ("n_head", .number(d.headCount)), ("n_positions", .number(d.maximumPositions)),
      ("activation_function", .string(activation)), ("layer_norm_epsilon", .number(normEpsilon)),
      ("initializer_range", .number(initializerRange)), ("embd_pdrop", .number(embeddingDropout)),
      ("resid_pdrop", .number(residualDropout)), ("attn_pdrop", .number(attentionDropout)),
      ("scale_attn_weights", .bool(scalesAttention)), ("scale_attn_by_inverse_layer_idx", .bool(scalesAttentionByLayer)),
      ("reorder_and_upcast_attn", false), ("add_cross_attention", false), ("tie_word_embeddings", .bool(d.tiesEmbeddings)),
      ("use_cache", true),
    ] + specialTokens.members
  }

  // The parameters.

  private static func parameters(
    _ d: ModelDimensions, deviation: Double
  ) -> (ParameterLayout, tokenEmbedding: Int, positionEmbedding: Int, [Layer], finalNorm: Norm, headWeight: Int) {
    let h = d.hiddenSize, inner = d.intermediateSize, normal = ParameterLayout.Initialization.normal(deviation: deviation)
    // The residual stream sums 2 · layers branches; their last projections start smaller by its root.
    let scaled = ParameterLayout.Initialization.normal(deviation: deviation / (2 * Double(d.layerCount)).squareRoot())
    var layout = ParameterLayout()
    func norm(_ name: String) -> Norm {
      Norm(weight: layout.add("\(name).weight", [h], .ones), bias: layout.add("\(name).bias", [h], .zeros))
    }
    func linear(_ name: String, _ inputs: Int, _ outputs: Int, _ initialization: ParameterLayout.Initialization) -> Projection {
      layout.addProjection(
        [(name, outputs)], inputs: inputs, bias: true, layout: .inputsByOutputs, initialization: initialization)
    }
    let tokens = layout.add("transformer.wte.weight", [d.vocabularySize, h], normal)
    let positions = layout.add("transformer.wpe.weight", [d.maximumPositions, h], normal)
    let layers = (0..<d.layerCount).map { index in
      let name = "transformer.h.\(index)"
      return Layer(
        attentionNorm: norm("\(name).ln_1"), qkv: linear("\(name).attn.c_attn", h, 3 * h, normal),
        attentionOutput: linear("\(name).attn.c_proj", h, h, scaled), mlpNorm: norm("\(name).ln_2"),
        up: linear("\(name).mlp.c_fc", h, inner, normal), down: linear("\(name).mlp.c_proj", inner, h, scaled))
    }
    let finalNorm = norm("transformer.ln_f")
    let head = d.tiesEmbeddings ? tokens : layout.add("lm_head.weight", [d.vocabularySize, h], normal)
    return (layout, tokens, positions, layers, finalNorm, head)
  }

  /// Files of OpenAI's release have no "transformer." in front and hold the causal mask as `attn.bias` and `attn.masked_bias`.
  package static func canonicalName(_ name: String) -> String? {
    if name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias") { return nil }
    return name.hasPrefix("transformer.") || name.hasPrefix("lm_head.") ? name : "transformer." + name
  }

  package func workspaceByteCount(_ plan: WorkspacePlan) -> Int {
    GPT2Workspace.slots(self, plan).layout.byteCount + (plan.adapter.map { LoRABlock.byteCount($0, layout.projections, plan) } ?? 0)
  }

  package func makeWorkspace(_ plan: WorkspacePlan) throws(ArenaError) -> any DecoderWorkspace { try GPT2Workspace(self, plan) }
}

/// The buffers of GPT-2, N = rows, h = hidden, H = heads, I = intermediate.
package final class GPT2Workspace: DecoderWorkspace {
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
    let attentionScratch: ArenaSlot
    let normScratch: ArenaSlot
  }

  static func slots(_ model: GPT2, _ plan: WorkspacePlan) -> Slots {
    let d = model.dimensions, h = d.hiddenSize, n = plan.rows, training = plan.isTraining
    var layout = ArenaLayout()
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
      dwide: layout.floats(training ? n * max(d.intermediateSize, 3 * h) : 0),
      attentionScratch: layout.floats(CausalAttention.scratchCount(keys: plan.keys, on: plan.team)),
      normScratch: layout.floats(training ? LayerNorm.scratchCount(width: h) : 0))
    slots.layout = layout
    return slots
  }

  private let model: GPT2
  private let plan: WorkspacePlan
  private let slots: Slots
  private let arena: Arena
  private let adapter: LoRABlock?

  init(_ model: GPT2, _ plan: WorkspacePlan) throws(ArenaError) {
    self.model = model
    self.plan = plan
    slots = Self.slots(model, plan)
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
      forward(layer: index, input, run, cache)
      for slot in kept { slot.keep(index, in: arena, on: team) }
    }
    normalise(
      normed, slots.attentionStatistics.at(d.layerCount, in: arena), slots.x.at(d.layerCount, in: arena), model.finalNorm, p, n)
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
  private var kept: [LayerSlot] { [slots.qkv, slots.attended, slots.inner] }

  /// Brings a layer's activations back for its backward pass.
  private func restore(_ index: Int, _ input: PassInput, _ run: ProjectionPass) {
    switch plan.keeping {
    case .floats: break
    case .rounded: for slot in kept { slot.restore(index, in: arena, on: plan.team) }
    case .recomputed: forward(layer: index, input, run, nil, isAgain: true)
    }
  }

  private func normalise(
    _ y: UnsafeMutablePointer<Float>, _ statistics: UnsafeMutablePointer<Float>, _ x: UnsafeMutablePointer<Float>,
    adding residual: UnsafePointer<Float>? = nil, _ norm: GPT2.Norm, _ p: Weights, _ rows: Int
  ) {
    LayerNorm.forward(
      y, statistics: statistics, x, adding: residual, weight: p + norm.weight, bias: p + norm.bias, epsilon: Float(model.normEpsilon),
      rows: rows, width: model.dimensions.hiddenSize, on: plan.team)
  }

  private func attend(_ input: PassInput, _ layer: Int, _ cache: KeyValueCache?) {
    let (q, k, v) = heads(slots.qkv.at(layer, in: arena), input.length)
    cache?.append(k, v, layer: layer, length: input.length)
    CausalAttention.forward(
      rows(slots.attended.at(layer, in: arena), input.length), lse: slots.lse.at(layer, in: arena), q, cache?.keys(layer) ?? k,
      cache?.values(layer) ?? v, geometry(input, layer, past: cache?.length ?? 0), first: input.firstKeys,
      dropout: dropout(model.attentionDropout, input, Site.attention(layer)), scratch: arena.floats(slots.attentionScratch),
      on: plan.team)
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

  /// The gradient of the residual stream plus that of a norm of it; `dy` holds the norm's output afterwards.
  private func normaliseBackward(
    _ dy: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ statistics: UnsafePointer<Float>, _ norm: GPT2.Norm,
    _ run: ProjectionPass
  ) {
    LayerNorm.backward(
      dx: arena.floats(slots.dx), dWeight: run.gradient(norm.weight), dBias: run.gradient(norm.bias), dyThenY: dy, x,
      statistics: statistics, weight: run.parameter(norm.weight), bias: run.parameter(norm.bias), rows: run.rows,
      width: model.dimensions.hiddenSize,
      scratch: arena.floats(slots.normScratch), on: plan.team)
  }

  /// The gradient that goes into a branch: dx behind the branch's dropout.
  private func branch(_ dx: UnsafeMutablePointer<Float>, _ input: PassInput, _ site: UInt32) -> UnsafeMutablePointer<Float> {
    guard let dropout = dropout(model.residualDropout, input, site) else { return dx }
    let dbranch = arena.floats(slots.dbranch)
    dropout.apply(dbranch, dx, count: input.rows * model.dimensions.hiddenSize, on: plan.team)
    return dbranch
  }

  private func attendBackward(
    _ input: PassInput, _ layer: Int, dattended: UnsafeMutablePointer<Float>, dqkv: UnsafeMutablePointer<Float>
  ) {
    let (q, k, v) = heads(slots.qkv.at(layer, in: arena), input.length), (dq, dk, dv) = heads(dqkv, input.length)
    CausalAttention.backward(
      dq: dq, dk: dk, dv: dv, dout: rows(dattended, input.length), out: rows(slots.attended.at(layer, in: arena), input.length),
      lse: slots.lse.at(layer, in: arena), q, k, v, geometry(input, layer, past: 0), first: input.firstKeys,
      dropout: dropout(model.attentionDropout, input, Site.attention(layer)), scratch: arena.floats(slots.attentionScratch),
      on: plan.team)
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

  private enum Site {
    static let embedding: UInt32 = 0
    static func attention(_ layer: Int) -> UInt32 { UInt32(3 * layer + 1) }
    static func attentionOutput(_ layer: Int) -> UInt32 { UInt32(3 * layer + 2) }
    static func mlpOutput(_ layer: Int) -> UInt32 { UInt32(3 * layer + 3) }
  }

  private func dropout(_ probability: Double, _ input: PassInput, _ site: UInt32) -> Dropout? {
    input.dropout.flatMap { Dropout(probability: probability, key: $0, site: site) }
  }
}
