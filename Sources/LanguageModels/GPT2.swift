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
