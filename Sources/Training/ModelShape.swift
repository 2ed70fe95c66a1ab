import Domain
import LanguageModels
import StrictJSON

/// The `model` section of a config as the config.json of a Hugging Face folder, for a model made from nothing.
enum ModelShape {
  /// - Throws: `Problem` where the vocabulary does not hold the tokenizer's.
  static func configuration(_ model: ModelSection, maximumLength: Int, vocabulary: Int, endOfText: Int?, padding: Int?) throws -> JSONNode {
    let size = model.vocabularySize ?? vocabulary
    guard size >= vocabulary else {
      throw Problem(
        "model.vocabulary", "model.vocab_size \(size) is smaller than the tokenizer's \(vocabulary) entries",
        at: .init(field: "model.vocab_size"),
        mend: "Leave the field out, or set it to at least \(vocabulary), and drop the job again.")
    }
    let architecture = model.architecture ?? .llama
    var object = architecture == .gpt2 ? gpt2(model, maximumLength) : rotary(model, architecture, maximumLength)
    object["vocab_size"] = size.node
    object["tie_word_embeddings"] = (model.tiedHead ?? true).node
    object["initializer_range"] = (model.initializerRange ?? 0.02).node
    if let endOfText {
      object["bos_token_id"] = endOfText.node
      object["eos_token_id"] = endOfText.node
    }
    if let padding { object["pad_token_id"] = padding.node }
    return JSONNode(.object(object))
  }

  private static func rotary(_ model: ModelSection, _ architecture: ModelArchitecture, _ maximumLength: Int) -> JSONObject {
    let hidden = model.hiddenSize ?? 256
    let heads = model.heads ?? 4
    var object: JSONObject = ["hidden_act": "silu"]
    object["model_type"] = architecture.rawValue.node
    object["hidden_size"] = hidden.node
    object["num_hidden_layers"] = (model.layers ?? 4).node
    object["num_attention_heads"] = heads.node
    object["num_key_value_heads"] = (model.keyValueHeads ?? heads).node
    object["head_dim"] = (model.headSize ?? hidden / heads).node
    object["intermediate_size"] = (model.intermediateSize ?? (hidden * 8 / 3 + 63) / 64 * 64).node
    object["max_position_embeddings"] = (model.maximumPositions ?? maximumLength).node
    object["rms_norm_eps"] = (model.normEpsilon ?? 1e-6).node
    object["attention_dropout"] = (model.attentionDropout ?? 0).node
    if let bias = model.attentionBias { object["attention_bias"] = bias.node }
    if let bias = model.mlpBias { object["mlp_bias"] = bias.node }
    // Mistral's default is a window: that there is none must be said.
    if architecture != .llama { object["sliding_window"] = model.slidingWindow?.node ?? JSONNode(.null) }
    if let parameters = model.ropeParameters {
      object["rope_parameters"] = parameters
    } else {
      object["rope_theta"] = (model.ropeTheta ?? 10_000).node
      if let scaling = model.ropeScaling { object["rope_scaling"] = scaling }
    }
    switch architecture {
    case .qwen2, .qwen3:
      object["use_sliding_window"] = (model.slidingWindow != nil).node
      object["max_window_layers"] = (model.maximumWindowLayers ?? 0).node
    case .doge, .doge2: doge(model, &object)
    case .llama, .mistral, .gpt2: break
    }
    return object
  }

  private static func doge(_ model: ModelSection, _ object: inout JSONObject) {
    object["hidden_dropout"] = (model.residualDropout ?? 0).node
    object["keep_window_size"] = (model.keepWindow ?? 2048).node
    guard model.hasExperts == true else { return }
    object["is_moe"] = true
    object["num_experts"] = (model.experts ?? 1024).node
    object["num_experts_per_tok"] = (model.expertsPerToken ?? 8).node
    object["norm_topk_prob"] = (model.normalisesExperts ?? false).node
    object["output_router_logits"] = (model.balancesExperts ?? false).node
    object["router_aux_loss_coef"] = (model.balanceFactor ?? 0.001).node
    // What is trained here is used token by token: training is to be the same.
    object["router_split"] = (model.routerSplit ?? .fixed).node
  }

  private static func gpt2(_ model: ModelSection, _ maximumLength: Int) -> JSONObject {
    let hidden = model.hiddenSize ?? 256
    var object: JSONObject = ["model_type": "gpt2", "activation_function": "gelu_new"]
    object["n_embd"] = hidden.node
    object["n_layer"] = (model.layers ?? 4).node
    object["n_head"] = (model.heads ?? 4).node
    object["n_inner"] = (model.intermediateSize ?? 4 * hidden).node
    object["n_positions"] = (model.maximumPositions ?? maximumLength).node
    object["layer_norm_epsilon"] = (model.normEpsilon ?? 1e-5).node
    object["embd_pdrop"] = (model.embeddingDropout ?? 0).node
    object["attn_pdrop"] = (model.attentionDropout ?? 0).node
    object["resid_pdrop"] = (model.residualDropout ?? 0).node
    return object
  }
}
