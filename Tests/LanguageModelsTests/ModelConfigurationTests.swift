import Kernels
import LanguageModels
import StrictJSON
import Testing

struct ModelConfigurationTests {
  private func parse(_ text: String) throws -> ModelConfiguration { try ModelConfiguration(parsing: Array(text.utf8)) }

  private func refusal(_ text: String) -> String { message { _ = try parse(text) } }

  @Test func what_is_no_decoder_is_refused_with_a_reason_and_the_list_of_what_is_supported() {
    #expect(
      refusal(#"{"model_type": "bert"}"#)
        == "model_type is \"bert\": an encoder reads text but does not write it, so that there is no next token to train. "
        + "Supported model types: llama, mistral, qwen2, qwen3, doge, doge2, gpt2.")
    #expect(
      refusal(#"{"model_type": "t5"}"#)
        == "model_type is \"t5\": an encoder-decoder model is not trained on single sequences. Supported model types: llama, mistral, qwen2, qwen3, doge, doge2, gpt2."
    )
    #expect(
      refusal(#"{"model_type": "mamba"}"#)
        == "model_type is \"mamba\", which is not supported. Supported model types: llama, mistral, qwen2, qwen3, doge, doge2, gpt2.")
    #expect(refusal("{}") == "model_type is missing. Supported model types: llama, mistral, qwen2, qwen3, doge, doge2, gpt2.")
    #expect(refusal("[]") == "This is an array; a model's configuration is an object.")
    #expect(
      refusal("{\n  \"model_type\": llama}")
        == "This is no JSON: line 2, column 17: 'l' stands where a value should.")
  }

  @Test(arguments: [
    (#""hidden_size": "64""#, "hidden_size is \"64\"; it must be a whole number."),
    (#""hidden_size": 64.5"#, "hidden_size is 64.5; it must be a whole number."),
    (#""num_hidden_layers": 0"#, "num_hidden_layers is 0; it must lie between 1 and 4096."),
    (#""hidden_size": 100, "num_attention_heads": 7"#, "hidden_size is 100, which is no multiple of num_attention_heads, 7."),
    (
      #""num_attention_heads": 4, "num_key_value_heads": 3"#,
      "num_attention_heads is 4, which is no multiple of num_key_value_heads, 3."
    ),
    (#""head_dim": 5"#, "The head size is 5; rotary positions want an even number from 4 on. Change head_dim."),
    (#""hidden_act": "relu""#, "hidden_act is \"relu\", which is not supported. Supported: silu."),
    (#""rms_norm_eps": -1"#, "rms_norm_eps is -1.0; it must lie between 0.0 and 1.0."),
    (#""tie_word_embeddings": "yes""#, "tie_word_embeddings is \"yes\"; it must be true or false."),
    (
      #""rope_scaling": {"type": "longrope", "factor": 2}"#,
      "rope_scaling.rope_type is \"longrope\", which is not supported. Supported: default, linear, dynamic, llama3, yarn."
    ),
    (#""rope_parameters": {"rope_type": "linear"}"#, "rope_parameters.factor is missing."),
    (#""rope_scaling": {"type": "linear", "factor": 0}"#, "rope_scaling.factor is 0; it must be a number greater than 0."),
    (#""rope_scaling": 3"#, "rope_scaling is 3; it must be an object."),
    (#""pad_token_id": 32000"#, "pad_token_id is 32000, but vocab_size is 32000."),
    (#""eos_token_id": ["a"]"#, "eos_token_id is [\"a\"]; it must be a token number or a list of them."),
  ])
  func a_wrong_field_of_llama_is_named(_ members: String, _ expected: String) {
    #expect(refusal("{\"model_type\": \"llama\", \(members)}") == expected)
  }

  @Test(arguments: [
    (#""activation_function": "relu""#, "activation_function is \"relu\", which is not supported. Supported: gelu_new, gelu_pytorch_tanh."),
    (#""n_embd": 10"#, "n_embd is 10, which is no multiple of n_head, 12."),
    (#""attn_pdrop": 1"#, "attn_pdrop is 1.0; it must lie between 0.0 and 0.999."),
    (
      #""add_cross_attention": true"#,
      "add_cross_attention is true: this is half of an encoder-decoder model, which is not supported."
    ),
  ])
  func a_wrong_field_of_gpt2_is_named(_ members: String, _ expected: String) {
    #expect(refusal("{\"model_type\": \"gpt2\", \(members)}") == expected)
  }

  @Test func what_is_left_out_has_the_default_of_transformers() throws {
    let llama = try parse(#"{"model_type": "llama", "num_hidden_layers": 1, "vocab_size": 100}"#).dimensions
    #expect(llama.hiddenSize == 4096 && llama.intermediateSize == 11_008 && llama.headCount == 32 && llama.keyValueHeadCount == 32)
    #expect(llama.headSize == 128 && llama.maximumPositions == 2048 && !llama.tiesEmbeddings && !llama.positionsAreLearned)
    let gpt2 = try parse(#"{"model_type": "gpt2"}"#)
    #expect(gpt2.dimensions.intermediateSize == 3072 && gpt2.dimensions.tiesEmbeddings && gpt2.dimensions.positionsAreLearned)
    #expect(gpt2.decoder.layout.parameterCount == 124_439_808)
    #expect(gpt2.specialTokens == SpecialTokens(begin: 50_256, end: [50_256]))
  }

  @Test func what_is_left_out_of_qwen_and_mistral_has_the_default_of_transformers() throws {
    let qwen2 = try parse(#"{"model_type": "qwen2", "num_hidden_layers": 1}"#),
      qwen3 = try parse(#"{"model_type": "qwen3", "num_hidden_layers": 1}"#)
    let mistral = try parse(#"{"model_type": "mistral", "num_hidden_layers": 2, "vocab_size": 9}"#)
    #expect(qwen2.dimensions.vocabularySize == 151_936 && qwen2.dimensions.intermediateSize == 22_016)
    #expect(qwen2.dimensions.headSize == 128 && qwen3.dimensions.headSize == 128 && qwen2.dimensions.maximumPositions == 32_768)
    #expect(qwen2.specialTokens == SpecialTokens() && mistral.specialTokens == SpecialTokens(begin: 1, end: [2]))
    #expect(qwen2.decoder.layout["model.layers.0.self_attn.v_proj.bias"]?.shape == [4096])
    #expect(qwen2.decoder.layout["model.layers.0.self_attn.o_proj.bias"] == nil)
    #expect(qwen3.decoder.layout["model.layers.0.self_attn.k_norm.weight"]?.shape == [128])
    #expect(mistral.dimensions.keyValueHeadCount == 8 && mistral.dimensions.maximumPositions == 131_072)
    let window = try #require((mistral.decoder as? Mistral)?.core.blocks.window)
    #expect(window == SlidingWindow(width: 4096, layers: [true, true]))
    // Null is no default: as many key heads as query heads, and no window.
    let nulls = try parse(
      #"{"model_type": "mistral", "num_hidden_layers": 1, "vocab_size": 9, "num_key_value_heads": null, "sliding_window": null}"#)
    #expect(nulls.dimensions.keyValueHeadCount == 32)
    #expect(try #require(nulls.decoder as? Mistral).core.blocks.window == nil)
  }

  @Test func windows_slide_in_the_layers_that_transformers_lets_slide() throws {
    func window(_ members: String) throws -> SlidingWindow? {
      try #require(parse("{\"model_type\": \"qwen2\", \"num_hidden_layers\": 3, \"vocab_size\": 9, \(members)}").decoder as? Qwen2).core
        .blocks.window
    }
    #expect(try window(#""sliding_window": 7"#) == nil)
    #expect(try window(#""sliding_window": 7, "use_sliding_window": true"#) == nil)  // max_window_layers is 28
    #expect(
      try window(#""sliding_window": 7, "use_sliding_window": true, "max_window_layers": 1"#)
        == SlidingWindow(width: 7, layers: [false, true, true]))
    let types = #""layer_types": ["sliding_attention", "full_attention", "sliding_attention"]"#
    #expect(
      try window("\"sliding_window\": 7, \"use_sliding_window\": true, \(types)") == SlidingWindow(width: 7, layers: [true, false, true]))
    func refusal(_ members: String) -> String { message { _ = try window(members) } }
    #expect(
      refusal(types)
        == "layer_types has sliding layers, but use_sliding_window is not true. Set use_sliding_window to true, or call all layers \"full_attention\"."
    )
    #expect(refusal(#""layer_types": ["full_attention"]"#) == "layer_types has 1 elements; num_hidden_layers is 3.")
    #expect(
      refusal(#""layer_types": ["chunked_attention"]"#)
        == "layer_types holds \"chunked_attention\", which is not supported. Supported: full_attention, sliding_attention.")
  }

  @Test func old_and_new_spellings_of_rotary_positions_mean_the_same() throws {
    func rotary(_ members: String) throws -> RotaryConfiguration {
      try #require(parse("{\"model_type\": \"llama\", \"num_hidden_layers\": 1, \"vocab_size\": 9, \(members)}").decoder as? Llama).rotary
    }
    let plain = RotaryConfiguration(base: 500, scaling: .none)
    #expect(try rotary(#""rope_theta": 500"#) == plain)
    #expect(try rotary(#""rope_theta": 500, "rope_scaling": null"#) == plain)
    #expect(try rotary(#""rope_parameters": {"rope_theta": 500.0, "rope_type": "default"}"#) == plain)
    #expect(try rotary(#""rope_theta": 9, "rope_parameters": {"rope_theta": 500.0}"#) == plain)
    #expect(try rotary(#""rope_theta": 500, "rope_scaling": {}"#) == plain)
    let linear = RotaryConfiguration(base: 500, scaling: .linear(factor: 4))
    #expect(try rotary(#""rope_theta": 500, "rope_scaling": {"type": "linear", "factor": 4.0}"#) == linear)
    #expect(
      try rotary(#""rope_theta": 500, "rope_scaling": {"rope_type": "linear", "factor": 4}, "rope_parameters": {"rope_type": "default"}"#)
        == linear)
    #expect(try rotary(#""rope_parameters": {"rope_theta": 500, "rope_type": "linear", "factor": 4}"#) == linear)
    #expect(
      try rotary(#""max_position_embeddings": 77, "rope_scaling": {"type": "dynamic", "factor": 2, "original_max_position_embeddings": 5}"#)
        == RotaryConfiguration(scaling: .dynamic(factor: 2, maximum: 77)))
    #expect(
      try rotary(#""max_position_embeddings": 64, "rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 16}"#)
        == RotaryConfiguration(scaling: .yarn(YarnScaling(factor: 4, original: 16))))
    #expect(
      try rotary(
        #""max_position_embeddings": 64, "rope_scaling": {"type": "yarn", "original_max_position_embeddings": 16, "attention_factor": 1.5}"#
      )
        == RotaryConfiguration(scaling: .yarn(YarnScaling(factor: 4, attentionFactor: 1.5, original: 16))))
    let factors = #""rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4"#
    #expect(
      try rotary("\"max_position_embeddings\": 77, \"rope_scaling\": {\(factors)}")
        == RotaryConfiguration(scaling: .llama3(factor: 8, lowFrequency: 1, highFrequency: 4, original: 77)))
    #expect(
      try rotary("\"rope_scaling\": {\(factors), \"original_max_position_embeddings\": 8192}")
        == RotaryConfiguration(scaling: .llama3(factor: 8, lowFrequency: 1, highFrequency: 4, original: 8192)))
  }

  @Test func what_is_written_has_both_spellings_and_reads_back_as_the_same() throws {
    let text = #"""
      {"model_type": "llama", "num_hidden_layers": 1, "vocab_size": 9, "rope_theta": 500000.0, "custom": [1],
       "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                        "original_max_position_embeddings": 8192}, "eos_token_id": [3, 4], "_name_or_path": "/somewhere"}
      """#
    let configuration = try parse(text), json = configuration.json(storedAs: .bfloat16)
    #expect(json["architectures"] == ["LlamaForCausalLM"])
    #expect(json["dtype"] == "bfloat16" && json["torch_dtype"] == "bfloat16")
    #expect(json["custom"] == [1] && json["_name_or_path"] == nil)
    #expect(json["rope_theta"]?.double == 500_000 && json["rope_scaling"]?["rope_type"] == "llama3")
    #expect(json["rope_parameters"]?["rope_theta"]?.double == 500_000 && json["rope_parameters"]?["factor"]?.double == 8)
    #expect(json["eos_token_id"] == [3, 4] && json["pad_token_id"]?.isNull == true)
    #expect(json.object?.keys == json.object?.keys.sorted())
    let again = try ModelConfiguration(json)
    #expect(again.json(storedAs: .bfloat16) == json)
    #expect(try #require(again.decoder as? Llama).rotary == (try #require(configuration.decoder as? Llama)).rotary)
    #expect(again.dimensions == configuration.dimensions && again.specialTokens == configuration.specialTokens)
    #expect(configuration.generationJSON.text() == #"{"_from_model_config":true,"bos_token_id":1,"eos_token_id":[3,4],"use_cache":true}"#)
  }

  @Test(arguments: TinyModel.allCases)
  func every_configuration_reads_back_as_the_same(_ tiny: TinyModel) throws {
    let configuration = try tiny.configuration, again = try ModelConfiguration(configuration.json())
    #expect(again.json() == configuration.json() && again.dimensions == configuration.dimensions)
    #expect(again.decoder.layout.tensors == configuration.decoder.layout.tensors)
  }
}
