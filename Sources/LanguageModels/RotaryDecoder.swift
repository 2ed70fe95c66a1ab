import Kernels
import StrictJSON

/// An architecture of the family of Llama: its file says what its config.json means, `RotaryTransformer` does the rest.
package protocol RotaryDecoder: Decoder {
  var core: RotaryTransformer { get }
}

extension RotaryDecoder {
  /// A router of experts, and their balance, look at all tokens of a micro-batch together.
  package var sequencesAreIndependent: Bool { core.blocks.experts == nil }
  package var dimensions: ModelDimensions { core.dimensions }
  package var specialTokens: SpecialTokens { core.specialTokens }
  package var layout: ParameterLayout { core.layout }
  package var headWeight: Int { core.headWeight }
  package var rotary: RotaryConfiguration { core.rotary }

  /// Files of the bare model have no "model." in front; old ones hold the rotary frequencies.
  package static func canonicalName(_ name: String) -> String? {
    if name.hasSuffix("rotary_emb.inv_freq") { return nil }
    return name.hasPrefix("model.") || name.hasPrefix("lm_head.") ? name : "model." + name
  }

  package func workspaceByteCount(_ plan: WorkspacePlan) -> Int { RotaryTransformerWorkspace.byteCount(core, plan) }

  package func makeWorkspace(_ plan: WorkspacePlan) throws(ArenaError) -> any DecoderWorkspace {
    try RotaryTransformerWorkspace(core, plan)
  }

  /// The members of config.json that all of the family have.
  var commonMembers: [(String, JSONNode)] {
    let d = dimensions
    return [
      ("vocab_size", .number(d.vocabularySize)), ("hidden_size", .number(d.hiddenSize)),
      ("intermediate_size", .number(d.intermediateSize)), ("num_hidden_layers", .number(d.layerCount)),
      ("num_attention_heads", .number(d.headCount)), ("num_key_value_heads", .number(d.keyValueHeadCount)),
      ("head_dim", .number(d.headSize)), ("hidden_act", "silu"), ("max_position_embeddings", .number(d.maximumPositions)),
      ("rms_norm_eps", .number(core.normEpsilon)), ("initializer_range", .number(core.initializerRange)),
      ("attention_dropout", .number(core.attentionDropout)), ("tie_word_embeddings", .bool(d.tiesEmbeddings)), ("use_cache", true),
    ] + core.rotary.members + specialTokens.members
  }
}

/// What stands for the fields that a config.json leaves out: the defaults of transformers' configuration class.
struct RotaryDefaults {
  var vocabulary: Int
  var hidden: Int
  var intermediate: Int
  var layers: Int
  var heads: Int
  /// Nil: as many as heads.
  var keyValueHeads: Int?
  /// Nil: hidden / heads.
  var headSize: Int?
  var positions: Int
  var specialTokens = SpecialTokens()
}

extension ModelDimensions {
  init(reading fields: ConfigurationFields, default standard: RotaryDefaults) throws(ModelError) {
    try fields.require("hidden_act", default: "silu", among: ["silu"])
    let hidden = try fields.int("hidden_size", default: standard.hidden)
    let heads = try fields.int("num_attention_heads", default: standard.heads)
    guard hidden % heads == 0 || standard.headSize != nil else {
      throw fields.invalid("hidden_size is \(hidden), which is no multiple of num_attention_heads, \(heads).")
    }
    // Null is not left out: transformers takes it for "as many as heads".
    let isNull = fields.object["num_key_value_heads"] != nil && !fields.has("num_key_value_heads")
    let keyValueHeads = try fields.int("num_key_value_heads", default: isNull ? heads : standard.keyValueHeads ?? heads)
    guard heads % keyValueHeads == 0 else {
      throw fields.invalid("num_attention_heads is \(heads), which is no multiple of num_key_value_heads, \(keyValueHeads).")
    }
    let headSize = try fields.int("head_dim", default: standard.headSize ?? hidden / heads)
    guard headSize % 2 == 0, headSize > 2 else {
      throw fields.invalid("The head size is \(headSize); rotary positions want an even number from 4 on.", hint: "Change head_dim.")
    }
    self.init(
      vocabularySize: try fields.int("vocab_size", default: standard.vocabulary, atMost: 1 << 24), hiddenSize: hidden,
      intermediateSize: try fields.int("intermediate_size", default: standard.intermediate),
      layerCount: try fields.int("num_hidden_layers", default: standard.layers, atMost: 4096), headCount: heads,
      keyValueHeadCount: keyValueHeads, headSize: headSize,
      maximumPositions: try fields.int("max_position_embeddings", default: standard.positions), positionsAreLearned: false,
      tiesEmbeddings: try fields.bool("tie_word_embeddings", default: false))
  }
}
