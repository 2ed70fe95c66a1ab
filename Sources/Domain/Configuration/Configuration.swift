import StrictJSON

/// A training configuration, whole: every default filled in. Decoded from what a user dropped, checked, and written into
/// the job's folder as `config.json`.
package struct Configuration: Sendable, Equatable {
  package var model = ModelSection()
  package var tokenizer = TokenizerSection()
  package var training: TrainingSection
  package var data = DataSection()
  package var evaluation = EvaluationSection()
  package var tensorboard = TensorBoardSection()
  /// As written: they describe tools to a model that calls them.
  package var tools: JSONNode = []
  /// Everything that is drawn by lot comes from it: first weights, order, dropout, samples.
  package var seed = 42
  package var name: String?
  package var description: String?

  package init(method: TrainingMethod) { training = TrainingSection(method: method) }

  /// Of a config with every default filled in, as it is written into a job's folder.
  private static let resolvedSchema = "dropforge.config/1"
  static let sectionKeys: [String] = ["model", "tokenizer", "training", "data", "tools", "evaluation", "tensorboard"]
  static let plainKeys: [String] = ["seed", "name", "description", "schema", "$schema", "version"]
}

extension Configuration {
  /// Reads a config: all findings at once. The configuration is whole even where findings are errors; it must not be run then.
  package static func decode(_ node: JSONNode, source: ConfigSource) -> (Configuration, [Finding]) {
    guard var root = node.object else {
      return (Configuration(method: .pretrain), [Finding(.error, "", "a config is a JSON object, but this is \(node.kindName)")])
    }
    var findings: [Finding] = []
    var wrapper = JSONObject()
    // Templates elsewhere wrap the config: {"name": …, "config": {…}}.
    if let inner = root["config"]?.object, root["training"] == nil {
      wrapper = root
      root = inner
    }
    var recipeFindings: [Finding] = []
    if FlatRecipe.isRecipe(root) { (root, recipeFindings) = FlatRecipe.sections(of: root, source) }
    root = withSeedAtTheTop(root)
    findings += recipeFindings
    var configuration = Configuration(method: method(of: root))
    for member in wrapper.members where member.key != "config" {
      let unknown = Finding(.error, member.key, unknownKey(member.key), line: source.line(ofByte: member.keyByte))
      findings += configuration.setPlain(member, source) ?? [unknown]
    }

    findings += overlay(&configuration.model, "model", root, source)
    // "name" of a tokenizer may stand as a plain string.
    findings += overlay(&configuration.tokenizer, "tokenizer", root, source, plainKey: "name")
    if let training = root["training"]?.object {
      let (spared, loraComplaints) = LoRAConfigObject.spread(training, source)
      let (spread, complaints) = ScheduleSettings.spread(spared, source)
      findings += loraComplaints + complaints + TrainingMethod.remark(on: training, source)
      root["training"] = JSONNode(.object(spread), byte: root["training"]?.byte ?? 0)
    }
    findings += overlay(&configuration.training, "training", root, source)
    findings += overlay(&configuration.data, "data", root, source)
    findings += overlay(&configuration.evaluation, "evaluation", root, source)
    findings += overlay(&configuration.tensorboard, "tensorboard", root, source)

    for member in root.members {
      if let plain = configuration.setPlain(member, source) {
        findings += plain
        continue
      }
      let line = source.line(ofByte: member.keyByte)
      switch member.key {
      case "seed":
        if let seed = member.node.int, seed >= 0 {
          configuration.seed = seed
        } else {
          findings.append(Finding(.error, "seed", "must be a whole number, at least 0", line: line))
        }
      case "tools":
        findings += ToolDefinition.findings(member.node, source)
        configuration.tools = member.node
      case let key where sectionKeys.contains(key): break
      case let key:
        findings.append(Finding(.error, key, unknownKey(key), line: line))
      }
    }
    findings += missing(in: root, source)
    let wrong = Set(findings.errors.map(\.field))
    var checked = bothGiven(in: root, besides: wrong) + configuration.check(source: source)
    // What is usual is a matter of the method: of one that is not known nothing is.
    if namesKnownMethod(root) { checked += configuration.remarksOnUnusualValues() }
    findings += checked.map { finding in
      var finding = finding
      finding.line = line(of: finding.field, in: root, source)
      return finding
    }
    configuration.training.fillLoRA()
    configuration.training.fillBest()
    return (configuration, findings.map { $0.completed(from: root) })
  }

  /// What no config can do without.
  private static func missing(in root: JSONObject, _ source: ConfigSource) -> [Finding] {
    guard let training = root["training"] else {
      return [Finding(.error, "training", "this section is missing; it says at least the method")]
    }
    guard let object = training.object, object["method"] == nil, object["training_type"] == nil else { return [] }
    let words = TrainingMethod.allCases.map(\.rawValue).joined(separator: ", ")
    return [
      Finding(.error, "training.method", "this field is missing; it is one of \(words)", line: source.line(ofByte: training.byte))
    ]
  }

