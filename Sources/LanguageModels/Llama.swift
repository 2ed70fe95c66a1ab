// Llama: Touvron et al., arXiv 2302.13971 and 2307.09288; fields and names as in transformers 5.23, models/llama.
// x += Wo Attention(RoPE(Wq n), RoPE(Wk n), Wv n) with n = RMSNorm(x); x += Wd (silu(Wg n) · Wu n) with n = RMSNorm(x); RMSNorm; head.

import StrictJSON

package struct Llama: RotaryDecoder {
  package static let className = "LlamaForCausalLM"

  package let core: RotaryTransformer

  package init(reading fields: ConfigurationFields) throws(ModelError) {
    core = try RotaryTransformer(
      reading: fields,
      default: RotaryDefaults(
        vocabulary: 32_000, hidden: 4096, intermediate: 11_008, layers: 32, heads: 32, positions: 2048,
        specialTokens: SpecialTokens(begin: 1, end: [2]))
    ) { fields, blocks throws(ModelError) in
      let bias = try fields.bool("attention_bias", default: false)
      blocks.inputBias = bias
      blocks.outputBias = bias
      blocks.mlpBias = try fields.bool("mlp_bias", default: false)
    }
  }

  package var configurationMembers: [(String, JSONNode)] {
    commonMembers + [("attention_bias", .bool(core.blocks.inputBias)), ("mlp_bias", .bool(core.blocks.mlpBias)), ("pretraining_tp", 1)]
  }
}
