// Doge: Shi et al., "Wonderful Matrices", arXiv 2412.11834; fields, names and formulas as in transformers 5.23, models/doge. Like Qwen3 with
// a dynamic mask added to attention's scores, learned factors on the skipped paths, and, as a choice, a mixture of small experts.

import StrictJSON

package struct Doge: RotaryDecoder {
  package static let className = "DogeForCausalLM"

  package let core: RotaryTransformer

  package init(reading fields: ConfigurationFields) throws(ModelError) {
    core = try RotaryTransformer(
      reading: fields,
      default: RotaryDefaults(vocabulary: 32_768, hidden: 1024, intermediate: 2048, layers: 32, heads: 8, positions: 2048)
    ) { fields, blocks throws(ModelError) in
      try Self.read(fields, &blocks, experts: 16_384)
      blocks.mlpBias = try fields.bool("mlp_bias", default: false)
      blocks.window = try SlidingWindow(readingWidth: fields, default: nil, layers: blocks.layerCount)
    }
  }

  /// What Doge2 has too.
  static func read(
    _ fields: ConfigurationFields, _ blocks: inout RotaryTransformer.Blocks, experts: Int
  ) throws(ModelError) {
    let bias = try fields.bool("attention_bias", default: false)
    blocks.inputBias = bias
    blocks.outputBias = bias
    blocks.normalisesHeads = true
    blocks.gatesResiduals = true
    blocks.branchDropout = try fields.dropout("hidden_dropout", default: 0)
    blocks.maskWindow = try fields.int("keep_window_size", default: 2048)
    blocks.experts = try ExpertShape(reading: fields, width: blocks.hiddenSize, default: experts)
  }

  package var configurationMembers: [(String, JSONNode)] {
    dogeMembers + [
      ("mlp_bias", .bool(core.blocks.mlpBias)), ("sliding_window", core.blocks.window.map { .number($0.width) } ?? nil),
    ]
  }

  package static func refuse(_ tensors: [String: [Int]], _ decoder: any Decoder) throws(ModelError) {
    try LegacyDoge.refuse(tensors, decoder.dimensions)
  }
}

extension RotaryDecoder {
  /// The members of config.json that Doge and Doge2 have beside the common.
  var dogeMembers: [(String, JSONNode)] {
    let blocks = core.blocks
    // A dense model says a factor of 0: libraries that take the mere presence of the other fields for a mixture look at it.
    let experts = blocks.experts?.members ?? [("is_moe", false), ("router_aux_loss_coef", .number(0.0)), ("output_router_logits", false)]
    return commonMembers + experts + [
      ("attention_bias", .bool(blocks.inputBias)), ("hidden_dropout", .number(blocks.branchDropout)),
      ("keep_window_size", .number(blocks.maskWindow ?? 0)),
    ]
  }
}
