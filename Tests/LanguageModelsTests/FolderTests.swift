import Kernels
import LanguageModels
import StrictJSON
import SystemPackage
import Testing

struct FolderTests {
  private func logits(_ model: LanguageModel) throws -> [Float] {
    try ModelPass(model, rows: 24, length: 12, purpose: .scoring).logits(batch(2, 12))
  }

  private func load(_ folder: TemporaryFolder) throws -> LanguageModel { try LanguageModel.load(folder.path, on: ThreadTeam(count: 2)) }

  /// Writes a model's tensors under other names, with some left out or put in.
  private func write(
    _ model: LanguageModel, to folder: TemporaryFolder, _ file: String = "model.safetensors",
    naming: (SafetensorsWriter.Tensor) -> SafetensorsWriter.Tensor? = { $0 }, adding: [SafetensorsWriter.Tensor] = []
  ) throws {
    try SafetensorsWriter.write(model.parameters.tensors.compactMap(naming) + adding, to: folder.path.appending(file))
  }

  @Test(arguments: TinyModel.allCases)
  func a_saved_model_loads_with_the_same_bits(_ tiny: TinyModel) throws {
    let folder = try TemporaryFolder(), model = try tiny.model()
    try model.save(to: folder.path)
    let again = try load(folder)
    #expect(try logits(again) == logits(model))
    #expect(again.configuration.json() == model.configuration.json())
    let names = try SafetensorsFile(folder.path.appending("model.safetensors")).names
    #expect(names.contains("lm_head.weight") == !model.dimensions.tiesEmbeddings)
    #expect(try JSONParser.parse(folder.read("generation_config.json"))["eos_token_id"] == 1)
  }

  @Test func bfloat16_is_half_the_file_and_close() throws {
    let folder = try TemporaryFolder(), model = try TinyModel.llama.model()
    try model.save(to: folder.path, storedAs: .bfloat16)
    #expect(try folder.read("model.safetensors").count < model.layout.parameterCount * 2 + 4000)
    let again = try load(folder)
    for tensor in model.layout.tensors {
      let (left, right) = (try #require(model.parameters[tensor.name]), try #require(again.parameters[tensor.name]))
      #expect(zip(left, right).allSatisfy { abs($0 - $1) <= abs($0) / 256 })
    }
  }

  @Test func files_of_the_bare_model_with_buffers_of_old_versions_load() throws {
    for (tiny, prefix, buffers) in [
      (TinyModel.gpt2, "transformer.", ["h.0.attn.bias", "h.1.attn.masked_bias"]),
      (.llama, "model.", ["layers.0.self_attn.rotary_emb.inv_freq"]),
    ] {
      let folder = try TemporaryFolder(), model = try tiny.model()
      try folder.write(model.configuration.json().text(), "config.json")
      let extra = buffers.map { SafetensorsWriter.Tensor(name: $0, shape: [2, 2], values: model.parameters.base) }
      try write(
        model, to: folder,
        naming: { tensor in
          let name = tensor.name.hasPrefix(prefix) ? String(tensor.name.dropFirst(prefix.count)) : tensor.name
          return SafetensorsWriter.Tensor(name: name, shape: tensor.shape, values: tensor.values)
        }, adding: extra)
      #expect(try logits(load(folder)) == logits(model))
    }
  }

  @Test func a_tied_heads_own_copy_is_passed_over() throws {
    let folder = try TemporaryFolder(), model = try TinyModel.llamaTied.model()
    try folder.write(model.configuration.json().text(), "config.json")
    try write(model, to: folder, adding: [.init(name: "lm_head.weight", shape: [61, 24], values: model.parameters.base)])
    #expect(try logits(load(folder)) == logits(model))
  }

  @Test func tensors_that_are_missing_unexpected_or_misshapen_are_all_named() throws {
    let folder = try TemporaryFolder(), model = try TinyModel.llama.model()
    try folder.write(model.configuration.json().text(), "config.json")
    try write(
      model, to: folder,
      naming: { tensor in
        switch tensor.name {
        case "model.norm.weight", "lm_head.weight": nil
        case "model.layers.0.mlp.up_proj.weight": .init(name: tensor.name, shape: [24, 36], values: tensor.values)
        default: tensor
        }
      }, adding: [.init(name: "model.layers.2.mlp.up_proj.weight", shape: [1], values: model.parameters.base)])
    #expect(
      message { _ = try load(folder) }
        == "\(folder.path): The weights do not fit config.json. Missing: model.norm.weight, lm_head.weight. "
        + "Unexpected: model.layers.2.mlp.up_proj.weight. Of another shape: model.layers.0.mlp.up_proj.weight is [24, 36], not [36, 24]. "
        + "config.json and the weights must come from the same model.")
    try write(model, to: folder, naming: { _ in nil })
    #expect(message { _ = try load(folder) }.contains(" and 13 more. config.json and the weights"))
  }

