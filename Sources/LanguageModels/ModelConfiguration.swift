import StrictJSON

/// A model's configuration: what config.json of a Hugging Face folder says, or a job's `model` section with the same field names.
package struct ModelConfiguration: Sendable {
  package let architecture: Architecture
  package let decoder: any Decoder
  /// The object that this was read from, for fields that nobody here knows: they are written back as they came.
  let source: JSONObject

  package var dimensions: ModelDimensions { decoder.dimensions }
  package var specialTokens: SpecialTokens { decoder.specialTokens }

  /// Reads the text of a config.json.
  ///
  /// - changing: members that are read with another value than the text has.
  package init(parsing bytes: some Sequence<UInt8>, changing members: [(String, JSONNode)] = []) throws(ModelError) {
    var node: JSONNode
    do {
      node = try JSONParser.parse(bytes)
    } catch {
      throw ModelError(
        .invalidConfiguration, "This is no JSON: line \(error.line), column \(error.column): \(error.message).")
    }
    if !members.isEmpty, let object = node.object {
      let changed = Set(members.map(\.0))
      node = .object(object.members.filter { !changed.contains($0.key) }.map { ($0.key, $0.node) } + members)
    }
    try self.init(node)
  }

  /// Reads a parsed config.json. What is left out has the default of transformers' configuration class.
  package init(_ node: JSONNode) throws(ModelError) {
    guard let object = node.object else {
      throw ModelError(.invalidConfiguration, "This is \(node.kindName); a model's configuration is an object.")
    }
    let fields = ConfigurationFields(object)
    guard fields.has("model_type") else {
      throw ModelError(
        .invalidConfiguration, "model_type is missing.",
        hint: "Supported model types: \(Architecture.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    architecture = try Architecture(modelType: fields.string("model_type", default: ""))
    decoder = try architecture.decoder.init(reading: fields)
    source = object
  }

  /// The object of config.json: the fields of the architecture in the spellings of transformers 4 and 5, then whatever else the
  /// source had, keys in alphabetical order as transformers writes them.
  ///
  /// - storedAs: the element type of the weights beside it.
  package func json(storedAs precision: StoredPrecision = .float32) -> JSONNode {
    var members = Dictionary(source.members.map { ($0.key, $0.node) }, uniquingKeysWith: { $1 })
    for (key, node) in decoder.configurationMembers { members[key] = node }
    members["model_type"] = .string(architecture.rawValue)
    members["architectures"] = [.string(type(of: decoder).className)]
    members["dtype"] = .string(precision.torchName)
    members["torch_dtype"] = .string(precision.torchName)
    // How a folder was quantised or where it lay once is not true of what is written now.
    for gone in ["quantization_config", "_name_or_path", "auto_map"] { members[gone] = nil }
    return .object(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  }

  /// The object of generation_config.json.
  package var generationJSON: JSONNode {
    let tokens = specialTokens.members.filter { !$0.1.isNull }
    return .object([("_from_model_config", true)] + tokens + [("use_cache", true)])
  }
}

/// How weights are stored in a file.
package enum StoredPrecision: String, Sendable, CaseIterable {
  case float32
  case bfloat16

  /// As config.json has it under `dtype`.
  var torchName: String { rawValue }
  /// As safetensors has it.
  var safetensorsName: String { self == .float32 ? "F32" : "BF16" }
  var byteCount: Int { self == .float32 ? 4 : 2 }
}
