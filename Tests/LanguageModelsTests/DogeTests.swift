import Kernels
import LanguageModels
import StrictJSON
import SystemPackage
import Testing

struct DogeTests {
  private func parse(_ members: String, _ type: String = "doge") throws -> ModelConfiguration {
    try ModelConfiguration(parsing: Array("{\"model_type\": \"\(type)\", \"num_hidden_layers\": 1, \(members)}".utf8))
  }

  private func refusal(_ members: String, _ type: String = "doge") -> String { message { _ = try parse(members, type) } }

  @Test func what_is_left_out_has_the_default_of_its_class() throws {
    let doge = try parse(#""vocab_size": 9"#), doge2 = try parse(#""vocab_size": 9"#, "doge2")
    #expect(doge.dimensions.hiddenSize == 1024 && doge.dimensions.intermediateSize == 2048 && doge.dimensions.headSize == 128)
    #expect(doge.dimensions.keyValueHeadCount == 8 && doge.specialTokens == SpecialTokens() && !doge.dimensions.tiesEmbeddings)
    #expect(try #require(doge.decoder as? Doge).core.blocks.maskWindow == 2048)
    #expect(doge2.dimensions.intermediateSize == 4096 && doge2.specialTokens == SpecialTokens(end: [2], padding: 0))
    let mixture = try #require(parse(#""vocab_size": 9, "hidden_size": 64, "is_moe": true"#).decoder as? Doge).core.blocks.experts
    #expect(mixture?.count == 16_384 && mixture?.mixture.keys == 128 && mixture?.mixture.chosen == 64 && mixture?.mixture.split == .hf)
  }

  /// 13,118,728 parameters: Doge-20M.
  @Test func the_parameters_of_doge_20M_are_counted() throws {
    let text = """
      {"model_type": "doge", "vocab_size": 32768, "hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 8,
       "num_attention_heads": 2, "num_key_value_heads": 1, "tie_word_embeddings": true}
      """
    #expect(try ModelConfiguration(parsing: Array(text.utf8)).decoder.layout.parameterCount == 13_118_728)
  }

  @Test func a_dense_model_says_so_to_libraries_that_look_for_experts() throws {
    let json = try parse(#""vocab_size": 9"#).json()
    #expect(json["is_moe"] == false && json["router_aux_loss_coef"]?.double == 0 && json["architectures"] == ["DogeForCausalLM"])
    let mixture = try parse(
      #""vocab_size": 9, "hidden_size": 64, "is_moe": true, "num_experts": 16, "num_experts_per_tok": 3, "router_split": "fixed""#
    ).json()
    #expect(mixture["num_experts"] == 16 && mixture["router_split"] == "fixed" && mixture["router_aux_loss_coef"]?.double == 0.001)
  }

  @Test func fields_that_do_not_fit_are_refused() {
    let moe = #""vocab_size": 9, "hidden_size": 64, "is_moe": true, "#
    #expect(
      refusal(moe + #""num_experts": 10, "num_experts_per_tok": 10"#)
        == "num_experts_per_tok is 10, but of num_experts 10 a router of 2 × 3 scores reaches 9.")
    #expect(
      refusal(moe + #""num_experts": 10, "num_experts_per_tok": 2, "output_router_logits": true"#)
        == "num_experts is 10, which is no square: the loss that keeps experts in balance (output_router_logits) is not defined then. "
        + "Use 9 or 16 experts.")
    #expect(refusal(moe + #""router_split": "half""#) == "router_split is \"half\", which is not supported. Supported: hf, fixed.")
    #expect(refusal(#""keep_window_size": 0"#) == "keep_window_size is 0; it must lie between 1 and 2147483648.")
    #expect(
      refusal(#""mlp_bias": true"#, "doge2")
        == "mlp_bias is set, which doge2 does not have. Remove the field, or set model_type to \"doge\".")
  }

  /// Four variants of weights have the same model_type; three compute something else.
  @Test func weights_of_older_variants_are_recognised_and_refused() throws {
    let folder = try TemporaryFolder(), model = try TinyModel.doge.model()
    try folder.write(model.configuration.json().text(), "config.json")
    func refusal(_ rename: (SafetensorsWriter.Tensor) -> (String, [Int])?) throws -> String {
      let tensors = model.parameters.tensors.compactMap { tensor in
        rename(tensor).map { SafetensorsWriter.Tensor(name: $0.0, shape: $0.1, values: tensor.values) }
      }
      try SafetensorsWriter.write(tensors, to: folder.path.appending("model.safetensors"))
      return message { _ = try LanguageModel.load(folder.path, on: ThreadTeam(count: 1)) }
    }
    func text(_ sign: String) -> String {
      "\(folder.path): These are weights of an older variant of Doge, which computes something else: they have \(sign). "
        + "Use a checkpoint that transformers' own Doge classes load (transformers 4.54 or later, without trust_remote_code)."
    }
    #expect(
      try refusal { ($0.name.replacing("embed_tokens", with: "word_embed").replacing(".mlp.", with: ".feed_forward."), $0.shape) }
        == text("names of tensors as the remote code of early Doge checkpoints has them (word_embed, pre_residual, feed_forward)"))
    #expect(
      try refusal { ($0.name, $0.name.hasSuffix(".A") ? [4] : $0.shape) }
        == text("a dynamic mask for 4 heads, where there are 2 heads of keys"))
    #expect(
      try refusal { $0.name.contains("q_norm") || $0.name.contains("k_norm") ? nil : ($0.name, $0.shape) } == text("no q_norm and k_norm"))
    #expect(
      try refusal { ($0.name.replacing("gate_proj", with: "queries_proj"), $0.shape) }
        == text("experts that are retrieved by queries_proj and keys, which a router has replaced"))
  }

  /// The same weights under the other name compute the same.
  @Test func doge2_is_doge() throws {
    let folder = try TemporaryFolder(), model = try TinyModel.doge.model()
    try model.save(to: folder.path)
    let text = String(decoding: try folder.read("config.json"), as: UTF8.self)
    try folder.write(text.replacing("\"model_type\": \"doge\"", with: "\"model_type\": \"doge2\""), "config.json")
    let other = try LanguageModel.load(folder.path, on: ThreadTeam(count: 2)), batch = batch(1, 11)
    #expect(other.configuration.architecture == .doge2 && other.configuration.json()["architectures"] == ["Doge2ForCausalLM"])
    let (left, right) = (
      try ModelPass(model, rows: 11, length: 11, purpose: .scoring).logits(batch),
      try ModelPass(other, rows: 11, length: 11, purpose: .scoring).logits(batch)
    )
    #expect(left == right)
  }
}
