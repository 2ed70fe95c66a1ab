import Kernels

/// What the family of Llama has in common: RMSNorm before each branch, attention with rotary positions and grouped heads, a gated MLP.
/// What its members add to that is switched on by `blocks`; the parameters are laid out here, and `RotaryTransformerWorkspace` runs them.
package struct RotaryTransformer: Sendable {
  package let dimensions: ModelDimensions
  package let specialTokens: SpecialTokens
  package let rotary: RotaryConfiguration
  package let normEpsilon: Double
  package let initializerRange: Double
  package let attentionDropout: Double
  package let blocks: Blocks

  package let layout: ParameterLayout
  package let headWeight: Int
  let embedding: Int
  let layers: [Layer]
  let finalNorm: Int

  /// What an architecture's layers have beyond the common.
  package struct Blocks: Sendable, Equatable {
    package let layerCount: Int
    package let hiddenSize: Int
    /// Biases of queries, keys and values.
    package var inputBias = false
    /// The bias of attention's output.
    package var outputBias = false
    package var mlpBias = false
    /// Queries and keys go through an RMSNorm of a head's size before they are turned.
    package var normalisesHeads = false
    package var window: SlidingWindow?
    /// The skipped path of each branch is multiplied with a learned vector.
    package var gatesResiduals = false
    /// Of what a branch gives before it is added.
    package var branchDropout = 0.0
    /// Most keys that a query looks at under Doge's dynamic mask; nil where there is no such mask.
    package var maskWindow: Int?
    package var experts: ExpertShape?
  }

  /// Offsets of a layer's parameters.
  struct Layer: Sendable {
    let inputNorm: Int
    /// Queries, keys and values are one matrix: (heads + 2 keyValueHeads) · headSize outputs.
    let qkv: Projection
    let headNorms: HeadNorms?
    let output: Projection
    let postNorm: Int
    /// Gate and up are one matrix: 2 · intermediate outputs.
    let gateUp: Projection
    let down: Projection
    let gates: Gates?
    let mask: MaskParameters?
    let experts: ExpertParameters?
  }

  /// Offsets of the norms (headSize) of queries and keys.
  struct HeadNorms: Sendable {
    let query: Int
    let key: Int
  }

  /// Offsets of the vectors (hidden) that the skipped paths are multiplied with.
  struct Gates: Sendable {
    let attention: Int
    let mlp: Int
  }

  /// Of Doge's dynamic mask: the map of all values to a number a head of keys, and the factors (keyValueHeads) of these.
  struct MaskParameters: Sendable {
    let a: Int
    let dt: Projection
  }

  /// Of the mixture of experts: the router, and offsets of the experts' rows (experts, hidden).
  struct ExpertParameters: Sendable {
    let router: Projection
    let down: Int
    let up: Int
  }

  /// - configure: reads what the architecture adds.
  init(
    reading fields: ConfigurationFields, default standard: RotaryDefaults,
    _ configure: (ConfigurationFields, inout Blocks) throws(ModelError) -> Void
  ) throws(ModelError) {
    var dimensions = try ModelDimensions(reading: fields, default: standard)
    specialTokens = try SpecialTokens(reading: fields, default: standard.specialTokens, vocabularySize: dimensions.vocabularySize)
    rotary = try RotaryConfiguration(reading: fields, maximumPositions: dimensions.maximumPositions)
    normEpsilon = try fields.double("rms_norm_eps", default: 1e-6, in: 0...1)
    initializerRange = try fields.double("initializer_range", default: 0.02, in: 0...1)
    attentionDropout = try fields.dropout("attention_dropout", default: 0)
    var blocks = Blocks(layerCount: dimensions.layerCount, hiddenSize: dimensions.hiddenSize)
    try configure(fields, &blocks)
    self.blocks = blocks
    dimensions.maskHeadCount = blocks.maskWindow == nil ? 0 : dimensions.keyValueHeadCount
    self.dimensions = dimensions
    (layout, embedding, layers, finalNorm, headWeight) = Self.parameters(
      dimensions, blocks, padding: specialTokens.padding, deviation: initializerRange)
  }

  private static func parameters(
    _ d: ModelDimensions, _ blocks: Blocks, padding: Int?, deviation: Double
  ) -> (ParameterLayout, embedding: Int, [Layer], finalNorm: Int, headWeight: Int) {
    let normal = ParameterLayout.Initialization.normal(deviation: deviation)
    let h = d.hiddenSize, queries = d.headCount * d.headSize, keys = d.keyValueHeadCount * d.headSize, inner = d.intermediateSize
    var layout = ParameterLayout()
    let embedding = layout.add(
      "model.embed_tokens.weight", [d.vocabularySize, h], .normal(deviation: deviation, zeroRow: padding))

    func projection(_ prefix: String, _ parts: [(name: String, outputs: Int)], inputs: Int, bias: Bool) -> Projection {
      layout.addProjection(parts.map { ("\(prefix).\($0.name)", $0.outputs) }, inputs: inputs, bias: bias, initialization: normal)
    }

    func mask(_ attention: String) -> MaskParameters? {
      guard blocks.maskWindow != nil else { return nil }
      return MaskParameters(
        a: layout.add("\(attention).A", [d.keyValueHeadCount], .zeros),
        dt: projection(attention, [("dt_proj", d.keyValueHeadCount)], inputs: keys, bias: blocks.inputBias))
    }

    func experts(_ mlp: String) -> ExpertParameters? {
      guard let shape = blocks.experts else { return nil }
      return ExpertParameters(
        router: projection(mlp, [("router_gate", 2 * shape.mixture.keys)], inputs: h, bias: false),
        down: layout.add("\(mlp).down_embed.weight", [shape.count, h], normal),
        up: layout.add("\(mlp).up_embed.weight", [shape.count, h], normal))
    }

    let layers = (0..<d.layerCount).map { index in
      let name = "model.layers.\(index)", attention = "\(name).self_attn", mlp = "\(name).mlp"
      return Layer(
        inputNorm: layout.add("\(name).input_layernorm.weight", [h], .ones),
        qkv: projection(attention, [("q_proj", queries), ("k_proj", keys), ("v_proj", keys)], inputs: h, bias: blocks.inputBias),
        headNorms: blocks.normalisesHeads
          ? HeadNorms(
            query: layout.add("\(attention).q_norm.weight", [d.headSize], .ones),
            key: layout.add("\(attention).k_norm.weight", [d.headSize], .ones)) : nil,
        output: projection(attention, [("o_proj", h)], inputs: queries, bias: blocks.outputBias),
        postNorm: layout.add("\(name).post_attention_layernorm.weight", [h], .ones),
        gateUp: projection(mlp, [("gate_proj", inner), ("up_proj", inner)], inputs: h, bias: blocks.mlpBias),
        down: projection(mlp, [("down_proj", h)], inputs: inner, bias: blocks.mlpBias),
        gates: blocks.gatesResiduals
          ? Gates(
            attention: layout.add("\(name).input_residual", [h], .ones), mlp: layout.add("\(name).post_attention_residual", [h], .ones))
          : nil, mask: mask(attention), experts: experts(mlp))
    }
    let finalNorm = layout.add("model.norm.weight", [h], .ones)
    let head = d.tiesEmbeddings ? embedding : layout.add("lm_head.weight", [d.vocabularySize, h], normal)
    return (layout, embedding, layers, finalNorm, head)
  }
}
