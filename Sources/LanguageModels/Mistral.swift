// Mistral: Jiang et al., arXiv 2310.06825; fields and names as in transformers 5.23, models/mistral. Llama without biases, and with a
// window that slides in every layer.

import StrictJSON

package struct Mistral: RotaryDecoder {
  package static let className = "MistralForCausalLM"

  package let core: RotaryTransformer

  package init(reading fields: ConfigurationFields) throws(ModelError) {
    core = try RotaryTransformer(
      reading: fields,
      default: RotaryDefaults(
        vocabulary: 32_000, hidden: 4096, intermediate: 14_336, layers: 32, heads: 32, keyValueHeads: 8, positions: 131_072,
        specialTokens: SpecialTokens(begin: 1, end: [2]))
    ) { fields, blocks throws(ModelError) in
      blocks.window = try SlidingWindow(readingWidth: fields, default: 4096, layers: blocks.layerCount)
    }
  }

  package var configurationMembers: [(String, JSONNode)] {
    commonMembers + [("sliding_window", core.blocks.window.map { .number($0.width) } ?? nil)]
  }
}
