import StrictJSON

/// How the rate moves within a phase of a schedule: transformers' words.
package enum RampShape: String, WordField, CaseIterable, Codable {
  case linear, cosine
  /// 1 − √progress.
  case root = "1-sqrt"
}

/// What single schedules have beside warm-up and peak: the members of transformers' `lr_scheduler_kwargs`. Nil: the schedule's default.
package struct ScheduleSettings: Sendable, Equatable {
  package var cycles: Double?
  package var power: Double?
  package var endRate: Double?
  package var minimumRate: Double?
  package var decaySteps: Double?
  package var stableSteps: Int?
  package var warmupShape: RampShape?
  package var decayShape: RampShape?

  package init() {}

  static let fields: [Field<TrainingSection>] = {
    [
      Field(
        "num_cycles", \.schedule.cycles, aliases: ["lr_num_cycles"], limit: .positive,
        "cosine_with_restarts: times from the peak to 0; cosine: waves, where one half goes from the peak to 0. Default: 1; 0.5."),
      Field("lr_power", \.schedule.power, aliases: ["power"], limit: .positive, "polynomial: the exponent. Default: 1."),
      Field("lr_end", \.schedule.endRate, limit: .atLeast(0), "polynomial: the last rate. Default: 1e-7."),
      Field("min_lr", \.schedule.minimumRate, limit: .atLeast(0), "cosine_with_min_lr: the lowest rate; min_lr_ratio says it as a share."),
      Field(
        "num_decay_steps", \.schedule.decaySteps, aliases: ["decay_steps", "decay_ratio"], limit: .atLeast(0),
        "warmup_stable_decay: last steps, in which the rate goes down; a value below 1 is a share of all steps. Default: 0.1."),
      Field(
        "num_stable_steps", \.schedule.stableSteps, aliases: ["stable_steps"], limit: .atLeast(0),
        "warmup_stable_decay: steps at the peak. Default: what warm-up and decay leave."),
      Field("warmup_type", \.schedule.warmupShape, "warmup_stable_decay: the way up. Default: linear."),
      Field("decay_type", \.schedule.decayShape, "warmup_stable_decay: the way down. Default: cosine."),
    ]
  }()

  static let keys = ["num_cycles", "lr_power", "lr_end", "min_lr", "num_decay_steps", "num_stable_steps", "warmup_type", "decay_type"]

  /// `lr_scheduler_kwargs`, as transformers has it: its members stand for fields of the section.
  static func spread(_ training: JSONObject, _ source: ConfigSource) -> (JSONObject, [Finding]) {
    guard let node = training["lr_scheduler_kwargs"], let object = node.object else {
      let given = training["lr_scheduler_kwargs"]
      guard let given else { return (training, []) }
      let rest = JSONObject(training.members.filter { $0.key != "lr_scheduler_kwargs" })
      if given.isNull { return (rest, []) }
      return (
        rest,
        [
          Finding(
            .error, "training.lr_scheduler_kwargs", "must be an object, but this is \(given.kindName)",
            line: source.line(ofByte: given.byte))
        ]
      )
    }
    let names = [
      "num_cycles": "num_cycles", "power": "lr_power", "lr_end": "lr_end", "min_lr": "min_lr", "min_lr_rate": "min_lr_ratio",
      "min_lr_ratio": "min_lr_ratio", "num_decay_steps": "num_decay_steps", "num_stable_steps": "num_stable_steps",
      "warmup_type": "warmup_type", "decay_type": "decay_type",
    ]
    var members = training.members.filter { $0.key != "lr_scheduler_kwargs" }
    var findings: [Finding] = []
    for member in object.members {
      if let field = names[member.key] {
        members.append(.init(key: field, keyByte: member.keyByte, node: member.node))
      } else {
        findings.append(
          Finding(
            .error, "training.lr_scheduler_kwargs.\(member.key)",
            "no such field; known here: \(names.keys.sorted().joined(separator: ", "))", line: source.line(ofByte: member.keyByte)))
      }
    }
    return (JSONObject(members), findings)
  }
}

extension TrainingSection {
  func checkSchedule() -> [Finding] {
    var findings: [Finding] = []
    let given = object
    let homes: [(String, [SchedulerKind])] = [
      ("num_cycles", [.cosine, .cosineWithMinimum, .cosineWithRestarts]), ("lr_power", [.polynomial]), ("lr_end", [.polynomial]),
      ("min_lr", [.cosineWithMinimum]), ("num_decay_steps", [.warmupStableDecay]), ("num_stable_steps", [.warmupStableDecay]),
      ("warmup_type", [.warmupStableDecay]), ("decay_type", [.warmupStableDecay]),
    ]
    for (key, kinds) in homes where given[key] != nil && !kinds.contains(scheduler) {
      findings.append(
        Finding(
          .warning, "training.\(key)", "has an effect only with lr_scheduler_type \(kinds.map(\.rawValue).joined(separator: ", "))"))
    }
    if let end = schedule.endRate, scheduler == .polynomial, end >= learningRate {
      findings.append(
        Finding(
          .error, "training.lr_end", "the last rate \(JSONNumber(end).text) must be below learning_rate \(JSONNumber(learningRate).text)"))
    }
    if schedule.minimumRate != nil, given["min_lr_ratio"] != nil, method != .pretrain {
      findings.append(Finding(.error, "training.min_lr", "min_lr_ratio says the same and stands here too; keep one"))
    }
    if let decay = schedule.decaySteps, decay > 1, decay != decay.rounded() {
      findings.append(Finding(.error, "training.num_decay_steps", "above 1 it counts steps and must be whole"))
    }
    return findings
  }
}
