import Domain
import StrictJSON

/// Says a row in another schema. What a row of each shape becomes is written in docs/datasets.md.
struct RowConversion {
  enum Outcome: Equatable {
    /// One row, or of several instances as many.
    case rows([JSONObject])
    /// A clause: why it cannot be said so.
    case refused(String)
  }

  let shape: DatasetShape
  let target: DatasetSchema
  private let mapping: [String: String]
  /// Columns that play a role, and those of the target: what stands in others is taken along.
  private let consumed: Set<String>
  let rating: String?

  /// - Throws: `Problem` where no row of such a dataset can be said so.
  init(_ ingest: IngestResult, to target: DatasetSchema, dataset: SafeName) throws(Problem) {
    shape = DatasetShape(ingest)
    self.target = target
    mapping = ingest.mapping
    rating = DatasetShape.ratingColumn(ingest)
    if ingest.detected == target, shape != .implicitPreference {
      throw Problem(dataset, isAlready: target, shape)
    }
    guard shape.conversions.contains(target) else { throw Problem(dataset, cannotBecome: target, shape) }
    let roles = ingest.detected.requiredColumns + ingest.detected.optionalColumns
    consumed = Set(
      roles.map { ingest.mapping[$0] ?? $0 } + target.requiredColumns + target.optionalColumns + ["tools"]
        + (shape == .unnatural ? ["instruction", "instances", "reformulations"] : []) + [rating].compactMap(\.self))
  }

  private func column(_ role: String) -> String { mapping[role] ?? role }

  func convert(_ row: JSONNode) -> Outcome {
    if target == .preference { return preference(row) }
    guard let dialogues = dialogues(of: row) else { return .refused("a column that is needed is missing or has another form") }
    var rows: [JSONObject] = []
    for dialogue in dialogues {
      switch say(dialogue) {
      case .rows(let said): rows += said.map { along($0, row) }
      case let refusal: return refusal
      }
    }
    return rows.isEmpty ? .refused("there is nothing in it") : .rows(rows)
  }

  private func along(_ object: JSONObject, _ row: JSONNode) -> JSONObject {
    var object = object
    for member in row.object?.members ?? [] where !consumed.contains(member.key) && object[member.key] == nil {
      object[member.key] = member.node
    }
    return object
  }

  // MARK: reading

  private func dialogues(of row: JSONNode) -> [Dialogue]? {
    switch shape {
    case .alpaca, .openorca:
      guard let instruction = row[column("instruction")]?.string, let output = row[column("output")]?.string else { return nil }
      let input = row[column("input")]?.string ?? ""
      return [
        Dialogue(
          system: row[column("system")]?.string, prompt: input.isEmpty ? instruction : "\(instruction)\n\n\(input)", answer: output)
      ]
    case .unnatural: return instances(of: row)
    case .sharegpt, .chatml, .toolUse:
      let node = row[column("messages")] ?? row[column("conversations")]
      return Dialogue.messages(node).map { [Dialogue(messages: $0, tools: Self.tools(row["tools"]))] }
    case .promptCompletion, .rated: return exchange(row[column("prompt")], row[column("completion")])
    case .problemSolution: return exchange(row[column("problem")], row[column("solution")])
    case .preference, .implicitPreference: return pair(row).map { [Dialogue(messages: $0.prompt + $0.chosen)] }
    case .text, .corpus, .table: return nil
    }
  }

  private func exchange(_ prompt: JSONNode?, _ answer: JSONNode?) -> [Dialogue]? {
    if let prompt = prompt?.string, let answer = answer?.string { return [Dialogue(system: nil, prompt: prompt, answer: answer)] }
    guard let asked = Self.side(prompt, as: "user"), let answered = Self.side(answer, as: "assistant") else { return nil }
    return [Dialogue(messages: asked + answered)]
  }

  /// A text, a message or a list of them.
  private static func side(_ node: JSONNode?, as role: String) -> [JSONObject]? {
    guard let node else { return nil }
    if let text = node.string { return [Dialogue.message(role, text)] }
    return Dialogue.messages(node.array == nil ? JSONNode(.array([node])) : node)
  }

  /// Unnatural Instructions: `instances[].{instruction_with_input, input, output}`.
  private func instances(of row: JSONNode) -> [Dialogue]? {
    guard let instruction = row["instruction"]?.string, let instances = row["instances"]?.array else { return nil }
    var dialogues: [Dialogue] = []
    for instance in instances {
      guard let output = instance["output"]?.string else { return nil }
      let input = instance["input"]?.string ?? ""
      let plain = input.isEmpty ? instruction : "\(instruction)\n\n\(input)"
      dialogues.append(Dialogue(system: nil, prompt: instance["instruction_with_input"]?.string ?? plain, answer: output))
    }
    return dialogues
  }

  /// A list of tools, or a string that holds one.
  private static func tools(_ node: JSONNode?) -> JSONNode? {
    guard let node, !node.isNull else { return nil }
    return node.string.flatMap { try? JSONParser.parse($0) } ?? node
  }

  // MARK: writing

