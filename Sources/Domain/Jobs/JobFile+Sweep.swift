import StrictJSON

extension JobFile {
  /// Parts the overrides that hold one value from those that hold several, and reads how the latter are searched.
  mutating func takeSweep(_ object: JSONObject, _ source: ConfigSource) -> [Finding] {
    var findings: [Finding] = []
    var plan = SweepSection()
    let members = object["overrides"]?.object?.members ?? []
    if let node = object["sweep"] {
      if let section = node.object {
        findings += plan.overlay(section, path: "sweep.", source: source)
      } else {
        findings.append(
          Finding(.error, "sweep", "must be an object, but this is \(node.kindName)", line: source.line(ofByte: node.byte)))
      }
    }
    var axes: [Sweep.Axis] = []
    for member in members {
      func refuse(_ message: String) {
        findings.append(Finding(.error, "overrides.\(member.key)", message, line: source.line(ofByte: member.keyByte)))
      }
      switch Self.choice(member.node, at: member.key, isRandom: plan.search == .random) {
      case .one: continue
      case .several(let choice):
        overrides[member.key] = nil
        axes.append(.init(path: member.key, choice: choice))
      case .wrong(let message):
        refuse(message)
      }
    }
    guard findings.errors.isEmpty else { return findings }
    if axes.isEmpty {
      if object["sweep"] != nil {
        findings.append(
          Finding(
            .error, "sweep", "nothing is swept: give a list of values to a field in overrides", line: source.line(of: "sweep", in: object)))
      }
      return findings
    }
    let sweep = Sweep(axes: axes, plan: plan)
    if plan.search == .random, plan.samples == nil {
      findings.append(
        Finding(.error, "sweep.samples", "a random search needs to know how many jobs to make", line: source.line(of: "sweep", in: object)))
    } else if plan.search == .grid, plan.samples != nil {
      findings.append(
        Finding(
          .warning, "sweep.samples", "a grid has every combination; the field has no effect", line: source.line(of: "sweep", in: object)))
    }
    if sweep.count > Sweep.mostJobs {
      findings.append(
        Finding(
          .error, "overrides",
          "these values make \(sweep.count == .max ? "countless" : "\(sweep.count)") jobs, and a sweep has at most \(Sweep.mostJobs); give fewer, or search at random",
          line: source.line(of: "overrides", in: object)))
    }
    self.sweep = sweep
    return findings
  }

  private enum Reading {
    case one
    case several(Sweep.Choice)
    case wrong(String)
  }

  private static func choice(_ node: JSONNode, at path: String, isRandom: Bool) -> Reading {
    let field = Configuration.field(at: path)
    let takesLists = path == "tools" || field?.takesLists == true
    if let values = node.array {
      if takesLists, !values.allSatisfy({ $0.array != nil }) || values.isEmpty { return .one }
      if path == "tools" { return .one }
      if values.isEmpty { return .wrong("an empty list sweeps nothing; give values, or remove the field") }
      if let twice = values.indices.first(where: { values[..<$0].contains(values[$0]) }) {
        return .wrong("\(values[twice].text()) stands here twice; two jobs would be the same")
      }
      return .several(.values(values))
    }
    guard let object = node.object, object["min"] != nil || object["max"] != nil else { return .one }
    guard isRandom else {
      return .wrong("a range is for a random search: add \"sweep\": {\"search\": \"random\", \"samples\": 8}, or give a list of values")
    }
    let strange = object.keys.filter { !["min", "max", "scale", "log_uniform"].contains($0) }
    guard let low = object["min"]?.double, let high = object["max"]?.double, low < high, strange.isEmpty else {
      return .wrong("a range is {\"min\": NUMBER, \"max\": NUMBER, \"scale\": \"linear\" or \"log\"}, with min below max")
    }
    let isLogarithmic = object["scale"]?.string == "log" || object["log_uniform"]?.bool == true
    if isLogarithmic, low <= 0 { return .wrong("on a logarithmic scale min must be greater than 0") }
    let isWhole = field?.schema["type"]?.string == "integer" || field?.schema["type"]?.array?.contains("integer") == true
    return .several(.range(low...high, isLogarithmic: isLogarithmic, isWhole: isWhole))
  }

  /// The job file of one of a sweep's jobs: as dropped, with the point's values among the overrides.
  package static func member(of node: JSONNode, named name: String, at point: Sweep.Point) -> JSONNode {
    guard var object = node.object else { return node }
    var overrides = object["overrides"]?.object ?? JSONObject()
    for (path, value) in point.values { overrides[path] = value }
    object["name"] = name.node
    object["overrides"] = JSONNode(.object(overrides))
    return JSONNode(.object(JSONObject(object.members.filter { $0.key != "sweep" })))
  }

  /// The same job with the point's values laid over it.
  package func member(at point: Sweep.Point) -> JobFile {
    var job = self
    job.sweep = nil
    for (path, value) in point.values { job.overrides[path] = value }
    return job
  }
}

extension ConfigSource {
  /// The line of an object's member.
  package func line(of key: String, in object: JSONObject) -> Int? {
    object.members.first { $0.key == key }.flatMap { line(ofByte: $0.keyByte) }
  }
}
