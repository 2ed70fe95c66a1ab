// Llama: Touvron et al., arXiv 2302.13971 and 2307.09288; fields, names and order of operations as in transformers 5.23, models/llama.
// x += Wo Attention(RoPE(Wq n), RoPE(Wk n), Wv n) with n = RMSNorm(x); x += Wd (silu(Wg n) · Wu n) with n = RMSNorm(x); RMSNorm; head.

import Kernels
import StrictJSON

package struct Llama: Decoder {
  package static let className = "LlamaForCausalLM"

  package let dimensions: ModelDimensions
  package let specialTokens: SpecialTokens
  package let rotary: RotaryConfiguration
  package let normEpsilon: Double
  package let initializerRange: Double
  package let attentionBias: Bool
  package let mlpBias: Bool
  package let attentionDropout: Double

  package let layout: ParameterLayout
  package let headWeight: Int
  let embedding: Int
  let layers: [Layer]
  let finalNorm: Int

  /// Offsets of a layer's parameters.
  struct Layer: Sendable {
    let inputNorm: Int
    /// Queries, keys and values are one matrix: (heads + 2 keyValueHeads) · headSize outputs.
    let qkv: Linear
    let output: Linear
    let postNorm: Int
    /// Gate and up are one matrix: 2 · intermediate outputs.
    let gateUp: Linear
    let down: Linear
  }

  // The configuration.

  package init(reading fields: ConfigurationFields) throws(ModelError) {
    try fields.require("hidden_act", default: "silu", among: ["silu"])
    let hidden = try fields.int("hidden_size", default: 4096), heads = try fields.int("num_attention_heads", default: 32)
    guard hidden % heads == 0 else {
      throw fields.invalid("hidden_size is \(hidden), which is no multiple of num_attention_heads, \(heads).")
    }
    let keyValueHeads = try fields.int("num_key_value_heads", default: heads)
    guard heads % keyValueHeads == 0 else {
      throw fields.invalid("num_attention_heads is \(heads), which is no multiple of num_key_value_heads, \(keyValueHeads).")
    }
    let headSize = try fields.int("head_dim", default: hidden / heads)
    guard headSize % 2 == 0, headSize > 2 else {
      throw fields.invalid("The head size is \(headSize); rotary positions want an even number from 4 on.", hint: "Change head_dim.")
    }
    let vocabulary = try fields.int("vocab_size", default: 32_000, atMost: 1 << 24)
    dimensions = ModelDimensions(
      vocabularySize: vocabulary, hiddenSize: hidden, intermediateSize: try fields.int("intermediate_size", default: 11_008),
      layerCount: try fields.int("num_hidden_layers", default: 32, atMost: 4096), headCount: heads, keyValueHeadCount: keyValueHeads,
      headSize: headSize, maximumPositions: try fields.int("max_position_embeddings", default: 2048), positionsAreLearned: false,
      tiesEmbeddings: try fields.bool("tie_word_embeddings", default: false))
    specialTokens = try SpecialTokens(
      reading: fields, default: SpecialTokens(begin: 1, end: [2]), vocabularySize: vocabulary)
    rotary = try RotaryConfiguration(reading: fields, maximumPositions: dimensions.maximumPositions)
    normEpsilon = try fields.double("rms_norm_eps", default: 1e-6, in: 0...1)
    initializerRange = try fields.double("initializer_range", default: 0.02, in: 0...1)
    attentionBias = try fields.bool("attention_bias", default: false)
    mlpBias = try fields.bool("mlp_bias", default: false)
    attentionDropout = try fields.dropout("attention_dropout", default: 0)
    (layout, embedding, layers, finalNorm, headWeight) = Self.parameters(
      dimensions, padding: specialTokens.padding, deviation: initializerRange, attentionBias: attentionBias, mlpBias: mlpBias)
  }

  package var configurationMembers: [(String, JSONNode)] {
    let d = dimensions
    return [
      ("vocab_size", .number(d.vocabularySize)), ("hidden_size", .number(d.hiddenSize)),
      ("intermediate_size", .number(d.intermediateSize)), ("num_hidden_layers", .number(d.layerCount)),
      ("num_attention_heads", .number(d.headCount)), ("num_key_value_heads", .number(d.keyValueHeadCount)),
      ("head_dim", .number(d.headSize)), ("hidden_act", "silu"), ("max_position_embeddings", .number(d.maximumPositions)),
      ("rms_norm_eps", .number(normEpsilon)), ("initializer_range", .number(initializerRange)),
      ("attention_bias", .bool(attentionBias)), ("attention_dropout", .number(attentionDropout)), ("mlp_bias", .bool(mlpBias)),
      ("tie_word_embeddings", .bool(d.tiesEmbeddings)), ("pretraining_tp", 1), ("use_cache", true),
    ] + rotary.members + specialTokens.members
  }

  // The parameters.

  private static func parameters(
    _ d: ModelDimensions, padding: Int?, deviation: Double, attentionBias: Bool, mlpBias: Bool
  ) -> (ParameterLayout, embedding: Int, [Layer], finalNorm: Int, headWeight: Int) {
    let normal = ParameterLayout.Initialization.normal(deviation: deviation)
    let h = d.hiddenSize, queries = d.headCount * d.headSize, keys = d.keyValueHeadCount * d.headSize, inner = d.intermediateSize
    var layout = ParameterLayout()
    let embedding = layout.add(
      "model.embed_tokens.weight", [d.vocabularySize, h], .normal(deviation: deviation, zeroRow: padding))

    /// Projections of the same input, as one matrix.
    func linear(_ prefix: String, _ parts: [(name: String, outputs: Int)], inputs: Int, bias: Bool) -> Linear {
      let weight = layout.add(parts.map { ("\(prefix).\($0.name).weight", [$0.outputs, inputs], normal) })
      let biases = bias ? layout.add(parts.map { ("\(prefix).\($0.name).bias", [$0.outputs], .zeros) }) : nil
      let outputs = parts.reduce(0) { $0 + $1.outputs }
      return Linear(inputs: inputs, outputs: outputs, layout: .outputsByInputs, weight: weight, bias: biases)
    }

    let layers = (0..<d.layerCount).map { index in
      let name = "model.layers.\(index)"
      return Layer(
        inputNorm: layout.add("\(name).input_layernorm.weight", [h], .ones),
        qkv: linear(
          "\(name).self_attn", [("q_proj", queries), ("k_proj", keys), ("v_proj", keys)], inputs: h, bias: attentionBias),
        output: linear("\(name).self_attn", [("o_proj", h)], inputs: queries, bias: attentionBias),
        postNorm: layout.add("\(name).post_attention_layernorm.weight", [h], .ones),
        gateUp: linear("\(name).mlp", [("gate_proj", inner), ("up_proj", inner)], inputs: h, bias: mlpBias),
        down: linear("\(name).mlp", [("down_proj", h)], inputs: inner, bias: mlpBias))
    }
    let finalNorm = layout.add("model.norm.weight", [h], .ones)
    let head = d.tiesEmbeddings ? embedding : layout.add("lm_head.weight", [d.vocabularySize, h], normal)
    return (layout, embedding, layers, finalNorm, head)
  }

  /// Files of the bare LlamaModel have no "model." in front; old ones hold the rotary frequencies.
  package static func canonicalName(_ name: String) -> String? {
    if name.hasSuffix("rotary_emb.inv_freq") { return nil }
    return name.hasPrefix("model.") || name.hasPrefix("lm_head.") ? name : "model." + name
  }

  package func workspaceByteCount(_ plan: WorkspacePlan) -> Int { LlamaWorkspace.slots(self, plan).layout.byteCount }

  package func makeWorkspace(_ plan: WorkspacePlan) throws(ArenaError) -> any DecoderWorkspace { try LlamaWorkspace(self, plan) }
}

