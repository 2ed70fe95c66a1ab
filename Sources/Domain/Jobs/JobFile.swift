import StrictJSON

/// What a job file asks for, whichever of the accepted forms it was written in.
package struct JobFile: Sendable, Equatable {
  package enum DatasetChoice: Sendable, Equatable {
    case one(String)
    case trainAndEval(String, String)

    package var names: [String] {
      switch self {
      case .one(let name): [name]
      case .trainAndEval(let train, let eval): [train, eval]
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
  /// The job that must be completed before: by name or identifier. Where the config names no model, its result is the base.
  package var after: String?
  /// Overrides that hold several values: this file stands for as many jobs.
  package var sweep: Sweep?

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
    if object["dataset"] == nil { findings.append(Finding(.error, "dataset", "this field is missing; it names the dataset to train on")) }
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
    if let object = node.object {
      let unknown = object.keys.filter { $0 != "train" && $0 != "eval" }
      guard unknown.isEmpty, let train = object["train"]?.string else {
        refuse("must be a name, or {\"train\": NAME, \"eval\": NAME}")
        return nil
      }
      guard let eval = object["eval"] else { return .one(train) }
      guard let eval = eval.string else {
        refuse("\"eval\" must be a dataset's name")
        return nil
      }
      return .trainAndEval(train, eval)
    }
    refuse(node.array != nil ? "mixing several datasets is not built yet; name one" : "must be a dataset's name")
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