  private func say(_ dialogue: Dialogue) -> Outcome {
    switch target {
    case .messages:
      var object: JSONObject = ["messages": dialogue.asMessages]
      object["tools"] = dialogue.tools
      return .rows([object])
    case .conversations:
      guard let turns = dialogue.asConversations else { return .refused("a message is no text") }
      var object: JSONObject = ["conversations": turns]
      object["tools"] = dialogue.tools.map { JSONNode(.string($0.text())) }
      return .rows([object])
    case .text:
      return dialogue.asText.map { .rows([["text": JSONNode(.string($0))]]) } ?? .refused("a message is no text")
    case .instruction, .promptCompletion, .problemSolution: return single(dialogue)
    case .preference, .table: return .refused("rows cannot be said so")
    }
  }

  /// Forms that hold one exchange.
  private func single(_ dialogue: Dialogue) -> Outcome {
    guard let (system, prompt, answer) = dialogue.exchange else {
      return .refused("it is more than one exchange of texts, and a row of \(target.rawValue) holds one")
    }
    let question = [system, prompt].compactMap(\.self).joined(separator: "\n\n")
    switch target {
    case .instruction:
      var object: JSONObject = ["instruction": JSONNode(.string(prompt)), "input": "", "output": JSONNode(.string(answer))]
      object["system"] = system.map { JSONNode(.string($0)) }
      return .rows([object])
    case .problemSolution: return .rows([["problem": JSONNode(.string(question)), "solution": JSONNode(.string(answer))]])
    default: return .rows([["prompt": JSONNode(.string(question)), "completion": JSONNode(.string(answer))]])
    }
  }
}

extension RowConversion {
  typealias Pair = (prompt: [JSONObject], chosen: [JSONObject], rejected: [JSONObject])

  /// A preference as messages. Implicit ones begin alike: what both begin with is the prompt (TRL's `extract_prompt`).
  private func pair(_ row: JSONNode) -> Pair? {
    if let chosen = row[column("chosen")]?.string, let rejected = row[column("rejected")]?.string {
      let prompt = row[column("prompt")]?.string
      let common = prompt == nil ? Self.commonStart(chosen, rejected) : 0
      let asked = prompt ?? String(chosen.prefix(common))
      return (
        asked.isEmpty ? [] : [Dialogue.message("user", asked)], [Dialogue.message("assistant", String(chosen.dropFirst(common)))],
        [Dialogue.message("assistant", String(rejected.dropFirst(common)))]
      )
    }
    guard let chosen = Self.side(row[column("chosen")], as: "assistant"), let rejected = Self.side(row[column("rejected")], as: "assistant")
    else { return nil }
    if let prompt = row[column("prompt")], prompt.array != nil, let asked = Self.side(prompt, as: "user") {
      return (asked, chosen, rejected)
    }
    let common = zip(chosen, rejected).prefix { $0 == $1 }.count
    guard common < chosen.count, common < rejected.count else { return nil }
    if common == 0, let prompt = row[column("prompt")]?.string { return ([Dialogue.message("user", prompt)], chosen, rejected) }
    return (Array(chosen[..<common]), Array(chosen[common...]), Array(rejected[common...]))
  }

  /// Characters that both texts begin with, a space before the first that differs left to the answers.
  private static func commonStart(_ first: String, _ second: String) -> Int {
    let common = zip(first, second).prefix { $0 == $1 }.count
    return common > 0 && first.prefix(common).last == " " ? common - 1 : common
  }

  /// Explicit preferences: texts stay texts, conversations are lists.
  private func preference(_ row: JSONNode) -> Outcome {
    guard let pair = pair(row) else { return .refused("the two answers are the same, or have another form") }
    func node(_ messages: [JSONObject]) -> JSONNode { JSONNode(.array(messages.map { JSONNode(.object($0)) })) }
    let isText = row[column("chosen")]?.string != nil
    let texts = [pair.prompt, pair.chosen, pair.rejected].map { $0.first?["content"]?.string ?? "" }
    let object: JSONObject =
      isText
      ? ["prompt": JSONNode(.string(texts[0])), "chosen": JSONNode(.string(texts[1])), "rejected": JSONNode(.string(texts[2]))]
      : ["prompt": node(pair.prompt), "chosen": node(pair.chosen), "rejected": node(pair.rejected)]
    return .rows([along(object, row)])
  }

  struct RatedAnswer {
    var prompt: JSONNode
    var answer: JSONNode
    var rating: Double
  }

  /// Of a rated answer what is asked, what is answered and what that is worth.
  func ratedAnswer(_ row: JSONNode) -> RatedAnswer? {
    guard let rating, let object = row.object else { return nil }
    guard let prompt = object[column("prompt")], let answer = object[column("completion")] else { return nil }
    guard let value = object[rating].flatMap(Self.worth) else { return nil }
    return RatedAnswer(prompt: prompt, answer: answer, rating: value)
  }

  private static func worth(_ node: JSONNode) -> Double? {
    if let isGood = node.bool { return isGood ? 1 : 0 }
    return node.double
  }
}
