import StrictJSON

/// Job files as other systems write them, mapped onto ours. What has no meaning here is said in a warning.
enum ForeignJobFile {
  /// `{"training_type", "model_type", "dataset_path", "output_dir", "model_config"}`: SmallDoge's training API.
  static func decodeSmallDoge(_ object: JSONObject, _ source: ConfigSource, _ fallbackName: String) -> (JobFile?, [Finding]) {
    var findings: [Finding] = []
    var training: JSONObject = [:]
    var model: JSONObject = [:]
    var dataset: String?
    var name: String?
    var folderName: String?
    for member in object.members {
      let line = source.line(ofByte: member.keyByte)
      switch member.key {
      case "name": name = string(member, member.key, line, &findings)
      case "training_type": training["method"] = member.node
      case "model_type": model["architecture"] = member.node
      case "dataset_path": dataset = string(member, member.key, line, &findings).map(lastComponent)
      case "model_config":
        for shape in members(of: member, member.key, line, &findings) { model[shape.key] = shape.node }
      case "additional_args":
        for argument in members(of: member, member.key, line, &findings) { training[argument.key] = argument.node }
      case "output_dir":
        folderName = string(member, member.key, line, &findings).map(lastComponent)
        let use = "outputs lie in workspace/jobs/<job-id>/; only its last part is used, as the job's name where it has none"
        findings.append(Finding(.warning, "output_dir", use, line: line))
      default:
        findings.append(
          unknown(
            member.key, ["training_type", "model_type", "dataset_path", "output_dir", "model_config", "additional_args", "name"], line))
      }
    }
    return make(name ?? folderName ?? fallbackName, dataset, "dataset_path", object["dataset_path"] != nil, training, model, findings)
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
      case "datasetPath": dataset = string(member, "config.datasetPath", line, &findings).map(lastComponent)
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
        findings.append(
          Finding(.warning, "config.outputDir", "outputs lie in workspace/jobs/<job-id>/; the field has no effect", line: line))
      case "useGpu":
        if member.node.bool == true {
          findings.append(
            Finding(.warning, "config.useGpu", "training runs on this machine's processors; the field has no effect", line: line))
        }
      default:
        findings.append(
          unknown(
            "config.\(member.key)",
            [
              "baseModelPath", "datasetPath", "outputDir", "epochs", "learningRate", "batchSize", "maxSteps", "warmupSteps", "saveSteps",
              "evalSteps",
              "seed", "useGpu",
            ], line))
      }
    }
    if let steps = training["max_steps"]?.int, let epochs = training["num_epochs"]?.int, epochs > 0 {
      // Its runner counts them anew in each epoch; here they are all steps.
      let all = steps.multipliedReportingOverflow(by: epochs)
      training["max_steps"] = (all.overflow ? .max : all.partialValue).node
      training = JSONObject(training.members.filter { $0.key != "num_epochs" })
      if epochs > 1, let member = object["config"]?.object?.members.first(where: { $0.key == "maxSteps" }) {
        findings.append(
          Finding(
            .warning, "config.maxSteps", "counts the steps of one epoch there: \(epochs) epochs of them make max_steps \(all.partialValue)",
            line: source.line(ofByte: member.keyByte)))
      }
    }
    let name = object.members.last { $0.key == "name" }.flatMap { string($0, "name", source.line(ofByte: $0.keyByte), &findings) }
    return make(name ?? fallbackName, dataset, "config.datasetPath", true, training, model, findings, seed: seed)
  }

  private static func make(
    _ name: String, _ dataset: String?, _ datasetField: String, _ isDatasetGiven: Bool, _ training: JSONObject, _ model: JSONObject,
    _ findings: [Finding], seed: JSONNode? = nil
  ) -> (JobFile?, [Finding]) {
    var findings = findings
    if !isDatasetGiven { findings.append(Finding(.error, datasetField, "this field is missing; it names the dataset to train on")) }
    guard let dataset, findings.errors.isEmpty else { return (nil, findings) }
    var config: JSONObject = ["model": JSONNode(.object(model)), "training": JSONNode(.object(training))]
    if let seed { config["seed"] = seed }
    return (JobFile(name: name, dataset: .one(dataset), config: .inline(JSONNode(.object(config)))), findings)
  }

  /// A member's string that is not empty; else a finding says so.
  private static func string(_ member: JSONObject.Member, _ field: String, _ line: Int?, _ findings: inout [Finding]) -> String? {
    if let text = member.node.string, !text.isEmpty { return text }
    findings.append(Finding(.error, field, "must be a string that is not empty", line: line))
    return nil
  }

  private static func members(
    of member: JSONObject.Member, _ field: String, _ line: Int?, _ findings: inout [Finding]
  ) -> [JSONObject.Member] {
    if let object = member.node.object { return object.members }
    findings.append(Finding(.error, field, "must be an object, but this is \(member.node.kindName)", line: line))
    return []
  }

  private static func unknown(_ key: String, _ known: [String], _ line: Int?) -> Finding {
    let word = key.split(separator: ".").last.map(String.init) ?? key
    let hint =
      NearestKey.suggestion(for: word, among: known).map { ". Did you mean \"\($0)\"?" } ?? "; known are \(known.joined(separator: ", "))"
    return Finding(.error, key, "no such field in a job file of this form" + hint, line: line)
  }

  /// A path's last part without the endings of a dataset file: paths of another machine mean names here.
  private static func lastComponent(_ path: String) -> String {
    let last = path.split(separator: "/").last.map(String.init) ?? path
    return DroppedFileName(last).stem
  }
}
