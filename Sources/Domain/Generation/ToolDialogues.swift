import StrictJSON

/// Rows made from tools: short conversations in which one of them is called. The same tools, strategy, number and seed give the same
/// bytes.
///
/// Forms after bagel-RL's generators, with two of their faults mended: the arguments are those that the question names, and the call
/// stands within `[TOOL_CALL]` and `[/TOOL_CALL]`, which is what `format_correctness` asks for.
package struct ToolDialogues: Sendable {
  package var tools: [ToolDefinition]
  package var strategy: DataStrategy
  /// Of `teacher_mode`: rows in all. nil: 100.
  package var count: Int?
  package var seed: UInt64
  /// Rows of `prompt`, `chosen` (with the call) and `rejected` (the same without its marks), for methods that compare answers.
  package var asPairs: Bool

  package init(tools: [ToolDefinition], strategy: DataStrategy, count: Int?, seed: UInt64, asPairs: Bool) {
    self.tools = tools
    self.strategy = strategy
    self.count = count
    self.seed = seed
    self.asPairs = asPairs
  }

  private static let rowsOfATool = 20
  private static let standardCount = 100

  /// JSON lines. `max_samples` has no effect on toolbench (20 rows a tool) and manual_templates (10 prompts a tool and 3 paraphrases of
  /// each), as in bagel-RL.
  package var rows: String {
    var lines: [String] = []
    switch strategy {
    case .manualTemplates:
      for tool in tools {
        for number in 0..<10 {
          let values = arguments(of: tool, number)
          for phrasing in 0..<4 { lines.append(line(tool, ToolPhrases.question(tool, values, phrasing: number % 4 + phrasing), values)) }
        }
      }
      var seen: Set<String> = []
      lines = lines.filter { seen.insert($0).inserted }
    default:
      let total = strategy == .teacherMode ? count ?? Self.standardCount : Self.rowsOfATool * tools.count
      for number in 0..<total {
        let tool = tools[number % tools.count]
        let values = arguments(of: tool, number / tools.count)
        lines.append(line(tool, ToolPhrases.question(tool, values, phrasing: Int(draw(tool.name, number, "phrase") % 4)), values))
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private func line(_ tool: ToolDefinition, _ question: String, _ values: JSONObject) -> String {
    let call = JSONNode(.object(["name": tool.name.node, "parameters": JSONNode(.object(values))])).text()
    let answer = "[TOOL_CALL]\(call)[/TOOL_CALL]"
    guard asPairs else {
      let row: JSONNode = [
        "messages": [["role": "user", "content": question.node], ["role": "assistant", "content": answer.node]],
        "tool_name": tool.name.node,
      ]
      return row.text()
    }
    let row: JSONNode = [
      "prompt": [["role": "user", "content": question.node]], "chosen": [["role": "assistant", "content": answer.node]],
      "rejected": [["role": "assistant", "content": call.node]], "tool_name": tool.name.node,
    ]
    return row.text()
  }

  /// A value for every parameter that is required, and for the others by lot.
  private func arguments(of tool: ToolDefinition, _ number: Int) -> JSONObject {
    var values = JSONObject()
    let required = Set((tool.parameters["required"]?.array ?? []).compactMap(\.string))
    for member in tool.parameters["properties"]?.object?.members ?? [] {
      guard required.isEmpty || required.contains(member.key) || draw(tool.name, number, member.key) % 2 == 0 else { continue }
      values[member.key] = ToolPhrases.value(
        named: member.key, schema: member.node, draw: draw(tool.name, number, member.key + ".value"))
    }
    return values
  }

  /// Drawn by lot from the seed and what it is for: FNV-1a, mixed (SplitMix64).
  private func draw(_ tool: String, _ number: Int, _ purpose: String) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ seed
    for byte in "\(tool)|\(number)|\(purpose)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
    return hash ^ (hash >> 31)
  }
}

/// Words for `ToolDialogues`.
enum ToolPhrases {
  private static let places = [
    "Paris", "Tokyo", "New York", "London", "Berlin", "Sydney", "Cairo", "Toronto", "Madrid", "Oslo", "Lima", "Nairobi", "Mumbai", "Seoul",
    "Vienna", "Dublin",
  ]
  private static let topics = [
    "solar power", "machine learning", "the history of tea", "electric cars", "ocean currents", "chess openings", "bread baking",
    "volcanoes", "the Roman republic", "bird migration", "graph theory", "modern jazz", "coral reefs", "typewriters", "medieval castles",
    "space telescopes",
  ]

  /// A value that fits a parameter's schema: of an enumeration one of its words, else by its name and type.
  static func value(named name: String, schema: JSONNode, draw: UInt64) -> JSONNode {
    if let words = schema["enum"]?.array, !words.isEmpty { return words[Int(draw % UInt64(words.count))] }
    switch schema["type"]?.string {
    case "integer": return Int(draw % 20 + 1).node
    case "number": return (Double(draw % 200) / 10 + 0.5).node
    case "boolean": return (draw % 2 == 0).node
    case "array": return JSONNode(.array([value(named: name, schema: schema["items"] ?? [:], draw: draw)]))
    case "object": return [:]
    default:
      let name = name.lowercased()
      if name.contains("expression") { return expression(draw).node }
      if ["location", "city", "place", "country"].contains(where: name.contains) { return places[Int(draw % UInt64(places.count))].node }
      return topics[Int(draw % UInt64(topics.count))].node
    }
  }

  private static func expression(_ draw: UInt64) -> String {
    let (a, b) = (draw / 4 % 99 + 1, draw / 400 % 99 + 1)
    return "\(a) \(["+", "-", "*", "/"][Int(draw % 4)]) \(b)"
  }

  /// One of four ways to ask for a call with these arguments.
  static func question(_ tool: ToolDefinition, _ values: JSONObject, phrasing: Int) -> String {
    let first = values.members.first.map { $0.node.string ?? $0.node.text() } ?? ""
    let more = values.members.dropFirst().map { "\($0.key) \($0.node.string ?? $0.node.text())" }.joined(separator: ", ")
    let rest = more.isEmpty ? "" : " (\(more))"
    let forms: [String]
    switch values.members.first?.key.lowercased() ?? "" {
    case let key where key.contains("expression"):
      forms = ["What is \(first)?", "Calculate \(first).", "Please compute \(first) for me.", "I need the result of \(first)."]
    case let key where ["location", "city", "place", "country"].contains(where: key.contains):
      let about = subject(tool)
      forms = [
        "What is the \(about) in \(first)?", "Tell me the \(about) for \(first).", "Please check the \(about) in \(first).",
        "I need the \(about) of \(first).",
      ]
    case let key where ["query", "topic", "keyword", "search", "text", "question"].contains(where: key.contains):
      forms = [
        "Search for \(first).", "Find information about \(first).", "Please look up \(first).", "What can you find out about \(first)?",
      ]
    case "":
      let about = subject(tool)
      forms = ["Please call the \(about).", "Run the \(about) now.", "I need the \(about).", "Use the \(about), please."]
    case let key:
      let about = subject(tool)
      forms = [
        "Use the \(about) with \(key) \(first).", "Please run the \(about), \(key) \(first).", "I need the \(about) for \(key) \(first).",
        "Call the \(about) with \(key) set to \(first).",
      ]
    }
    let form = forms[phrasing % 4]
    return rest.isEmpty ? form : form.dropLast() + rest + String(form.suffix(1))
  }

  /// A tool's name as a word: "get_weather" is about the weather.
  private static func subject(_ tool: ToolDefinition) -> String {
    let words = tool.name.split { $0 == "_" || $0 == "-" }.map(String.init)
    let kept = words.filter { !["get", "fetch", "do", "the", "current"].contains($0) }
    return (kept.isEmpty ? words : kept).joined(separator: " ")
  }
}
