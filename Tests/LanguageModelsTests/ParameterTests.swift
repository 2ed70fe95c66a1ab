import Kernels
import LanguageModels
import Testing

struct ParameterTests {
  @Test(arguments: [
    ("model.embed_tokens.weight", true), ("model.layers.0.self_attn.q_proj.weight", true), ("model.layers.0.self_attn.q_proj.bias", false),
    ("model.layers.0.input_layernorm.weight", false), ("model.norm.weight", false), ("model.layers.3.self_attn.q_norm.weight", false),
    ("transformer.h.0.ln_1.weight", false), ("transformer.ln_f.bias", false), ("transformer.h.0.attn.c_attn.weight", true),
    ("model.layers.0.input_residual", true), ("model.layers.0.self_attn.A", true), ("lm_head.weight", true), ("a.normal.weight", true),
  ])
  func weight_decay_follows_the_rule_of_transformers_trainer(_ name: String, _ decays: Bool) {
    #expect(ParameterLayout.decays(name) == decays)
  }

  @Test(arguments: TinyModel.allCases)
  func tensors_of_a_layout_do_not_overlap_and_decay_runs_cover_it(_ tiny: TinyModel) throws {
    let layout = try tiny.configuration.decoder.layout
    var end = 0
    for tensor in layout.tensors {
      #expect(tensor.offset >= end && tensor.offset < end + 16)
      end = tensor.offset + tensor.count
      #expect(layout[tensor.name] == tensor)
    }
    #expect(layout.count == end)
    let runs = layout.decayRuns
    #expect(runs.first?.range.lowerBound == 0 && runs.last?.range.upperBound == layout.count)
    #expect(zip(runs, runs.dropFirst()).allSatisfy { $0.range.upperBound == $1.range.lowerBound && $0.decays != $1.decays })
    for tensor in layout.tensors {
      let run = try #require(runs.first { $0.range.contains(tensor.offset) })
      #expect(run.decays == tensor.decays && run.range.upperBound >= tensor.offset + tensor.count)
    }
  }

  @Test func a_new_model_is_drawn_as_transformers_draws_it() throws {
    let text = #"{"model_type": "gpt2", "n_embd": 96, "n_layer": 8, "n_head": 4, "vocab_size": 500, "initializer_range": 0.1}"#
    let gpt2 = try LanguageModel(ModelConfiguration(parsing: Array(text.utf8)), seed: 1, on: ThreadTeam(count: 2))
    func deviation(_ name: String) throws -> Double {
      let values = try #require(gpt2.parameters[name])
      return (values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)).squareRoot()
    }
    #expect(abs(try deviation("transformer.wte.weight") / 0.1 - 1) < 0.03)
    #expect(abs(try deviation("transformer.h.3.attn.c_attn.weight") / 0.1 - 1) < 0.03)
    #expect(abs(try deviation("transformer.h.3.attn.c_proj.weight") / 0.025 - 1) < 0.03)  // 0.1 / √(2 · 8)
    #expect(abs(try deviation("transformer.h.3.mlp.c_proj.weight") / 0.025 - 1) < 0.03)
    #expect(try #require(gpt2.parameters["transformer.h.0.ln_1.weight"]).allSatisfy { $0 == 1 })
    #expect(try #require(gpt2.parameters["transformer.h.0.mlp.c_fc.bias"]).allSatisfy { $0 == 0 })

    let llama = try LanguageModel(TinyModel.llama.configuration, seed: 1, on: ThreadTeam(count: 2))
    let embedding = try #require(llama.parameters["model.embed_tokens.weight"])
    #expect(embedding[48..<72].allSatisfy { $0 == 0 } && embedding[24..<48].allSatisfy { $0 != 0 })  // row 2: padding
    #expect(try #require(llama.parameters["lm_head.weight"])[48..<72].allSatisfy { $0 != 0 })
  }

  @Test func a_seed_gives_one_model_whatever_the_threads_and_another_seed_another() throws {
    let configuration = try TinyModel.gpt2.configuration
    func bits(_ seed: UInt64, _ threads: Int) throws -> [UInt32] {
      let model = try LanguageModel(configuration, seed: seed, on: ThreadTeam(count: threads))
      return (0..<model.parameters.count).map { model.parameters.base[$0].bitPattern }
    }
    let one = try bits(1, 1)
    #expect(try bits(1, 3) == one)
    let other = try bits(2, 1)
    #expect(zip(one, other).count { $0 != $1 } > one.count / 2)
  }
}