/// The buffers of Llama, N = rows, h = hidden, H and G = heads of queries and of keys, d = head size, I = intermediate.
package final class LlamaWorkspace: DecoderWorkspace {
  struct Slots {
    var layout = ArenaLayout()
    /// (layers + 1, N, h): the residual stream before each layer and after the last.
    let x: LayerSlot
    /// (layers, N, h): the residual stream between attention and MLP.
    let middle: LayerSlot
    /// (layers + 1, N): 1/root mean square, of the input norms and the final one.
    let inputScale: LayerSlot
    let postScale: LayerSlot
    /// (layers, N, (H + 2G) d), after rotation.
    let qkv: LayerSlot
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
    /// (N, max(2 I, (H + 2G) d)): the gradient of gateUp or of qkv.
    let dwide: ArenaSlot
    let attentionScratch: ArenaSlot
    let normScratch: ArenaSlot
  }

  static func slots(_ model: Llama, _ plan: WorkspacePlan) -> Slots {
    let d = model.dimensions, n = plan.rows, training = plan.isTraining
    let queries = d.headCount * d.headSize, wide = queries + 2 * d.keyValueHeadCount * d.headSize
    var layout = ArenaLayout()
    func layered(_ count: Int, _ layers: Int) -> LayerSlot {
      LayerSlot(&layout, floats: count, layers: layers, isTraining: training)
    }
    var slots = Slots(
      x: layered(n * d.hiddenSize, d.layerCount + 1), middle: layered(n * d.hiddenSize, d.layerCount),
      inputScale: layered(n, d.layerCount + 1), postScale: layered(n, d.layerCount), qkv: layered(n * wide, d.layerCount),
      attended: layered(n * queries, d.layerCount), lse: layered(n * d.headCount, d.layerCount),
      gateUp: layered(n * 2 * d.intermediateSize, d.layerCount), normed: layout.floats(n * max(d.hiddenSize, queries)),
      inner: layout.floats(n * d.intermediateSize), dx: layout.floats(training ? n * d.hiddenSize : 0),
      dwide: layout.floats(training ? n * max(2 * d.intermediateSize, wide) : 0),
      attentionScratch: layout.floats(CausalAttention.scratchCount(keys: plan.keys, on: plan.team)),
      normScratch: layout.floats(training ? RMSNorm.scratchCount(width: d.hiddenSize) : 0))
    slots.layout = layout
    return slots
  }

  private let model: Llama
  private let plan: WorkspacePlan
  private let slots: Slots
  private let arena: Arena
  private var rotary: RotaryCache

  init(_ model: Llama, _ plan: WorkspacePlan) throws(ArenaError) {
    self.model = model
    self.plan = plan
    slots = Self.slots(model, plan)
    arena = try Arena(slots.layout)
    rotary = RotaryCache(model.rotary, headSize: model.dimensions.headSize, length: min(plan.keys, 4096))
  }

  // Forward.

  package func forward(
    _ input: PassInput, parameters p: UnsafePointer<Float>, cache: KeyValueCache?
  ) -> UnsafeMutablePointer<Float> {
    let d = model.dimensions, h = d.hiddenSize, n = input.rows, epsilon = Float(model.normEpsilon), team = plan.team
    let normed = arena.floats(slots.normed), inner = arena.floats(slots.inner), table = rotary.table(for: input)
    Embedding.gather(slots.x.at(0, in: arena), table: p + model.embedding, indices: input.tokens, rows: n, width: h, on: team)
    for (index, layer) in model.layers.enumerated() {
      let x = slots.x.at(index, in: arena), middle = slots.middle.at(index, in: arena), next = slots.x.at(index + 1, in: arena)
      let qkv = slots.qkv.at(index, in: arena), attended = slots.attended.at(index, in: arena)
      let gateUp = slots.gateUp.at(index, in: arena)
      RMSNorm.forward(
        normed, rstd: slots.inputScale.at(index, in: arena), x, weight: p + layer.inputNorm, epsilon: epsilon, rows: n, width: h, on: team)
      layer.qkv.forward(qkv, normed, parameters: p, rows: n, on: team)
      table.forward(
        qkv, rowStride: layer.qkv.outputs, heads: d.headCount + d.keyValueHeadCount, positions: input.positions, rows: n, on: team)
      attend(input, index, cache)
      layer.output.forward(middle, attended, parameters: p, rows: n, on: team)
      RMSNorm.forward(
        normed, rstd: slots.postScale.at(index, in: arena), middle, adding: x, weight: p + layer.postNorm, epsilon: epsilon, rows: n,
        width: h, on: team)
      layer.gateUp.forward(gateUp, normed, parameters: p, rows: n, on: team)
      SwiGLU.forward(inner, gateUp: gateUp, rows: n, width: d.intermediateSize, on: team)
      layer.down.forward(next, inner, parameters: p, rows: n, on: team)
      Elementwise.add(next, next, middle, count: n * h, on: team)
    }
    RMSNorm.forward(
      normed, rstd: slots.inputScale.at(d.layerCount, in: arena), slots.x.at(d.layerCount, in: arena), weight: p + model.finalNorm,
      epsilon: epsilon, rows: n, width: h, on: team)
    return normed
  }

  private func attend(_ input: PassInput, _ layer: Int, _ cache: KeyValueCache?) {
    let (q, k, v) = heads(slots.qkv.at(layer, in: arena), input.length)
    cache?.append(k, v, layer: layer, length: input.length)
    CausalAttention.forward(
      rows(slots.attended.at(layer, in: arena), input.length), lse: slots.lse.at(layer, in: arena), q, cache?.keys(layer) ?? k,
      cache?.values(layer) ?? v, geometry(input, past: cache?.length ?? 0), first: input.firstKeys,
      dropout: dropout(input, layer), scratch: arena.floats(slots.attentionScratch), on: plan.team)
  }

  // Backward: the same steps from the last to the first.

  package var hiddenGradient: UnsafeMutablePointer<Float> { arena.floats(slots.normed) }

  package func backward(_ input: PassInput, parameters p: UnsafePointer<Float>, gradients g: UnsafeMutablePointer<Float>) {
    let d = model.dimensions, h = d.hiddenSize, n = input.rows, team = plan.team
    let dnormed = arena.floats(slots.normed), dinner = arena.floats(slots.inner), dx = arena.floats(slots.dx)
    let dwide = arena.floats(slots.dwide), normScratch = arena.floats(slots.normScratch), table = rotary.table(for: input)
    Elementwise.clear(dx, count: n * h, on: team)
    RMSNorm.backward(
      dx: dx, dWeight: g + model.finalNorm, dyThenY: dnormed, slots.x.at(d.layerCount, in: arena),
      rstd: slots.inputScale.at(d.layerCount, in: arena), weight: p + model.finalNorm, rows: n, width: h, scratch: normScratch, on: team)
    for (index, layer) in model.layers.enumerated().reversed() {
      layer.down.backwardInput(dinner, dx, parameters: p, rows: n, on: team)
      SwiGLU.backward(
        dGateUp: dwide, dhThenH: dinner, gateUp: slots.gateUp.at(index, in: arena), rows: n, width: d.intermediateSize, on: team)
      layer.down.backwardWeight(gradients: g, dx, dinner, rows: n, on: team)
      layer.gateUp.backwardInput(dnormed, dwide, parameters: p, rows: n, on: team)
      RMSNorm.backward(
        dx: dx, dWeight: g + layer.postNorm, dyThenY: dnormed, slots.middle.at(index, in: arena),
        rstd: slots.postScale.at(index, in: arena), weight: p + layer.postNorm, rows: n, width: h, scratch: normScratch, on: team)
      layer.gateUp.backwardWeight(gradients: g, dwide, dnormed, rows: n, on: team)

      layer.output.backwardWeight(gradients: g, dx, slots.attended.at(index, in: arena), rows: n, on: team)
      layer.output.backwardInput(dnormed, dx, parameters: p, rows: n, on: team)
      attendBackward(input, index, dattended: dnormed, dqkv: dwide)
      table.backward(
        dwide, rowStride: layer.qkv.outputs, heads: d.headCount + d.keyValueHeadCount, positions: input.positions, rows: n, on: team)
      layer.qkv.backwardInput(dnormed, dwide, parameters: p, rows: n, on: team)
      RMSNorm.backward(
        dx: dx, dWeight: g + layer.inputNorm, dyThenY: dnormed, slots.x.at(index, in: arena),
        rstd: slots.inputScale.at(index, in: arena), weight: p + layer.inputNorm, rows: n, width: h, scratch: normScratch, on: team)
      layer.qkv.backwardWeight(gradients: g, dwide, dnormed, rows: n, on: team)
    }
    Embedding.scatterAdd(
      dTable: g + model.embedding, dx, indices: input.tokens, ignoring: model.specialTokens.padding, rows: n, width: h, on: team)
  }

  private func attendBackward(
    _ input: PassInput, _ layer: Int, dattended: UnsafeMutablePointer<Float>, dqkv: UnsafeMutablePointer<Float>
  ) {
    let (q, k, v) = heads(slots.qkv.at(layer, in: arena), input.length), (dq, dk, dv) = heads(dqkv, input.length)
    CausalAttention.backward(
      dq: dq, dk: dk, dv: dv, dout: rows(dattended, input.length), out: rows(slots.attended.at(layer, in: arena), input.length),
      lse: slots.lse.at(layer, in: arena), q, k, v, geometry(input, past: 0), first: input.firstKeys, dropout: dropout(input, layer),
      scratch: arena.floats(slots.attentionScratch), on: plan.team)
  }

  // Where attention finds its operands.

  private func geometry(_ input: PassInput, past: Int) -> CausalAttention.Geometry {
    let d = model.dimensions
    return CausalAttention.Geometry(
      batch: input.batch, queries: input.length, keys: past + input.length, heads: d.headCount, keyValueHeads: d.keyValueHeadCount,
      headSize: d.headSize, scale: 1 / Float(d.headSize).squareRoot())
  }

  private func heads(
    _ qkv: UnsafeMutablePointer<Float>, _ length: Int
  ) -> (q: CausalAttention.Heads, k: CausalAttention.Heads, v: CausalAttention.Heads) {
    let d = model.dimensions, queries = d.headCount * d.headSize, keys = d.keyValueHeadCount * d.headSize
    let stride = queries + 2 * keys
    func part(_ offset: Int) -> CausalAttention.Heads {
      CausalAttention.Heads(qkv + offset, rowStride: stride, batchStride: length * stride)
    }
    return (part(0), part(queries), part(queries + keys))
  }

  private func rows(_ attended: UnsafeMutablePointer<Float>, _ length: Int) -> CausalAttention.Heads {
    let width = model.dimensions.headCount * model.dimensions.headSize
    return CausalAttention.Heads(attended, rowStride: width, batchStride: length * width)
  }

  private func dropout(_ input: PassInput, _ layer: Int) -> Dropout? {
    input.dropout.flatMap { Dropout(probability: model.attentionDropout, key: $0, site: UInt32(layer)) }
  }
}
