import Kernels
import StrictJSON
import SystemPackage

extension LanguageModel {
  /// Reads a Hugging Face folder: config.json and the weights, in one file or in shards, in F32, F16 or BF16.
  ///
  /// A folder of PEFT's is read with the base model that it names, and merged into it.
  /// Every tensor of the layout must be there with its shape, and no other may be; all that is wrong is named at once. A tied head's
  /// own copy is passed over, and buffers that `canonicalName` knows as such.
  ///
  /// - changing: members of config.json that are read with another value than the file has.
  package static func load(
    _ folder: FilePath, changing members: [(String, JSONNode)] = [], on team: ThreadTeam
  ) throws(ModelError) -> LanguageModel {
    let source = try ModelFolder(folder)
    let model = try LanguageModel(uninitialized: source.configuration(changing: members), on: team)
    try model.read(SafetensorsFolder(source.base).files, source.base)
    if let adapter = source.adapter { try model.merge(LoRAAdapter(adapter)) }
    return model
  }

  private func read(_ files: [SafetensorsFile], _ folder: FilePath) throws(ModelError) {
    var shapes: [String: [Int]] = [:]
    for file in files {
      for name in file.names { shapes[name] = file.shape(of: name) }
    }
    do {
      try type(of: decoder).refuse(shapes, decoder)
    } catch {
      throw error.about(folder.string)
    }
    var missing = Set(layout.tensors.map(\.name))
    var unexpected: [String] = []
    var misshapen: [String] = []
    for file in files {
      for name in file.names {
        guard let canonical = type(of: decoder).canonicalName(name) else { continue }
        guard let tensor = layout[canonical], let values = parameters[canonical] else {
          if !(dimensions.tiesEmbeddings && canonical == "lm_head.weight") { unexpected.append(name) }
          continue
        }
        guard let shape = file.shape(of: name), shape == tensor.shape else {
          misshapen.append("\(name) is \(file.shape(of: name) ?? []), not \(tensor.shape)")
          missing.remove(canonical)
          continue
        }
        guard missing.remove(canonical) != nil else {
          throw ModelError(.tensorMismatch, path: folder.string, "Tensor \(canonical) is there twice.")
        }
        try file.read(name, into: values)
      }
    }
    let problems = [
      Self.list("Missing: ", layout.tensors.map(\.name).filter(missing.contains)), Self.list("Unexpected: ", unexpected.sorted()),
      Self.list("Of another shape: ", misshapen),
    ].compactMap(\.self)
    guard problems.isEmpty else {
      throw ModelError(
        .tensorMismatch, path: folder.string, "The weights do not fit config.json. \(problems.joined(separator: " "))",
        hint: "config.json and the weights must come from the same model.")
    }
  }

  /// "Missing: a, b and 3 more."; nil for none.
  private static func list(_ title: String, _ names: [String]) -> String? {
    if names.isEmpty { return nil }
    let rest = names.count > 8 ? " and \(names.count - 8) more" : ""
    return title + names.prefix(8).joined(separator: ", ") + rest + "."
  }

  /// Bytes of weights in a file: more are cut into shards, as transformers cuts them.
  package static let shardBytes = 5_000_000_000

  /// Writes config.json, generation_config.json and the weights into a folder that exists, each brought to the disk: model.safetensors,
  /// or shards and their index where they are more than `shardBytes`. A tied head is left out, as transformers leaves it out.
  /// Publishing the folder is the caller's business.
  package func save(
    to folder: FilePath, storedAs precision: StoredPrecision = .float32, shardBytes: Int = LanguageModel.shardBytes
  ) throws(ModelError) {
    try OutputFile.write(configuration.json(storedAs: precision).text(.pretty) + "\n", to: folder.appending("config.json"))
    try OutputFile.write(configuration.generationJSON.text(.pretty) + "\n", to: folder.appending("generation_config.json"))
    try SafetensorsFolder.write(parameters.tensors, to: folder, storedAs: precision, shardBytes: shardBytes)
  }

  /// Writes what trains: the adapter in PEFT's layout where there is one, else the model.
  package func saveTrained(to folder: FilePath) throws(ModelError) {
    if let adapter { try adapter.save(to: folder) } else { try save(to: folder) }
  }

  /// Reads what `saveTrained` wrote of this very model, in place of what stands.
  package func readTrained(from folder: FilePath) throws(ModelError) {
    if let adapter { try adapter.read(folder) } else { try read(SafetensorsFolder(folder).files, folder) }
    trained.hasChanged()
  }
}

extension ParameterStore {
  /// The tensors for a file, in the order of the layout.
  package var tensors: [SafetensorsWriter.Tensor] { tensors(prefix: "") }

  /// The same under names with a prefix: moments and parameters in one checkpoint.
  package func tensors(prefix: String) -> [SafetensorsWriter.Tensor] {
    layout.tensors.map { SafetensorsWriter.Tensor(name: prefix + $0.name, shape: $0.shape, values: base + $0.offset, owner: self) }
  }

  /// Reads what `tensors(prefix:)` wrote.
  package func read(from file: SafetensorsFile, prefix: String = "") throws(ModelError) {
    for tensor in layout.tensors {
      try file.read(prefix + tensor.name, into: UnsafeMutableBufferPointer(start: base + tensor.offset, count: tensor.count))
    }
  }
}
