import Kernels
import LanguageModels
import StrictJSON
import SystemPackage
import Testing

/// Adapters made by PEFT: logits, gradients and six steps of AdamW, 1e-4, relative for gradients.
struct GoldenAdapterTests {
  static let trained = ["lora_qwen3_rslora", "lora_llama_all", "lora_gpt2_all", "lora_doge_all", "lora_doge_moe_all"]

  struct Adapter {
    let folder: FilePath
    let expected: JSONNode
    let settings: LoRASettings
    let base: LanguageModel

    init(_ name: String) throws {
      folder = Golden.folder(name)
      expected = try Golden.json(folder.appending("expected.json"))
      let config = try Golden.json(folder.appending("adapter_config.json"))
      settings = LoRASettings(
        rank: try #require(config["r"]?.int), alpha: try #require(config["lora_alpha"]?.double),
        isRankStabilised: config["use_rslora"]?.bool == true,
        targets: .modules(try #require(config["target_modules"]?.array).map { try #require($0.string) }))
      base = try Golden(try #require(expected["base"]?.string)).model()
    }

    var tokens: [Int32] {
      get throws { try #require(expected["input_ids"]?.array).flatMap { try #require($0.array).map { Int32(try #require($0.int)) } } }
    }

    /// The rows of `input_ids`, labels = inputs.
    func batch(rows: Int? = nil) throws -> MicroBatch {
      let all = try tokens, length = try #require(expected["input_ids"]?.array?[0].array).count, count = rows ?? all.count / length
      let tokens = Array(all.prefix(count * length))
      return MicroBatch(batch: count, length: length, tokens: tokens, labels: tokens)
    }

    func attach() throws -> LoRA {
      let adapter = try LoRA(settings, for: base, base: "base", seed: 1)
      try adapter.read(folder)
      base.adapter = adapter
      return adapter
    }

    func expectLogits(_ sourceLocation: SourceLocation = #_sourceLocation) throws {
      let expected = try #require(expected["logits_adapter"]?.array).map { try #require($0.array).map { try #require($0.double) } }
      let batch = try batch(rows: 1), pass = try ModelPass(base, rows: batch.rows, length: batch.length, purpose: .scoring)
      #expect(distance(try pass.logits(batch), expected.joined()) < 1e-4, sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: ["lora_llama", "lora_gpt2"] + trained)
  func a_merged_adapter_gives_the_logits_of_peft(_ name: String) throws {
    let adapter = try Adapter(name)
    try adapter.base.merge(LoRAAdapter(adapter.folder))
    try adapter.expectLogits()
  }

  @Test(arguments: ["lora_llama", "lora_gpt2"] + trained)
  func an_adapter_beside_the_model_gives_the_logits_of_peft_and_merged_the_same(_ name: String) throws {
    let adapter = try Adapter(name), lora = try adapter.attach()
    try adapter.expectLogits()
    adapter.base.adapter = nil
    lora.merge(into: adapter.base)
    try adapter.expectLogits()
  }

  @Test(arguments: trained)
  func gradients_of_the_first_step_are_those_of_torch(_ name: String) throws {
    let adapter = try Adapter(name), lora = try adapter.attach(), batch = try adapter.batch()
    let gradients = try ParameterStore(lora.layout.layout)
    let pass = try ModelPass(adapter.base, rows: batch.rows, length: batch.length, purpose: .training)
    _ = try pass.accumulate(batch, into: gradients, gradientScale: 1 / Float(batch.targetCount))
    let expected = try #require(adapter.expected["step1_grads"]?.object)
    #expect(Set(expected.keys) == Set(lora.layout.layout.tensors.map(\.name)))
    for member in expected.members {
      let gradient = try #require(gradients[member.key])
      let norm = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let expectedNorm = try #require(member.node["norm"]?.double)
      #expect(abs(norm - expectedNorm) <= 1e-4 * expectedNorm + 1e-7, "\(member.key)")
      let first = try #require(member.node["first4"]?.array).map { try #require($0.double) }
      let scale = max(first.map(abs).max() ?? 0, expectedNorm / Double(gradient.count).squareRoot())
      #expect(distance(gradient.prefix(4), first) <= 1e-4 * scale + 1e-7, "\(member.key)")
    }
  }

  @Test(arguments: trained)
  func six_steps_of_adamw_give_the_losses_of_torch_and_leave_the_base_alone(_ name: String) throws {
    let adapter = try Adapter(name), lora = try adapter.attach(), batch = try adapter.batch(), team = adapter.base.team
    let layout = lora.layout.layout
    let before = (0..<adapter.base.parameters.count).map { adapter.base.parameters.base[$0].bitPattern }
    let gradients = try ParameterStore(layout), first = try ParameterStore(layout), second = try ParameterStore(layout)
    let pass = try ModelPass(adapter.base, rows: batch.rows, length: batch.length, purpose: .training)
    let steps = try #require(adapter.expected["steps"]?.array)
    #expect(steps.count == 6)
    for (index, step) in steps.enumerated() {
      let sum = try pass.accumulate(batch, into: gradients, gradientScale: 1 / Float(batch.targetCount))
      let norm = gradients.norm(on: team), expectedNorm = try #require(step["grad_norm_before_clip"]?.double)
      #expect(abs(try #require(sum.meanObjective) - (try #require(step["loss"]?.double))) < 1e-4, "step \(index + 1)")
      #expect(abs(norm - expectedNorm) < 1e-4 * max(1, expectedNorm), "step \(index + 1)")
      adapter.base.trained.update(
        AdamW(beta1: 0.9, beta2: 0.95), gradients: gradients, firstMoment: first, secondMoment: second, step: index + 1,
        learningRate: 1e-2, gradientScale: GradientNorm.clippingFactor(norm: norm, maximum: 1), on: team)
    }
    #expect((0..<adapter.base.parameters.count).map { adapter.base.parameters.base[$0].bitPattern } == before)
  }
}
