// Qwen3: Yang et al., arXiv 2505.09388; fields and names as in transformers 5.23, models/qwen3. Llama with queries and keys normalised
// head by head before they are turned, with a head size of its own, and with windows that slide in some layers.

import StrictJSON

package struct Qwen3: RotaryDecoder {
  package static let className = "Qwen3ForCausalLM"

  package let core: RotaryTransformer

  package init(reading fields: ConfigurationFields) throws(ModelError) {
    core = try RotaryTransformer(
      reading: fields,
      default: RotaryDefaults(
        vocabulary: 151_936, hidden: 4096, intermediate: 22_016, layers: 32, heads: 32, keyValueHeads: 32, headSize: 128,
        positions: 32_768)
    ) { fields, blocks throws(ModelError) in
      let bias = try fields.bool("attention_bias", default: false)
      blocks.inputBias = bias
      blocks.outputBias = bias
      blocks.normalisesHeads = true
      blocks.window = try SlidingWindow(readingQwen: fields, layers: blocks.layerCount)
    }
  }

  package var configurationMembers: [(String, JSONNode)] {
    commonMembers + [("attention_bias", .bool(core.blocks.inputBias))]
      + SlidingWindow.qwenMembers(core.blocks.window, layers: dimensions.layerCount)
  }
}
