import StrictJSON

/// `model`: which model is trained. The names of a shape's fields are those of Hugging Face's `config.json`.
package struct ModelSection: Section {
  /// "scratch", or a model's or finished job's name.
  package var name = "scratch"
  package var architecture: ModelArchitecture?
  package var hiddenSize: Int?
  package var layers: Int?
  package var heads: Int?
  package var keyValueHeads: Int?
  package var headSize: Int?
  package var intermediateSize: Int?
  package var maximumPositions: Int?
  package var vocabularySize: Int?
  package var ropeTheta: Double?
  package var ropeScaling: JSONNode?
  package var ropeParameters: JSONNode?
  package var normEpsilon: Double?
  package var tiedHead: Bool?
  package var attentionBias: Bool?
  package var mlpBias: Bool?
  package var activation: String?
  package var initializerRange: Double?
  package var embeddingDropout: Double?
  package var attentionDropout: Double?
  package var residualDropout: Double?
  package var slidingWindow: Int?
  package var maximumWindowLayers: Int?
  package var keepWindow: Int?
  package var hasExperts: Bool?
  package var experts: Int?
  package var expertsPerToken: Int?
  package var normalisesExperts: Bool?
  package var balancesExperts: Bool?
  package var balanceFactor: Double?
  package var routerSplit: RouterSplit?
  package var dtype: String?
  package var trustRemoteCode = false
  package var deviceMap: JSONNode?
  package var revision: String?

  package init() {}

  package var isScratch: Bool { name == "scratch" }

  /// Fields that say a shape: they have no meaning beside a model that exists.
  package static let shapeKeys: Set<String> = [
    "architecture", "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim", "intermediate_size",
    "max_position_embeddings", "vocab_size", "rope_theta", "rope_scaling", "rope_parameters", "rms_norm_eps", "tie_word_embeddings",
    "attention_bias", "mlp_bias", "hidden_act", "initializer_range", "embd_pdrop", "attention_dropout", "hidden_dropout", "sliding_window",
    "max_window_layers", "keep_window_size", "is_moe", "num_experts", "num_experts_per_tok", "norm_topk_prob", "output_router_logits",
    "router_aux_loss_coef",
  ]

  package static let fields: [Field<ModelSection>] = {
    [
      Field(
        "name", \.name, aliases: ["model_name", "model_name_or_path", "base_model"],
        "\"scratch\" for a model made from nothing, or the name of a folder in workspace/models/ or of a finished job. Default: scratch."),
      Field("architecture", \.architecture, aliases: ["model_type"], "For scratch: the family. Default: llama."),
      Field("hidden_size", \.hiddenSize, aliases: ["n_embd"], limit: .atLeast(1), "Width of the residual stream. Default: 256."),
      Field("num_hidden_layers", \.layers, aliases: ["n_layer"], limit: .within(1...1_024), "Blocks. Default: 4."),
      Field("num_attention_heads", \.heads, aliases: ["n_head"], limit: .within(1...1_024), "Query heads a layer. Default: 4."),
      Field("num_key_value_heads", \.keyValueHeads, limit: .atLeast(1), "Key and value heads a layer. Default: as many as query heads."),
      Field("head_dim", \.headSize, limit: .atLeast(1), "Width of a head. Default: hidden_size / num_attention_heads."),
      Field(
        "intermediate_size", \.intermediateSize, aliases: ["n_inner"], limit: .atLeast(1),
        "Width of the feed-forward layer. Default: 8/3 of hidden_size, rounded up to a multiple of 64; for gpt2 four times hidden_size."
      ),
      Field(
        "max_position_embeddings", \.maximumPositions, aliases: ["n_positions", "n_ctx"], limit: .atLeast(1),
        "Longest context, tokens. Default: training.max_length."),
      Field("vocab_size", \.vocabularySize, limit: .atLeast(1), "Rows of the embedding. Default: the tokenizer's size."),
      Field("rope_theta", \.ropeTheta, limit: .positive, "Base of the rotary angles. Default: 10000."),
      Field("rope_scaling", \.ropeScaling, "As in config.json (transformers 4)."),
      Field("rope_parameters", \.ropeParameters, "As in config.json (transformers 5)."),
      Field(
        "rms_norm_eps", \.normEpsilon, aliases: ["layer_norm_epsilon", "layer_norm_eps"], limit: .positive,
        "Added to the variance in the norms. Default: 1e-6; for gpt2 1e-5."),
      Field("tie_word_embeddings", \.tiedHead, "Whether the head is the embedding. Default: true."),
      Field(
        "attention_bias", \.attentionBias,
        "Biases on the attention's projections (llama, qwen3, doge; qwen2 always has them on three). Default: false."),
      Field("mlp_bias", \.mlpBias, "Biases in the feed-forward layer (llama, doge). Default: false."),
      Field("hidden_act", \.activation, aliases: ["activation_function"], "Default: silu; for gpt2 gelu_new."),
      Field("initializer_range", \.initializerRange, limit: .positive, "Standard deviation of the first weights. Default: 0.02."),
      Field("embd_pdrop", \.embeddingDropout, limit: .below(0..<1), "Dropout on the embeddings (gpt2). Default: 0."),
      Field(
        "attention_dropout", \.attentionDropout, aliases: ["attn_pdrop"], limit: .below(0..<1),
        "Dropout on the attention's weights (gpt2, doge). Default: 0 for scratch, else the model's."),
      Field(
        "hidden_dropout", \.residualDropout, aliases: ["resid_pdrop", "dropout"], limit: .below(0..<1),
        "Dropout on the branches (gpt2, doge). Default: 0 for scratch, else the model's."),
      Field(
        "sliding_window", \.slidingWindow, limit: .atLeast(1),
        "Keys that a query sees, itself included (mistral, qwen2, qwen3, doge). Default: all."),
      Field(
        "max_window_layers", \.maximumWindowLayers, limit: .atLeast(0),
        "With sliding_window: the first layer whose window slides (qwen2, qwen3). Default: 0."),
      Field(
        "keep_window_size", \.keepWindow, limit: .atLeast(1),
        "Most keys that a query looks at under the dynamic mask (doge, doge2). Default: 2048."),
      Field("is_moe", \.hasExperts, "A mixture of experts beside the feed-forward layer (doge, doge2). Default: false."),
      Field("num_experts", \.experts, limit: .atLeast(1), "Experts a layer, a square. Default: 1024."),
      Field("num_experts_per_tok", \.expertsPerToken, limit: .atLeast(1), "Experts that a token takes. Default: 8."),
      Field(
        "norm_topk_prob", \.normalisesExperts,
        "Divide the weights of a token's experts by their sum, which is 1: kept for transformers, without effect. Default: false."),
      Field("output_router_logits", \.balancesExperts, "Add the loss that keeps experts in balance. Default: false."),
      Field("router_aux_loss_coef", \.balanceFactor, limit: .atLeast(0), "The factor of that loss. Default: 0.001."),
      Field(
        "router_split", \.routerSplit,
        "How the router's scores are read: hf as transformers does, mixed across tokens; fixed each token by its own. Default: fixed for scratch, else the model's, which is hf where its config.json does not say."
      ),
      Field(
        "torch_dtype", \.dtype, aliases: ["dtype"],
        effect: .ignored("weights are kept in float32 here; training.bf16 says how products are made"),
        "What other trainers load the weights as."),
      Field(
        "trust_remote_code", \.trustRemoteCode, effect: .ignored("no code of a model is ever run here; the field has no effect"),
        "For other trainers."),
      Field(
        "device_map", \.deviceMap, effect: .ignored("training runs on this machine's processors; the field has no effect"),
        "For other trainers."),
      Field(
        "revision", \.revision, aliases: ["model_revision"], effect: .ignored("models are pinned by hash here; the field has no effect"),
        "For other trainers."),
    ] + otherTrainers
  }()
}
