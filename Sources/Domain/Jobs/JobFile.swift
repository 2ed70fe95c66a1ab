import StrictJSON

/// What a job file asks for, whichever of the accepted forms it was written in.
package struct JobFile: Sendable, Equatable {
  package enum DatasetChoice: Sendable, Equatable {
    case one(String)
    case trainAndEval(String, String)
    /// Several by ratio, and where there is one a dataset to evaluate on.
    case mixture([DatasetMixture.Part], eval: String?)

    package var names: [String] {
      switch self {
      case .one(let name): [name]
      case .trainAndEval(let train, let eval): [train, eval]
      case .mixture(let parts, let eval): parts.map(\.name) + [eval].compactMap(\.self)
      }
    }
  }

  package enum ConfigChoice: Sendable, Equatable {
    /// A stored config's name, and its version where the job names one.
    case stored(String, version: Int?)
    case inline(JSONNode)
  }

  package var name: String
  package var dataset: DatasetChoice
  package var config: ConfigChoice
  /// Path of a field to its value: `["training.learning_rate": 1e-4]`.
  package var overrides: [String: JSONNode]
  /// Higher runs first; 0 is usual.
  package var priority: Int
  /// The file names no dataset: its rows are made from the config's tools, and become one (`generatedRows`).
  package var isDatasetGenerated = false
  /// The job that must be completed before: by name or identifier. Where the config names no model, its result is the base.
  package var after: String?
  /// Overrides that hold several values: this file stands for as many jobs.
  package var sweep: Sweep?
  /// It trains nothing, and measures a model: what a request asked for.
  package var evaluation: EvaluationTask?

  package init(
    name: String, dataset: DatasetChoice, config: ConfigChoice, overrides: [String: JSONNode] = [:], priority: Int = 0,
    after: String? = nil,
    sweep: Sweep? = nil
  ) {
    self.after = after
    self.sweep = sweep
    self.name = name
    self.dataset = dataset
    self.config = config
    self.overrides = overrides
    self.priority = priority
  }

  package static let keys = ["name", "dataset", "config", "engine", "overrides", "priority", "after", "sweep", "description", "comment"]

  /// Reads a job file. `fallbackName` names a job that has no name: the file's.
  /// Without errors among the findings the job is there.
  package static func decode(_ node: JSONNode, source: ConfigSource, fallbackName: String) -> (JobFile?, [Finding]) {
    guard let object = node.object else { return (nil, [Finding(.error, "", "a job file is a JSON object, but this is \(node.kindName)")]) }
    if object["action"]?.string == "evaluate" {
      let (task, findings) = EvaluationTask.read(object, source)
      return (task?.jobFile, findings)
    }
    if object["dataset_path"] != nil || object["model_config"] != nil {
      return ForeignJobFile.decodeSmallDoge(object, source, fallbackName)
    }
    if object["config"]?.object?["datasetPath"] != nil { return ForeignJobFile.decodeTrainingStudio(object, source, fallbackName) }

    var findings: [Finding] = []
    var job = JobFile(name: fallbackName, dataset: .one(""), config: .stored("", version: nil))
    func refuse(_ field: String, _ message: String, _ byte: Int) {
      findings.append(Finding(.error, field, message, line: source.line(ofByte: byte)))
    }
    for member in object.members where member.key != "comment" && !member.key.hasPrefix("_") {
      let value = member.node
      switch member.key {
      case "name":
        if let name = value.string, !name.isEmpty {
          job.name = name
        } else {
          refuse("name", "must be a string that is not empty", member.keyByte)
        }
      case "description", "schema", "$schema": break
      case "after":
        if let after = value.string, !after.isEmpty {
          job.after = after
        } else {
          refuse("after", "must be the name of the job that is to be completed before", member.keyByte)
        }
      case "sweep": break  // read with the overrides
      case "dataset":
        if let choice = datasetChoice(value, refuse: { refuse("dataset", $0, member.keyByte) }) { job.dataset = choice }
      case "config":
        if let choice = configChoice(value) {
          job.config = choice
        } else {
          refuse(
            "config", "must be the name of a stored config, \"NAME\" or \"NAME@VERSION\", or the config itself as an object", member.keyByte
          )
        }
      case "engine":
        if value.string != "native" {
          refuse("engine", "\(value.text()) is not built; this version has the engine \"native\"", member.keyByte)
        }
      case "overrides":
        guard let overrides = value.object else {
          refuse("overrides", "must be an object of field paths and values", member.keyByte); continue
        }
        for override in overrides.members { job.overrides[override.key] = override.node }
      case "priority":
        if let priority = value.int { job.priority = priority } else { refuse("priority", "must be a whole number", member.keyByte) }
      case let key:
        let near = NearestKey.suggestion(for: key, among: keys)
        let hint =
          near.map { "no such field in a job file. Did you mean \"\($0)\"?" }
          ?? "no such field in a job file; known are \(keys.joined(separator: ", "))"
        refuse(key, hint, member.keyByte)
      }
    }
    if object["dataset"] == nil {
      // A config may make its rows itself; of a stored one that is seen where it is at hand.
      if job.mayMakeRows(object["config"]) {
        job.isDatasetGenerated = true
      } else {
        findings.append(Finding(.error, "dataset", "this field is missing; it names the dataset to train on"))
      }
    }
    if object["config"] == nil {
      findings.append(
        Finding(.error, "config", "this field is missing; it names a stored config or holds one (templates/ has complete job files)"))
    }
    if job.after == job.name { findings.append(Finding(.error, "after", "a job cannot wait for itself")) }
    findings += job.takeSweep(object, source)
    return (findings.errors.isEmpty ? job : nil, findings)
  }

  private static func datasetChoice(_ node: JSONNode, refuse: (String) -> Void) -> DatasetChoice? {
    if let name = node.string, !name.isEmpty { return .one(name) }
    if let list = node.array { return DatasetMixture.parts(list, refuse: refuse).map { .mixture($0, eval: nil) } }
    if let object = node.object {
      let unknown = object.keys.filter { $0 != "train" && $0 != "eval" }
      guard unknown.isEmpty, let train = object["train"], train.array != nil || train.string?.isEmpty == false else {
        refuse("must be a name, a list of names with ratios, or {\"train\": NAME or LIST, \"eval\": NAME}")
        return nil
      }
      let eval = object["eval"]
      if let eval, eval.string?.isEmpty != false {
        refuse("\"eval\" must be a dataset's name")
        return nil
      }
      if let list = train.array { return DatasetMixture.parts(list, refuse: refuse).map { .mixture($0, eval: eval?.string) } }
      return eval?.string.map { .trainAndEval(train.string ?? "", $0) } ?? .one(train.string ?? "")
    }
    refuse("must be a dataset's name")
    return nil
  }

  private static func configChoice(_ node: JSONNode) -> ConfigChoice? {
    if node.object != nil { return .inline(node) }
    guard let text = node.string, !text.isEmpty else { return nil }
    let parts = text.split(separator: "@", maxSplits: 1)
    if parts.count == 2, let version = Int(parts[1]) { return .stored(String(parts[0]), version: version) }
    return .stored(text, version: nil)
  }
}

