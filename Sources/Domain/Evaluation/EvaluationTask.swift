import StrictJSON

/// `{"action": "evaluate", "model": …, "dataset": …}`: what a model says of a dataset, without training. It becomes a job: it waits in
/// the queue like one, runs in a worker, and can be cancelled, paused and looked at by its identifier.
package struct EvaluationTask: Sendable, Equatable {
  /// A dropped model's name, or a job's or a sweep's.
  package var model: String
  package var dataset: String
  /// Of the dataset; nil: the one that it brings for evaluation, else all rows.
  package var split: String?
  /// Rows at most.
  package var maximumSamples: Int?
  /// Fields of the config's `evaluation` section that the request sets, under their names there.
  package var section: JSONObject
  /// What the job is called; nil: "MODEL-on-DATASET".
  package var name: String?
  package var priority = 0

  package static let keys = [
    "action", "model", "dataset", "split", "max_samples", "metrics", "prompts", "max_new_tokens", "name", "priority",
  ]
  /// Of the section, by their names in a request.
  private static let sectionKeys = ["metrics": "metrics", "prompts": "sample_prompts", "max_new_tokens": "max_new_tokens"]

  /// Reads the request's values; that its keys are known was looked at before.
  package static func read(_ object: JSONObject, _ source: ConfigSource) -> (EvaluationTask?, [Finding]) {
    var findings: [Finding] = []
    func refuse(_ field: String, _ message: String) {
      findings.append(Finding(.error, field, message, line: source.line(of: field, in: object)))
    }
    func name(_ field: String, _ what: String) -> String {
      if let name = object[field]?.string, !name.isEmpty { return name }
      refuse(field, object[field] == nil ? "this field is missing; it names \(what)" : "must be the name of \(what)")
      return ""
    }
    var task = EvaluationTask(model: name("model", "the model to evaluate"), dataset: name("dataset", "the dataset to evaluate it on"))
    if task.model == "scratch" {
      refuse("model", "names a model that is made from nothing; name a dropped model, or a job that is completed")
    }
    if object["split"] != nil { task.split = name("split", "a split of the dataset") }
    if object["name"] != nil { task.name = name("name", "the evaluation") }
    if let node = object["max_samples"] {
      task.maximumSamples = node.int.flatMap { $0 > 0 ? $0 : nil }
      if task.maximumSamples == nil { refuse("max_samples", "must be a whole number, at least 1") }
    }
    if let node = object["priority"] {
      task.priority = node.int ?? 0
      if node.int == nil { refuse("priority", "must be a whole number") }
    }
    let members = object.members.compactMap { member in
      sectionKeys[member.key].map { JSONObject.Member(key: $0, keyByte: member.keyByte, node: member.node) }
    }
    task.section = JSONObject(members)
    var probe = EvaluationSection()
    for var finding in probe.overlay(task.section, path: "", source: source) {
      finding.field = sectionKeys.first { $0.value == finding.field }?.key ?? finding.field
      findings.append(finding)
    }
    return (findings.errors.isEmpty ? task : nil, findings)
  }

  private init(model: String, dataset: String) {
    self.model = model
    self.dataset = dataset
    section = JSONObject()
  }

  /// The job that does it. Its config says what is needed and no more: how rows are read is told from the model and the dataset when
  /// both are here (`configuration`).
  package var jobFile: JobFile {
    let config: JSONNode = [
      "model": ["name": model.node], "training": ["method": "sft"], "evaluation": JSONNode(.object(section)),
    ]
    var job = JobFile(
      name: name ?? "\(model)-on-\(dataset)", dataset: .one(dataset), config: .inline(config.withoutPlace), priority: priority)
    job.evaluation = self
    return job
  }
}

extension EvaluationTask {
  /// What is wrong with the request in the light of the dataset; nil where nothing is.
  package func problem(in ingest: IngestResult, of dataset: SafeName) -> Problem? {
    let splits = ingest.splits.map(\.name)
    guard let split, !splits.contains(split) else { return nil }
    let hint = NearestKey.suggestion(for: split, among: splits).map { "Did you mean '\($0)'? " } ?? ""
    return Problem(
      "evaluation.no-such-split", "the dataset '\(dataset)' has no split '\(split)'", at: .init(field: "split"),
      why: splits.count == 1 ? "its only split is '\(splits[0])'" : "its splits are \(splits.map { "'\($0)'" }.joined(separator: ", "))",
      mend: hint + "Mend the field and drop the request again.")
  }

  /// How the model is measured on the dataset: as its own job measured it where the rows allow that, else as their form says.
  ///
  /// - Parameters:
  ///   - own: the config of the job that made the model; nil for a dropped one.
  ///   - positions: of a dropped model.
  ///   - hasReference: whether the model that a dpo job began with is still here.
  /// - Throws: `Problem` where the rows have nothing that can be measured.
  package func configuration(
    own: Configuration?, positions: Int?, hasReference: Bool, ingest: IngestResult, dataset: SafeName
  ) throws -> Configuration {
    let usual: TrainingMethod =
      switch ingest.detected {
      case .text: .pretrain
      case .preference: .orpo
      default: .sft
      }
    var ways: [(method: TrainingMethod, data: DataSection)] = []
    if let own, own.training.method != .dpo || hasReference {
      ways = [(own.training.method, own.data), (own.training.method, DataSection())]
    }
    ways += [(usual, own?.data ?? DataSection()), (usual, DataSection())]
    var complaint: Problem?
    for way in ways {
      let rewards = own?.training.group.rewards ?? []
      complaint = MethodFit.problem(method: way.method, data: way.data, dataset: dataset, ingest: ingest, rewards: rewards)
      // The last complaint is of the rows alone; what the model's job wanted of other rows would lead astray.
      if complaint == nil { return configuration(way.method, way.data, own, positions) }
    }
    throw complaint ?? Problem("data.does-not-fit", "the rows of '\(dataset)' cannot be measured", mend: "Look at the dataset's card.")
  }

  private func configuration(_ method: TrainingMethod, _ data: DataSection, _ own: Configuration?, _ positions: Int?) -> Configuration {
    var configuration = Configuration(method: method)
    if let own {
      if own.training.method == method { configuration.training = own.training }
      configuration.training.maximumLength = own.training.maximumLength
      configuration.training.bf16 = own.training.bf16
      (configuration.tools, configuration.evaluation, configuration.seed) = (own.tools, own.evaluation, own.seed)
    }
    if let positions { configuration.training.maximumLength = min(configuration.training.maximumLength, positions) }
    configuration.model.name = model
    configuration.training.useLoRA = false
    configuration.data = data
    configuration.data.maximumSamples = maximumSamples
    configuration.data.generation = DataSection().generation
    // The frozen model beside it would be the model itself.
    if method == .grpo { configuration.training.preference.beta = 0 }
    _ = configuration.evaluation.overlay(section, path: "evaluation.", source: .none)  // was looked at when it was dropped
    return configuration
  }
}
