import Glibc
import Kernels
import LanguageModels
import StrictJSON
import SystemPackage
import Testing

struct LoRATests {
  private func layout(_ targets: LoRASettings.Targets, _ tiny: TinyModel) throws -> LoRALayout {
    try LoRALayout(LoRASettings(rank: 2, alpha: 4, targets: targets), for: tiny.configuration.decoder.layout)
  }

  private func modules(_ layout: LoRALayout) -> Set<String> {
    Set(layout.layout.tensors.map { String($0.name.dropFirst("base_model.model.".count).split(separator: ".lora_")[0]) })
  }

  @Test func targets_are_matched_by_the_ends_of_names_as_peft_does() throws {
    #expect(
      try modules(layout(.modules(["q_proj", "layers.1.mlp.down_proj"]), .llama))
        == ["model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj", "model.layers.1.mlp.down_proj"])
    #expect(
      try modules(layout(.modules(["c_proj"]), .gpt2))
        == ["transformer.h.0.attn.c_proj", "transformer.h.0.mlp.c_proj", "transformer.h.1.attn.c_proj", "transformer.h.1.mlp.c_proj"])
    #expect(try modules(layout(.allLinear, .dogeMixture)).count == 2 * 9)
    #expect(try modules(layout(.allLinear, .gpt2)).count == 2 * 4)
  }

  @Test func what_stands_for_attention_and_all_linear_layers_in_the_file_means_the_same_to_peft() throws {
    #expect(try layout(.attention, .llama).targetModules == ["k_proj", "o_proj", "q_proj", "v_proj"])
    #expect(try layout(.attention, .gpt2).targetModules == ["attn.c_proj", "c_attn"])
    #expect(try layout(.allLinear, .gpt2).targetModules == ["c_attn", "c_fc", "c_proj"])
    #expect(
      try layout(.allLinear, .dogeMixture).targetModules
        == ["down_proj", "dt_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "router_gate", "up_proj", "v_proj"])
    for (targets, tiny) in [(LoRASettings.Targets.attention, TinyModel.gpt2), (.attention, .doge), (.allLinear, .qwen3)] {
      let chosen = try layout(targets, tiny)
      #expect(try modules(layout(.modules(chosen.targetModules), tiny)) == modules(chosen))
    }
  }

  @Test func a_target_that_is_no_linear_layer_is_refused_with_those_that_are() {
    #expect(
      message { _ = try layout(.modules(["q_proj", "c_attn"]), .llama) }
        == "The model has no linear layer \"c_attn\" that an adapter could stand beside. "
        + "It has down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj; \"all-linear\" means all of them.")
    #expect(message { _ = try layout(.modules(["wte"]), .gpt2) }.hasPrefix("The model has no linear layer \"wte\""))
  }

  /// A is drawn as torch draws it, B is zeros: the model is what it was.
  @Test(arguments: [TinyModel.llama, .doge, .dogeMixture, .gpt2])
  func a_new_adapter_changes_nothing(_ tiny: TinyModel) throws {
    let model = try tiny.model(), batch = batch(2, 9)
    let before = try ModelPass(model, rows: 18, length: 9, purpose: .scoring).logits(batch)
    let adapter = try LoRA(LoRASettings(rank: 3, alpha: 3, targets: .allLinear), for: model, base: "base", seed: 4)
    for tensor in adapter.layout.layout.tensors {
      let values = try #require(adapter.parameters[tensor.name]), bound = 1 / Float(tensor.shape[1]).squareRoot()
      #expect(tensor.name.contains("lora_B") ? values.allSatisfy { $0 == 0 } : values.allSatisfy { abs($0) <= bound })
      #expect(tensor.name.contains("lora_B") || (values.max() ?? 0) > 0.7 * bound)
    }
    model.adapter = adapter
    #expect(try ModelPass(model, rows: 18, length: 9, purpose: .scoring).logits(batch) == before)
  }

  @Test(arguments: [TinyModel.llamaBiases, .qwen3, .doge, .gpt2])
  func the_gradient_under_dropout_is_the_slope_of_the_loss_with_that_mask(_ tiny: TinyModel) throws {
    let model = try tiny.model(), batch = batch(2, 12), key = Dropout.Key(seed: 4, step: 7)
    let adapter = try LoRA(LoRASettings(rank: 3, alpha: 6, dropout: 0.2, targets: .allLinear), for: model, base: "base", seed: 4)
    let parameters = adapter.parameters, random = CounterRandom(seed: 9, stream: 1)
    for index in 0..<parameters.count { parameters.base[index] += Float(random.normals(at: UInt64(index)).0 * 0.05) }
    model.adapter = adapter
    let pass = try ModelPass(model, rows: batch.rows, length: batch.length, purpose: .training)
    func run() throws -> (loss: Double, gradient: [Float]) {
      let gradients = try ParameterStore(adapter.layout.layout)
      let sum = try pass.accumulate(batch, into: gradients, gradientScale: 1 / Float(batch.targetCount), dropout: key)
      return (try #require(sum.meanObjective), (0..<gradients.count).map { gradients.base[$0] })
    }
    let gradient = try run().gradient, size = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot(), step = 0.01 / size
    func loss(_ sign: Float) throws -> Double {
      for index in gradient.indices { parameters.base[index] += sign * step * gradient[index] }
      defer { for index in gradient.indices { parameters.base[index] -= sign * step * gradient[index] } }
      return try run().loss
    }
    let slope = (try loss(1) - loss(-1)) / Double(2 * step)
    #expect(abs(slope / Double(size * size) - 1) < 0.02)
  }

  /// Without dropout an adapter reads what the kernels have rounded, with it what they have not.
  @Test(arguments: [TinyModel.llamaBiases, .qwen3, .doge, .dogeMixture, .gpt2], [0, 0.2])
  func the_gradient_in_bf16_is_within_its_rounding_of_that_in_f32(_ tiny: TinyModel, _ dropout: Double) throws {
    let batch = batch(4, 32), key = Dropout.Key(seed: 4, step: 7)
    func run(_ precision: Precision) throws -> (loss: Double, gradient: [Float]) {
      let model = try tiny.model()
      model.precision = precision
      let adapter = try LoRA(LoRASettings(rank: 3, alpha: 6, dropout: dropout, targets: .allLinear), for: model, base: "base", seed: 4)
      let random = CounterRandom(seed: 9, stream: 1)
      for index in 0..<adapter.parameters.count { adapter.parameters.base[index] += Float(random.normals(at: UInt64(index)).0 * 0.05) }
      model.adapter = adapter
      let gradients = try ParameterStore(adapter.layout.layout)
      let pass = try ModelPass(model, rows: batch.rows, length: batch.length, purpose: .training)
      let sum = try pass.accumulate(
        batch, into: gradients, gradientScale: 1 / Float(batch.targetCount), dropout: dropout > 0 ? key : nil)
      return (sum.loss, (0..<gradients.count).map { gradients.base[$0] })
    }
    func norm(_ values: [Float]) -> Float { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let exact = try run(.float32), near = try run(.bfloat16)
    #expect(abs(near.loss - exact.loss) < 0.01 * exact.loss)
    let difference = norm(zip(near.gradient, exact.gradient).map { $0 - $1 })
    #expect(difference < 0.05 * norm(exact.gradient) && difference > 0)
    #expect(try run(.bfloat16).gradient.map(\.bitPattern) == near.gradient.map(\.bitPattern))
  }

  @Test func a_saved_adapter_is_read_back_and_loads_with_the_base_that_it_names() throws {
    let folder = try TemporaryFolder(), model = try TinyModel.gpt2.model(), batch = batch(1, 9)
    let (base, own) = (folder.path.appending("base"), folder.path.appending("adapter"))
    for path in [base, own] { #expect(mkdir(path.string, 0o755) == 0) }
    try model.save(to: base)
    let settings = LoRASettings(rank: 2, alpha: 3, dropout: 0.1, isRankStabilised: true)
    let adapter = try LoRA(settings, for: model, base: "../base", seed: 4)
    for index in 0..<adapter.parameters.count { adapter.parameters.base[index] = Float(index % 7) * 0.01 - 0.03 }
    try adapter.save(to: own)
    let json = try JSONParser.parse(folder.read("adapter/adapter_config.json"))
    #expect(json["r"] == 2 && json["lora_alpha"] == 3 && json["lora_dropout"] == 0.1 && json["use_rslora"] == true)
    #expect(json["peft_type"] == "LORA" && json["task_type"] == "CAUSAL_LM" && json["fan_in_fan_out"] == true && json["bias"] == "none")
    #expect(json["target_modules"] == ["attn.c_proj", "c_attn"] && json["base_model_name_or_path"] == "../base")

    let again = try LoRA(settings, for: model, base: "../base", seed: 5)
    try again.read(own)
    for tensor in adapter.layout.layout.tensors {
      #expect(try #require(again.parameters[tensor.name]).elementsEqual(try #require(adapter.parameters[tensor.name])))
    }
    #expect(
      message { try LoRA(LoRASettings(rank: 2, alpha: 3, targets: .allLinear), for: model, base: "", seed: 1).read(own) }
        == "\(own)/adapter_model.safetensors: It holds an adapter of other modules than the settings name. "
        + "An adapter is gone on with under the settings that it was made with.")

    model.adapter = again
    let beside = try ModelPass(model, rows: 9, length: 9, purpose: .scoring).logits(batch)
    let loaded = try LanguageModel.load(own, on: ThreadTeam(count: 2))
    #expect(distance(try ModelPass(loaded, rows: 9, length: 9, purpose: .scoring).logits(batch), beside) < 1e-4)
    try folder.write(#"{"base_model_name_or_path": "../gone"}"#, "adapter/adapter_config.json")
    #expect(
      message { _ = try LanguageModel.load(own, on: ThreadTeam(count: 1)) }
        == "\(own)/adapter_config.json: This is an adapter, and its base_model_name_or_path, \"../gone\", is no folder with a config.json. "
        + "Write the path of the base model's folder there.")
  }

  @Test func an_adapter_with_what_is_not_understood_is_refused_rather_than_loaded_in_part() throws {
    let folder = try TemporaryFolder(), model = try TinyModel.llamaTied.model()
    try folder.write(#"{"peft_type": "LORA", "r": 1, "lora_alpha": 1}"#, "adapter_config.json")
    func refusal(_ tensors: [(String, [Int])]) throws -> String {
      try SafetensorsWriter.write(
        tensors.map { .init(name: $0.0, shape: $0.1, values: model.parameters.base) },
        to: folder.path.appending("adapter_model.safetensors"))
      return message { try model.merge(LoRAAdapter(folder.path)) }
    }
    #expect(
      try refusal([("base_model.model.model.embed_tokens.lora_embedding_A", [1, 61])])
        == "\(folder.path): The adapter holds base_model.model.model.embed_tokens.lora_embedding_A, which is no lora_A or lora_B of a linear "
        + "layer. Merge the adapter into its base with PEFT, and use the merged model.")
    #expect(
      try refusal([("base_model.model.lm_head.lora_A.weight", [1, 24]), ("base_model.model.lm_head.lora_B.weight", [61, 1])])
        == "\(folder.path): The adapter changes lm_head, which is one with the embedding in this model. "
        + "Merge the adapter into its base with PEFT, and use the merged model.")
    #expect(
      try refusal([("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", [1, 25])]).contains("lora_B.weight is missing"))
    let q = "base_model.model.model.layers.0.self_attn.q_proj"
    #expect(
      try refusal([(q + ".lora_A.weight", [2, 24]), (q + ".lora_B.weight", [24, 2])])
        == "\(folder.path): The adapter's matrices for model.layers.0.self_attn.q_proj are [2, 24] and [24, 2]; "
        + "24 inputs, 24 outputs and rank 1 want [1, 24] and [24, 1]. The adapter belongs to another base model.")
  }
}
