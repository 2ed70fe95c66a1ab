// Qwen2: Yang et al., arXiv 2407.10671; fields and names as in transformers 5.23, models/qwen2. Llama with biases on queries, keys and
// values, and with windows that slide in some layers.

import StrictJSON

package struct Qwen2: RotaryDecoder {
  package static let className = "Qwen2ForCausalLM"

  package let core: RotaryTransformer

  package init(reading fields: ConfigurationFields) throws(ModelError) {
    core = try RotaryTransformer(
      reading: fields,
      default: RotaryDefaults(
        vocabulary: 151_936, hidden: 4096, intermediate: 22_016, layers: 32, heads: 32, keyValueHeads: 32, positions: 32_768)
    ) { fields, blocks throws(ModelError) in
      blocks.inputBias = true
      blocks.window = try SlidingWindow(readingQwen: fields, layers: blocks.layerCount)
    }
  }

  package var configurationMembers: [(String, JSONNode)] {
    commonMembers + SlidingWindow.qwenMembers(core.blocks.window, layers: dimensions.layerCount)
  }
}
