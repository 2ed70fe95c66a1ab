import LanguageModels
import StrictJSON

/// A model and a batch that training is measured on, the same as the baseline's in Benchmarks/baselines.
struct TrainingCase {
  let name: String
  let json: String
  let batch: Int
  let length: Int
  var adapterRank: Int?

  static let all: [TrainingCase] = [
    TrainingCase(
      name: "gpt2-small",
      json: #"{"model_type": "gpt2", "embd_pdrop": 0, "resid_pdrop": 0, "attn_pdrop": 0}"#, batch: 4, length: 512),
    TrainingCase(name: "qwen3-25m", json: qwen, batch: 8, length: 512),
    TrainingCase(
      name: "doge-20m",
      json: """
        {"model_type": "doge", "vocab_size": 32768, "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 8,
        "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 2048, "keep_window_size": 2048,
        "tie_word_embeddings": true}
        """, batch: 8, length: 512),
    TrainingCase(
      name: "nanogpt-char",
      json: """
        {"model_type": "gpt2", "vocab_size": 65, "n_embd": 384, "n_layer": 6, "n_head": 6, "n_positions": 256, "embd_pdrop": 0,
        "resid_pdrop": 0, "attn_pdrop": 0, "bos_token_id": 0, "eos_token_id": 0}
        """, batch: 64, length: 256),
    TrainingCase(name: "qwen3-25m-lora", json: qwen, batch: 8, length: 512, adapterRank: 8),
  ]

  static let qwen = """
    {"model_type": "qwen3", "vocab_size": 32768, "hidden_size": 384, "intermediate_size": 1024, "num_hidden_layers": 8,
    "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 64, "max_position_embeddings": 2048,
    "tie_word_embeddings": true}
    """

  static func named(_ name: String) -> TrainingCase? { all.first { $0.name == name } }

  /// With other sizes, to show how cost grows.
  func changed(batch: Int? = nil, length: Int? = nil, layers: Int? = nil) -> TrainingCase {
    var json = json
    if let layers, let at = json.firstRange(of: json.contains("\"n_layer\"") ? "\"n_layer\": " : "\"num_hidden_layers\": ") {
      let end = json[at.upperBound...].firstIndex { !$0.isNumber } ?? json.endIndex
      json.replaceSubrange(at.upperBound..<end, with: "\(layers)")
    }
    return TrainingCase(name: name, json: json, batch: batch ?? self.batch, length: length ?? self.length, adapterRank: adapterRank)
  }

  var configuration: ModelConfiguration {
    get throws { try ModelConfiguration(parsing: json.utf8) }
  }

  /// Floating-point operations of a step: 6 a parameter that is multiplied with and token, and of attention the products of queries
  /// with the half of the keys that they see, forward and twice backward; once backward
  /// where an adapter trains, whose own products and the gradients of frozen weights are left out.
  func operations(_ layout: ParameterLayout, _ d: ModelDimensions) -> Double {
    var multiplied = d.vocabularySize * d.hiddenSize
    for tensor in layout.tensors where tensor.shape.count == 2 && !Self.lookups.contains(where: { tensor.name.contains($0) }) {
      multiplied += tensor.count
    }
    let attention = 2 * d.layerCount * d.headCount * d.headSize * length
    return Double(batch * length) * Double(2 * multiplied + attention) * (adapterRank == nil ? 3 : 2)
  }

  private static let lookups = ["wte", "wpe", "embed_tokens", "lm_head"]
}
