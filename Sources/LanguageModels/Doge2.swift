// Doge2: small-doge's models/doge2. Doge without biases in the MLP and without sliding windows, and with other defaults; transformers has
// no class of that name.

import StrictJSON

package struct Doge2: RotaryDecoder {
  package static let className = "Doge2ForCausalLM"

  package let core: RotaryTransformer

  package init(reading fields: ConfigurationFields) throws(ModelError) {
    for name in ["mlp_bias", "sliding_window"] where fields.node(name)?.bool != false && fields.has(name) {
      throw fields.invalid("\(name) is set, which doge2 does not have.", hint: "Remove the field, or set model_type to \"doge\".")
    }
    core = try RotaryTransformer(
      reading: fields,
      default: RotaryDefaults(
        vocabulary: 32_768, hidden: 1024, intermediate: 4096, layers: 32, heads: 8, positions: 2048,
        specialTokens: SpecialTokens(end: [2], padding: 0))
    ) { fields, blocks throws(ModelError) in
      try Doge.read(fields, &blocks, experts: 4096)
    }
  }

  package var configurationMembers: [(String, JSONNode)] { dogeMembers }

  package static func refuse(_ tensors: [String: [Int]], _ decoder: any Decoder) throws(ModelError) {
    try LegacyDoge.refuse(tensors, decoder.dimensions)
  }
}
