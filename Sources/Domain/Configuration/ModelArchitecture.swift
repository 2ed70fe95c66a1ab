/// The families that the native engine makes from nothing.
package enum ModelArchitecture: String, WordField, CaseIterable, Codable {
  case llama, mistral, qwen2, qwen3, doge, doge2, gpt2

  /// Fields of the `model` section that only some families have, with those that have them.
  static let fieldsOfSome: [(key: String, families: Set<ModelArchitecture>)] = [
    ("num_key_value_heads", rotary), ("rope_theta", rotary), ("rope_scaling", rotary), ("rope_parameters", rotary), ("head_dim", rotary),
    ("attention_bias", [.llama, .qwen3, .doge, .doge2]), ("mlp_bias", [.llama, .doge]),
    ("sliding_window", [.mistral, .qwen2, .qwen3, .doge]), ("max_window_layers", [.qwen2, .qwen3]), ("keep_window_size", doges),
    ("is_moe", doges), ("num_experts", doges), ("num_experts_per_tok", doges), ("norm_topk_prob", doges), ("output_router_logits", doges),
    ("router_aux_loss_coef", doges), ("router_split", doges),
  ]

  /// Dropouts that a family has no place for are no error at 0.
  static let dropoutsOfSome: [(key: String, families: Set<ModelArchitecture>)] = [
    ("embd_pdrop", [.gpt2]), ("attention_dropout", [.gpt2, .doge, .doge2]), ("hidden_dropout", [.gpt2, .doge, .doge2]),
  ]

  package static let doges: Set<ModelArchitecture> = [.doge, .doge2]
  static let rotary: Set<ModelArchitecture> = [.llama, .mistral, .qwen2, .qwen3, .doge, .doge2]

  /// Linear layers that an adapter can stand beside, by the last parts of their names.
  package var adapterModules: [String] {
    let rotary = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    return switch self {
    case .gpt2: ["c_attn", "c_proj", "c_fc"]
    case .llama, .mistral, .qwen2, .qwen3: rotary
    case .doge, .doge2: rotary + ["dt_proj", "router_gate"]
    }
  }

  package var hasRotaryPositions: Bool { Self.rotary.contains(self) }
}

/// How the router of a mixture of experts reads its scores.
package enum RouterSplit: String, WordField, CaseIterable, Codable {
  /// As transformers: mixed across tokens, later ones included, except in generation token by token.
  case hf
  /// Each token by its own scores, always.
  case fixed
}