extension JobFile {
  /// The rows that are made for this job where it names no dataset, and the name of the dataset that they become; nil where it names one.
  /// Other rows have another name, so that a job never starts with those of one before it.
  package func generatedRows(_ configuration: Configuration) -> (dataset: SafeName, rows: String)? {
    guard isDatasetGenerated, configuration.data.generation == .synthetic else { return nil }
    // Methods that compare answers train on pairs.
    let method = configuration.training.method.rawValue
    let rows = ToolDialogues(
      tools: ToolDefinition.all(configuration.tools), strategy: configuration.data.strategy, count: configuration.data.rowLimit,
      seed: UInt64(configuration.seed), asPairs: method == "dpo" || method == "orpo"
    ).rows
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
    for byte in rows.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return (SafeName(from: "\(name)-rows-\(String(hash >> 32, radix: 16))"), rows)
  }

  private func mayMakeRows(_ config: JSONNode?) -> Bool {
    guard let object = config?.object else { return config?.string != nil }
    let inner = object["training"] == nil ? object["config"]?.object ?? object : object
    return (overrides["data.generation_type"] ?? inner["data"]?["generation_type"])?.string == GenerationType.synthetic.rawValue
  }

  /// What is wrong with the job's dataset in the light of its config; nil where nothing is.
  package func datasetFinding(_ configuration: Configuration?) -> Finding? {
    if case .mixture = dataset, configuration?.training.method == .grpo {
      return Finding(
        .error, "dataset",
        "grpo reads the prompts of one dataset, and this job mixes several: its rewards look at the rows themselves, of which a mixture keeps only the tokens; name one dataset, or drop the rows of all of them as one"
      )
    }
    guard let configuration else {
      guard isDatasetGenerated else { return nil }
      return Finding(
        .error, "dataset",
        "this field is missing; it names the dataset to train on. Where the config makes its own rows, drop the config before the job")
    }
    if isDatasetGenerated, configuration.data.generation != .synthetic {
      return Finding(.error, "dataset", "this field is missing; it names the dataset to train on")
    }
    if !isDatasetGenerated, configuration.data.generation == .synthetic {
      return Finding(
        .error, "dataset",
        "the config makes its rows from tools (data.generation_type \"synthetic\"), and a dataset is named too; remove one of the two")
    }
    return nil
  }