  /// Fields of which one wins where both stand: never silently.
  private static func bothGiven(in root: JSONObject, besides wrong: Set<String>) -> [Finding] {
    // A resolved config has every field with its value: there nobody said both.
    if root["schema"]?.string == resolvedSchema { return [] }
    let pairs = [
      ("training", "warmup_steps", "warmup_ratio"), ("training", "max_steps", "num_epochs"), ("data", "eval_split", "train_split"),
    ]
    return pairs.compactMap { section, winner, loser in
      guard let object = root[section]?.object else { return nil }
      func given(_ key: String) -> JSONNode? {
        (field(at: "\(section).\(key)")?.spellings ?? [key]).lazy.compactMap { object[$0] }.first { !$0.isNull }
      }
      guard let wins = given(winner), let loses = given(loser), wrong.isDisjoint(with: ["\(section).\(winner)", "\(section).\(loser)"])
      else {
        return nil
      }
      // The two shares of a split that make a whole say the same.
      if section == "data", let eval = wins.double, let train = loses.double, abs(eval + train - 1) < 1e-9 { return nil }
      if section == "data", let eval = wins.double, let train = loses.double, eval + train > 1 { return nil }  // an error of its own
      return Finding(.warning, "\(section).\(loser)", "\(winner) \(wins.shortText) stands here too and wins; keep one of them")
    }
  }

  /// Trainers elsewhere have the seed among the training's arguments.
  private static func withSeedAtTheTop(_ root: JSONObject) -> JSONObject {
    guard root["seed"] == nil, let training = root["training"]?.object,
      let seed = training.members.first(where: { $0.key == "seed" })
    else { return root }
    var root = root
    root["training"] = JSONNode(
      .object(JSONObject(training.members.filter { $0.key != "seed" })), byte: root["training"]?.byte ?? 0)
    return JSONObject(root.members + [seed])
  }

  /// Where a field stands, under whichever of its spellings; nil where the file does not name it.
  private static func line(of field: String, in root: JSONObject, _ source: ConfigSource) -> Int? {
    let parts = field.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2, let section = root[parts[0]]?.object else { return nil }
    let spellings = Configuration.field(at: field)?.spellings ?? [parts[1]]
    return section.members.first { spellings.contains($0.key) }.flatMap { source.line(ofByte: $0.keyByte) }
  }

  /// Keys that stand at the top of a config and in what wraps it; nil for any other.
  private mutating func setPlain(_ member: JSONObject.Member, _ source: ConfigSource) -> [Finding]? {
    switch member.key {
    case "schema", "$schema", "version", "comment": return []
    case _ where member.key.hasPrefix("_"): return []
    case "name", "description":
      guard let text = member.node.string else {
        return [
          Finding(.error, member.key, "must be a string, but this is \(member.node.kindName)", line: source.line(ofByte: member.keyByte))
        ]
      }
      if member.key == "name" { name = text } else { description = text }
      return []
    default: return nil
    }
  }

  private static func method(of root: JSONObject) -> TrainingMethod {
    let training = root["training"]?.object
    return (training?["method"] ?? training?["training_type"]).flatMap(TrainingMethod.init(node:)) ?? .pretrain
  }

  private static func namesKnownMethod(_ root: JSONObject) -> Bool {
    let training = root["training"]?.object
    return (training?["method"] ?? training?["training_type"]).flatMap(TrainingMethod.init(node:)) != nil
  }

  private static func overlay<S: Section>(
    _ section: inout S, _ key: String, _ root: JSONObject, _ source: ConfigSource, plainKey: String? = nil
  ) -> [Finding] {
    guard let node = root[key], !node.isNull else { return [] }
    if let plainKey, let text = node.string {
      return section.overlay(
        JSONObject([.init(key: plainKey, keyByte: node.byte, node: JSONNode(.string(text), byte: node.byte))]), path: "\(key).",
        source: source)
    }
    guard let object = node.object else {
      return [Finding(.error, key, "must be an object, but this is \(node.kindName)", line: source.line(ofByte: node.byte))]
    }
    return section.overlay(object, path: "\(key).", source: source)
  }

  /// A field that stands in the wrong place is named with its right one.
  private static func unknownKey(_ key: String) -> String {
    for section in ["training", "data", "model", "evaluation", "tokenizer", "tensorboard"] {
      guard let field = field(at: "\(section).\(key)"), !["name", "type", "enabled"].contains(key) else { continue }
      return "no such field here; it belongs into \"\(section)\": \(section).\(field.isForeign ? key : field.key)"
    }
    let known = sectionKeys + plainKeys
    if let near = NearestKey.suggestion(for: key, among: known) { return "no such field. Did you mean \"\(near)\"?" }
    return "no such field; known here: \(known.joined(separator: ", "))"
  }

  /// `config.json` in the job's folder.
  package var node: JSONNode {
    var object = JSONObject()
    object["schema"] = Self.resolvedSchema.node
    if let name { object["name"] = name.node }
    if let description { object["description"] = description.node }
    object["model"] = JSONNode(.object(model.object))
    object["tokenizer"] = JSONNode(.object(tokenizer.object))
    object["training"] = JSONNode(.object(training.object))
    object["data"] = JSONNode(.object(data.object))
    object["tools"] = tools
    object["evaluation"] = JSONNode(.object(evaluation.object))
    object["tensorboard"] = JSONNode(.object(tensorboard.object))
    object["seed"] = seed.node
    return JSONNode(.object(object))
  }
}