  @Test func shards_load_as_one_and_an_index_that_lies_is_refused() throws {
    let folder = try TemporaryFolder(), model = try TinyModel.gpt2.model()
    try folder.write(model.configuration.json().text(), "config.json")
    let names = model.layout.tensors.map(\.name), (one, two) = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    try write(model, to: folder, one, naming: { names.firstIndex(of: $0.name)! < 9 ? $0 : nil })  // every name is in the layout
    try write(model, to: folder, two, naming: { names.firstIndex(of: $0.name)! < 9 ? nil : $0 })
    func index(_ pairs: [(String, String)]) throws {
      let map = pairs.map { "\"\($0)\": \"\($1)\"" }.joined(separator: ", ")
      try folder.write("{\"metadata\": {}, \"weight_map\": {\(map)}}", "model.safetensors.index.json")
    }
    let map = names.enumerated().map { ($1, $0 < 9 ? one : two) }
    try index(map)
    #expect(try logits(load(folder)) == logits(model))
    try index(Array(map.dropFirst()))
    #expect(
      message { _ = try load(folder) }
        == "\(folder.path)/\(one): Tensor transformer.wte.weight is here, though the index does not say so.")
    try index(map + [("ghost", two)])
    #expect(message { _ = try load(folder) } == "\(folder.path)/\(two): Tensor ghost is missing, though the index says that it is here.")
    for path in ["../x", "/etc/passwd", "..", "a/b"] {
      try index(map + [("ghost", path)])
      #expect(
        message { _ = try load(folder) }
          == "\(folder.path)/model.safetensors.index.json: weight_map gives tensor ghost the file \"\(path)\", which is no file name.")
    }
    try folder.write("{}", "model.safetensors.index.json")
    #expect(message { _ = try load(folder) } == "\(folder.path)/model.safetensors.index.json: weight_map is missing.")
  }

  @Test func a_model_that_is_greater_than_a_shard_is_written_in_shards_that_load_as_one() throws {
    for tiny in [TinyModel.llamaTied, .gpt2Untied] {
      let folder = try TemporaryFolder(), model = try tiny.model()
      try model.save(to: folder.path, shardBytes: 10_000)
      let index = try JSONParser.parse(folder.read("model.safetensors.index.json"))
      let total = model.layout.tensors.reduce(0) { $0 + 4 * $1.count }
      #expect(index["metadata"]?["total_size"]?.int == total)
      let files = Set(try #require(index["weight_map"]?.object).members.compactMap(\.node.string))
      #expect(files.contains("model-00001-of-0000\(files.count).safetensors") && files.count > 2)
      for file in files {
        let shard = try SafetensorsFile(folder.path.appending(file))
        let bytes = shard.names.reduce(0) { $0 + (shard.shape(of: $1) ?? []).reduce(4, *) }
        #expect(bytes <= 10_000 || shard.names.count == 1)
      }
      #expect(try logits(load(folder)) == logits(model))
    }
  }

  @Test func a_folder_without_weights_or_configuration_says_what_is_missing() throws {
    let folder = try TemporaryFolder()
    #expect(message { _ = try load(folder) } == "\(folder.path)/config.json: It cannot be opened: No such file or directory.")
    try folder.write(#"{"model_type": "llama", "hidden_size": []}"#, "config.json")
    #expect(message { _ = try load(folder) } == "\(folder.path)/config.json: hidden_size is []; it must be a whole number.")
    try folder.write(TinyModel.gpt2.json, "config.json")
    #expect(message { _ = try load(folder) } == "\(folder.path): It holds neither model.safetensors nor model.safetensors.index.json.")
    try folder.write("x", "pytorch_model.bin")
    #expect(
      message { _ = try load(folder) }
        == "\(folder.path): It holds neither model.safetensors nor model.safetensors.index.json. "
        + "pytorch_model.bin is a Python pickle, which can run code: save the model as safetensors.")
  }

  @Test func moments_and_parameters_share_a_checkpoint_file() throws {
    let folder = try TemporaryFolder(), model = try TinyModel.gpt2.model(), path = folder.path.appending("state.safetensors")
    let moment = try ParameterStore(model.layout)
    for index in 0..<moment.count { moment.base[index] = Float(index) }
    try SafetensorsWriter.write(model.parameters.tensors + moment.tensors(prefix: "m."), to: path)
    let file = try SafetensorsFile(path), again = try ParameterStore(model.layout)
    try again.read(from: file, prefix: "m.")
    for tensor in model.layout.tensors {
      #expect(try #require(again[tensor.name]).elementsEqual(try #require(moment[tensor.name])))
    }
    #expect(message { try again.read(from: file, prefix: "v.") } == "\(path): Tensor v.transformer.wte.weight is missing.")
  }
}
