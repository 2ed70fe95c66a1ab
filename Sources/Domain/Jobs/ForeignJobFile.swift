import StrictJSON

/// Job files as other systems write them, mapped onto ours. What has no meaning here is said in a warning.
enum ForeignJobFile {
  /// `{"training_type", "model_type", "dataset_path", "output_dir", "model_config"}`: SmallDoge's training API.
  static func decodeSmallDoge(_ object: JSONObject, _ source: ConfigSource, _ fallbackName: String) -> (JobFile?, [Finding]) {
    var findings: [Finding] = []
    var training: JSONObject = [:]
    var model: JSONObject = [:]
    var dataset: String?
    var name = fallbackName
    for member in object.members {
      let line = source.line(ofByte: member.keyByte)
      switch member.key {
      case "name": name = member.node.string ?? name
      case "training_type": training["method"] = member.node
      case "model_type": model["architecture"] = member.node
      case "dataset_path": dataset = member.node.string.map(lastComponent)
      case "model_config":
        for shape in member.node.object?.members ?? [] { model[shape.key] = shape.node }
      case "additional_args":
        for argument in member.node.object?.members ?? [] { training[argument.key] = argument.node }
      case "output_dir":
        if let folder = member.node.string { name = lastComponent(folder) }
        findings.append(Finding(.warning, "output_dir", "outputs lie in workspace/jobs/<job-id>/; only its last part is used, as the job's name", line: line))
      default:
        findings.append(unknown(member.key, ["training_type", "model_type", "dataset_path", "output_dir", "model_config", "additional_args", "name"], line))
      }
    }
    return make(name, dataset, "dataset_path", training, model, findings)
  }

  /// `{"name", "config": {"baseModelPath", "datasetPath", "outputDir", "epochs", "learningRate", "batchSize", "maxSteps", …}}`: Training Studio.
  static func decodeTrainingStudio(_ object: JSONObject, _ source: ConfigSource, _ fallbackName: String) -> (JobFile?, [Finding]) {
    var findings: [Finding] = []
    var training: JSONObject = ["method": "pretrain"]
    var model: JSONObject = [:]
    var dataset: String?
    var seed: JSONNode?
    for member in object.members where member.key != "config" && member.key != "name" {
      findings.append(unknown(member.key, ["name", "config"], source.line(ofByte: member.keyByte)))
    }
    for member in object["config"]?.object?.members ?? [] {
      let line = source.line(ofByte: member.keyByte)
      switch member.key {
      case "baseModelPath": model["name"] = member.node.string.map { JSONNode(.string(lastComponent($0))) } ?? member.node
      case "datasetPath": dataset = member.node.string.map(lastComponent)
      case "epochs": training["num_epochs"] = member.node
      case "learningRate": training["learning_rate"] = member.node
      case "batchSize": training["batch_size"] = member.node
      case "maxSteps": training["max_steps"] = member.node
      case "warmupSteps": training["warmup_steps"] = member.node
      case "saveSteps":
        training["save_steps"] = member.node
        training["save_strategy"] = "steps"
      case "evalSteps": training["eval_steps"] = member.node
      case "seed": seed = member.node
      case "outputDir":
        findings.append(Finding(.warning, "config.outputDir", "outputs lie in workspace/jobs/<job-id>/; the field has no effect", line: line))
      case "useGpu":
        if member.node.bool == true {
          findings.append(Finding(.warning, "config.useGpu", "training runs on this machine's processors; the field has no effect", line: line))
        }
      default:
        findings.append(
          unknown(
            "config.\(member.key)",
            [
              "baseModelPath", "datasetPath", "outputDir", "epochs", "learningRate", "batchSize", "maxSteps", "warmupSteps", "saveSteps", "evalSteps",
              "seed", "useGpu",
            ], line))
      }
    }
    return make(object["name"]?.string ?? fallbackName, dataset, "config.datasetPath", training, model, findings, seed: seed)
  }

  private static func make(
    _ name: String, _ dataset: String?, _ datasetField: String, _ training: JSONObject, _ model: JSONObject, _ findings: [Finding],
    seed: JSONNode? = nil
  ) -> (JobFile?, [Finding]) {
    var findings = findings
    if dataset == nil { findings.append(Finding(.error, datasetField, "this field is missing; it names the dataset to train on")) }
    guard let dataset, findings.errors.isEmpty else { return (nil, findings) }
    var config: JSONObject = ["model": JSONNode(.object(model)), "training": JSONNode(.object(training))]
    if let seed { config["seed"] = seed }
    return (JobFile(name: name, dataset: .one(dataset), config: .inline(JSONNode(.object(config)))), findings)
  }

  private static func unknown(_ key: String, _ known: [String], _ line: Int?) -> Finding {
    let word = key.split(separator: ".").last.map(String.init) ?? key
    let hint = NearestKey.suggestion(for: word, among: known).map { ". Did you mean \"\($0)\"?" } ?? "; known are \(known.joined(separator: ", "))"
    return Finding(.error, key, "no such field in a job file of this form" + hint, line: line)
  }

  /// A path's last part without the endings of a dataset file: paths of another machine mean names here.
  private static func lastComponent(_ path: String) -> String {
    let last = path.split(separator: "/").last.map(String.init) ?? path
    return DroppedFileName(last).stem
  }
}
