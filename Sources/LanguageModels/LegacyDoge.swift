/// The weights of Doge models from before transformers had the architecture. They compute something else under the same model_type, so
/// that they are recognised by their tensors and refused: their dynamic mask belongs to attention heads instead of heads of keys, and
/// queries and keys are not normalised, for which no conversion exists.
enum LegacyDoge {
  static func refuse(_ tensors: [String: [Int]], _ dimensions: ModelDimensions) throws(ModelError) {
    func has(_ part: String) -> Bool { tensors.keys.contains { $0.contains(part) } }
    if has("word_embed.") || has("pre_residual.weight") || has(".feed_forward.") || has("final_layernorm.") {
      throw refusal("names of tensors as the remote code of early Doge checkpoints has them (word_embed, pre_residual, feed_forward)")
    }
    if has(".queries_proj.") || tensors.keys.contains(where: { $0.hasSuffix(".mlp.keys") }) {
      throw refusal("experts that are retrieved by queries_proj and keys, which a router has replaced")
    }
    if let a = tensors.first(where: { $0.key.hasSuffix(".self_attn.A") }), a.value != [dimensions.keyValueHeadCount] {
      throw refusal("a dynamic mask for \(a.value.first ?? 0) heads, where there are \(dimensions.keyValueHeadCount) heads of keys")
    }
    if has(".self_attn.A"), !has(".self_attn.q_norm.") {
      throw refusal("no q_norm and k_norm")
    }
  }

  private static func refusal(_ sign: String) -> ModelError {
    ModelError(
      .unsupportedArchitecture, "These are weights of an older variant of Doge, which computes something else: they have \(sign).",
      hint: "Use a checkpoint that transformers' own Doge classes load (transformers 4.54 or later, without trust_remote_code).")
  }
}