  /// The config with the job's overrides laid over it, still as JSON: `training.learning_rate` sets `{"training": {"learning_rate": …}}`.
  package func applyOverrides(to config: JSONNode) -> (JSONNode, [Finding]) {
    guard var root = config.object else { return (config, []) }
    if let inner = root["config"]?.object, root["training"] == nil { root = inner }
    var findings: [Finding] = []
    for (path, override) in overrides.sorted(by: { $0.key < $1.key }) {
      // A stored config is another text: the override's place in the job file would name a wrong line of it.
      let value = if case .stored = self.config { override.withoutPlace } else { override }
      let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
      if parts.count == 1 {
        root[path] = value
      } else if var section = (root[parts[0]] ?? JSONNode(.object(JSONObject()))).object {
        section[parts[1]] = value
        root[parts[0]] = JSONNode(.object(section))
      } else {
        findings.append(Finding(.error, "overrides.\(path)", "\"\(parts[0])\" is no section of this config"))
      }
    }
    if let after, root["training"] != nil, Self.namesNoModel(root) {
      var model = root["model"]?.object ?? JSONObject()
      model["name"] = after.node
      root["model"] = JSONNode(.object(model), byte: root["model"]?.byte ?? -1)
    }
    return (JSONNode(.object(root)), findings)
  }

  /// Whether the config leaves open what is trained: neither a model's name nor the shape of a new one.
  private static func namesNoModel(_ root: JSONObject) -> Bool {
    guard let model = root["model"]?.object else { return root["model"] == nil }
    let spellings = ModelSection.spellings(of: "name")
    return !model.keys.contains { key in
      spellings.contains(key) || ModelSection.shapeKeys.contains { ModelSection.spellings(of: $0).contains(key) }
    }
  }
}

extension JSONNode {
  /// The same value, standing nowhere: findings about it name no line.
  var withoutPlace: JSONNode {
    switch value {
    case .array(let elements): JSONNode(.array(elements.map(\.withoutPlace)), byte: -1)
    case .object(let object):
      JSONNode(.object(JSONObject(object.members.map { .init(key: $0.key, keyByte: -1, node: $0.node.withoutPlace) })), byte: -1)
    default: JSONNode(value, byte: -1)
    }
  }
}
