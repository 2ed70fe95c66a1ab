import StrictJSON

/// A recipe of other trainers: every field in one flat object, as the arguments of transformers' and TRL's scripts are
/// (SmallDoge's recipes are that), brought into sections.
enum FlatRecipe {
  /// Objects that hold the shape of a model.
  private static let shapes: Set<String> = ["model_config", "model_init_kwargs"]
  /// Where a recipe says what it trains on. A config does not: its job does.
  private static let datasets: Set<String> = [
    "dataset", "dataset_name", "dataset_name_or_path", "dataset_path", "dataset_config", "dataset_train_split", "dataset_test_split",
    "datasets_and_ratios", "total_sample_size",
  ]
  /// One of these at the top, and no section `training`: it is a recipe.
  private static let marks: Set<String> = [
    "learning_rate", "per_device_train_batch_size", "num_train_epochs", "max_steps", "lr_scheduler_type", "gradient_accumulation_steps",
  ]

  static func isRecipe(_ root: JSONObject) -> Bool {
    root["training"] == nil && root.keys.contains(where: marks.contains)
  }

  /// The same with sections, and what was done on the way.
  static func sections(of root: JSONObject, _ source: ConfigSource) -> (JSONObject, [Finding]) {
    var findings: [Finding] = []
    var sections: [String: [JSONObject.Member]] = [:]
    var rest: [JSONObject.Member] = []
    let homes = homes()
    for member in root.members {
      let line = source.line(ofByte: member.keyByte)
      if shapes.contains(member.key), let shape = member.node.object {
        sections["model", default: []] += shape.members
        if let name = root["model_name_or_path"]?.string {
          findings.append(
            Finding(
              .warning, member.key, "the shape of a model made from nothing stands here, so \"\(name)\" is not loaded", line: line))
          sections["model", default: []].append(.init(key: "name", keyByte: member.keyByte, node: "scratch"))
        }
      } else if member.key == "model_name_or_path", root.keys.contains(where: shapes.contains) {
        continue  // said with the shape
      } else if datasets.contains(member.key), member.node.object == nil {
        findings.append(
          Finding(.warning, member.key, "the job says which dataset is trained on: \"dataset\" in the job file", line: line))
      } else if Configuration.sectionKeys.contains(member.key), member.node.object != nil {
        sections[member.key, default: []] += member.node.object?.members ?? []
      } else if member.key == "tokenizer", member.node.string != nil {
        sections["tokenizer", default: []].append(.init(key: "name", keyByte: member.keyByte, node: member.node))
      } else if let home = homes[member.key], !Configuration.plainKeys.contains(member.key) {
        sections[home, default: []].append(member)
      } else {
        rest.append(member)
      }
    }
    for section in Configuration.sectionKeys {
      guard let members = sections[section], let first = members.first else { continue }
      rest.append(.init(key: section, keyByte: first.keyByte, node: JSONNode(.object(JSONObject(members)), byte: first.keyByte)))
    }
    return (JSONObject(rest), findings)
  }

  /// Every spelling of every field, to its section; what several have belongs to training first.
  private static func homes() -> [String: String] {
    let order = ["training", "data", "evaluation", "tokenizer", "model", "tensorboard"]
    let tables = Configuration.tables.sorted { (order.firstIndex(of: $0.section) ?? 0) < (order.firstIndex(of: $1.section) ?? 0) }
    let pairs = tables.flatMap { table in
      table.fields.flatMap { field in
        // "name" and "type" alone would say nothing at the top.
        field.spellings.filter { !["name", "type", "enabled", "revision", "metrics", "shuffle"].contains($0) }.map { ($0, table.section) }
      }
    }
    return Dictionary([("lr_scheduler_kwargs", "training")] + pairs, uniquingKeysWith: { first, _ in first })
  }
}
